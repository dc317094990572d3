# SPDX-License-Identifier: Apache-2.0
"""hubsim against the written record of how the Hub behaves: shapes, strings, codes, headers, and what does not drift."""
import base64
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sim import ROOT, Hubsim  # noqa: E402

FALCON = {
    "_id": "64666f3ba5b6a2b4e1c1a7d1", "id": "tiiuae/falcon-40b", "likes": 2400, "downloads": 100000, "trendingScore": 3,
    "tags": ["transformers", "pytorch", "falcon", "license:other", "region:us"], "pipeline_tag": "text-generation",
    "library_name": "transformers", "createdAt": "2023-05-18T18:32:27.000Z", "lastModified": "2023-05-29T10:00:00.000Z",
    "sha": "1" * 40, "cardData": {"license": "other", "license_name": "falcon-llm-license", "language": ["en"]},
}
LLAMA = {
    "_id": "66944f1fe0c5c2e493a804f5", "id": "meta-llama/Llama-3.1-8B", "gated": "manual", "likes": 9,
    "tags": ["license:llama3.1", "region:us"], "createdAt": "2024-07-14T22:20:15.000Z",
}
CHAN = {"_id": "6283a9b7806a1feb9fbacf18", "id": "ykilcher/gpt-4chan", "disabled": True,
        "tags": ["license:apache-2.0"], "createdAt": "2022-05-17T13:57:11.000Z"}
SECRET = {"id": "someone/secret", "private": True, "tags": ["license:mit"]}
SQUAD = {"repoType": "dataset", "id": "rajpurkar/squad", "tags": ["license:cc-by-sa-4.0"], "description": "d", "key": ""}
SPACE = {"repoType": "space", "id": "pngwn/Music.Visualizer", "sdk": "gradio", "tags": ["gradio"], "cardData": {"sdk": "gradio"}}
ROWS = [FALCON, LLAMA, CHAN, SECRET, SQUAD, SPACE]


@pytest.fixture(name="hub")
def hub_fixture():
    with Hubsim(rows=ROWS, quota="none", token=["hf_all", "hf_none=", "hf_some=someone,other"]) as hub:
        yield hub


@pytest.fixture(name="crowd", scope="module")
def crowd_fixture():
    with Hubsim(generate=3000, seed=5, quota="none") as hub:
        yield hub


def expand(*fields):
    return "&".join("expand[]=" + field for field in fields)


def decoded_cursor(path):
    cursor = re.search(r"cursor=([^&]*)", path).group(1).replace("%3D", "=").replace("%2B", "+").replace("%2F", "/")
    return json.loads(base64.b64decode(cursor, validate=True))


# --- row shapes -------------------------------------------------------------------------------------------------------

def test_default_model_row_has_the_hubs_keys_in_its_order(hub):
    row = next(row for row in hub.get("/api/models").json() if row["id"] == FALCON["id"])
    assert list(row) == ["_id", "id", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name",
                         "createdAt", "modelId"]
    assert row["modelId"] == row["id"] and row["_id"] == FALCON["_id"]


def test_sort_key_joins_the_default_row(hub):
    assert "lastModified" in hub.get("/api/models?sort=lastModified").json()[0]


def test_full_model_row(hub):
    row = next(row for row in hub.get("/api/models?full=true").json() if row["id"] == FALCON["id"])
    assert {"author", "gated", "disabled", "lastModified", "sha", "siblings"} <= set(row)
    assert "cardData" not in row and "config" not in row
    row = next(row for row in hub.get("/api/models?full=true&cardData=true").json() if row["id"] == FALCON["id"])
    assert row["cardData"] == FALCON["cardData"]
    assert row["siblings"] == [{"rfilename": ".gitattributes"}, {"rfilename": "README.md"}]


@pytest.mark.parametrize("key", ["expand", "expand[]", "expand%5B%5D"])
def test_expand_gives_exactly_what_was_asked(hub, key):
    rows = hub.get(f"/api/models?{key}=cardData&{key}=sha&{key}=author&{key}=gguf").json()
    row = next(row for row in rows if row["id"] == FALCON["id"])
    assert row == {"_id": FALCON["_id"], "id": FALCON["id"], "author": "tiiuae", "cardData": FALCON["cardData"],
                   "sha": FALCON["sha"]}


def test_dataset_and_space_rows(hub):
    row = hub.get("/api/datasets").json()[0]
    assert list(row) == ["_id", "id", "author", "disabled", "gated", "lastModified", "likes", "trendingScore", "private", "sha",
                         "description", "downloads", "tags", "createdAt", "key"]
    assert hub.get("/api/datasets?full=true").json()[0]["cardData"] == {"license": "cc-by-sa-4.0"}
    row = hub.get("/api/spaces").json()[0]
    assert "downloads" not in row and "author" not in row and row["sdk"] == "gradio"
    row = hub.get("/api/spaces?full=true").json()[0]
    assert row["subdomain"] == "pngwn-music-visualizer" and row["cardData"] == {"sdk": "gradio"}


def test_members_the_row_lacks_are_absent_or_the_hubs_default(hub):
    row = hub.get("/api/models/ykilcher/gpt-4chan?" + expand("likes", "downloads", "gated", "private", "pipeline_tag")).json()
    assert row == {"_id": CHAN["_id"], "id": CHAN["id"], "gated": False, "likes": 0, "private": False, "downloads": 0}


def test_unknown_members_are_kept_but_not_expanded():
    with Hubsim(rows=[{"id": "a/b", "newThing": {"x": [1, 2]}}], quota="none") as hub:
        assert hub.get("/api/models").json()[0]["newThing"] == {"x": [1, 2]}
        assert hub.get("/api/models?expand=newThing").status == 400
        assert "newThing" not in hub.get("/api/models?expand=likes").json()[0]


def test_strings_travel_unchanged():
    row = {"id": "a/b", "cardData": {"license": "\ud800 \" \\ \u0000 \u2028 é", "x": 12345678901234567890}}
    with Hubsim(rows=[row], quota="none") as hub:
        assert hub.get("/api/models/a/b").json()["cardData"] == row["cardData"]


# --- filled in --------------------------------------------------------------------------------------------------------

def test_missing_members_are_filled_the_same_in_any_file_order():
    rows = [{"id": f"owner/name-{i}"} for i in range(50)] + [{"id": "owner/name-1", "repoType": "dataset"}]
    with Hubsim(rows=rows, quota="none") as one, Hubsim(rows=rows[::-1], quota="none") as two:
        path = "/api/models?sort=createdAt&direction=1&" + expand("sha", "createdAt", "lastModified")
        first = one.walk(path)
        assert first == two.walk(path)
    assert [row["_id"] for row in first] == sorted(row["_id"] for row in first)
    assert len({row["_id"] for row in first}) == 50
    for row in first:
        assert re.fullmatch(r"[0-9a-f]{40}", row["sha"])
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(int(row["_id"][:8], 16)))
        assert row["createdAt"] == seconds <= row["lastModified"]


def test_card_is_made_from_license_tags():
    rows = [{"id": "a/one", "tags": ["license:mit", "x"]}, {"id": "a/two", "tags": ["license:mit", "license:gpl"]},
            {"id": "a/none", "tags": ["x"]}, {"id": "a/card", "tags": ["license:mit"], "cardData": {"language": "en"}}]
    path = "/api/models?" + expand("cardData")
    with Hubsim(rows=rows, quota="none") as hub:
        cards = {row["id"]: row.get("cardData") for row in hub.get(path).json()}
    assert cards == {"a/one": {"license": "mit"}, "a/two": {"license": ["mit", "gpl"]}, "a/none": None,
                     "a/card": {"language": "en"}}
    with Hubsim(rows=rows, quota="none", no_card=True) as hub:
        assert [row["id"] for row in hub.get(path).json() if "cardData" in row] == ["a/card"]


def test_zstd_rows_and_old_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"modelId": "bert-base-uncased", "tags": ["license:apache-2.0"], "pipeline_tag": null}\n')
    subprocess.run(["zstd", "-q", str(path)], check=True)
    with Hubsim(rows=[FALCON], quota="none") as plain:
        expected = plain.get("/api/models/tiiuae/falcon-40b").json()["_id"]
    with Hubsim(quota="none", rows=[FALCON], **{"log": str(tmp_path / "log")}) as hub:
        assert hub.get("/api/models/tiiuae/falcon-40b").json()["_id"] == expected
    process = subprocess.Popen([os.environ.get("HUBSIM", os.path.join(ROOT, "build/hubsim")), "--rows", str(path) + ".zst"],
                               stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().split("http://")[1].strip()
        out = subprocess.run(["curl", "-s", f"http://{address}/api/models/bert-base-uncased"], capture_output=True, check=True)
        row = json.loads(out.stdout)
        assert row["id"] == "bert-base-uncased" and "author" not in row and "pipeline_tag" not in row
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        process.stdout.close()


def test_bad_rows_are_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id":"a/b"}\n{"id":\n')
    program = os.environ.get("HUBSIM", os.path.join(ROOT, "build/hubsim"))
    done = subprocess.run([program, "--rows", str(path)], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 65 and "line 2: not valid JSON" in done.stderr


# --- listings ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["models", "datasets", "spaces"])
@pytest.mark.parametrize("sort", ["createdAt&direction=1", "createdAt", "lastModified", "likes", "trendingScore&direction=-1"])
def test_every_order_walks_completely(crowd, kind, sort):
    total = crowd.stats()["repos"][kind]
    rows = crowd.walk(f"/api/{kind}?limit=97&sort={sort}&" + expand("createdAt", "lastModified", "likes", "trendingScore"))
    assert len(rows) == total == len({row["_id"] for row in rows})
    key = sort.split("&")[0]
    if key == "createdAt":
        assert rows == sorted(rows, key=lambda row: row["_id"], reverse=sort == "createdAt")
    else:
        assert rows == sorted(sorted(rows, key=lambda row: row["_id"]), key=lambda row: row[key], reverse=True)


def test_default_order_is_trending_and_default_page_is_1000(crowd):
    answer = crowd.get("/api/models")
    rows = answer.json()
    assert len(rows) == 1000 == len(crowd.get("/api/models?limit=5000").json())
    assert [row["trendingScore"] for row in rows] == sorted((row["trendingScore"] for row in rows), reverse=True)
    assert answer.next_path()


def test_cursor_forms(crowd):
    last = crowd.get("/api/models?sort=createdAt&direction=1&limit=3")
    assert decoded_cursor(last.next_path()) == {"_id": {"$gt": last.json()[-1]["_id"]}}
    last = crowd.get("/api/models?sort=downloads&limit=3")
    row = last.json()[-1]
    assert decoded_cursor(last.next_path()) == {"$or": [
        {"downloads": row["downloads"], "_id": {"$gt": row["_id"]}}, {"downloads": {"$lt": row["downloads"]}},
        {"downloads": None}]}
    last = crowd.get("/api/models?sort=lastModified&limit=3")
    assert decoded_cursor(last.next_path())["$or"][1] == {"lastModified": {"$lt": last.json()[-1]["lastModified"]}}
    assert "searchSequenceToken" in decoded_cursor(crowd.get("/api/models?search=base&limit=1").next_path())


def test_link_repeats_the_query_at_the_public_origin():
    with Hubsim(rows=ROWS, quota="none", public_url="https://hub.example/") as hub:
        link = hub.get("/api/models?sort=createdAt&direction=1&limit=1&expand%5B%5D=sha").headers["link"]
    assert re.fullmatch(r'<https://hub\.example/api/models\?sort=createdAt&direction=1&limit=1&expand%5B%5D=sha&cursor='
                        r'[A-Za-z0-9%]+>; rel="next"', link)


def test_hand_made_cursor_and_garbage(crowd):
    cursor = base64.b64encode(b'{"_id":{"$gt":"650000000000000000000000"}}').decode()
    rows = crowd.get("/api/models?sort=createdAt&direction=1&cursor=" + cursor).json()
    assert rows and all(row["_id"] > "650000000000000000000000" for row in rows)
    for bad in ["x", "e30=", "eyJfaWQiOjF9", "%00%00%00%00", base64.b64encode(b'{"_id":{"$gt":"6500"}}').decode()]:
        assert crowd.get("/api/models?sort=createdAt&direction=1&cursor=" + bad).status == 400, bad
    assert crowd.get("/api/models?sort=downloads&cursor=" + cursor).status == 400


def test_filters(crowd):
    everything = crowd.walk("/api/models?" + expand("tags", "author", "gated", "pipeline_tag"))

    def ids(path):
        return sorted(row["id"] for row in crowd.walk(path))

    def those(keep):
        return sorted(row["id"] for row in everything if keep(row))

    mit = "license:mit"
    assert ids(f"/api/models?filter={mit}&limit=7") == those(lambda row: mit in row["tags"])
    assert ids(f"/api/models?filter={mit}&filter=transformers") == those(
        lambda row: mit in row["tags"] and "transformers" in row["tags"])
    author = everything[0]["author"]
    assert ids(f"/api/models?author={author}") == those(lambda row: row["author"] == author)
    assert ids("/api/models?search=BERT") == those(lambda row: "bert" in row["id"].lower())
    assert ids("/api/models?gated=true") == those(lambda row: row["gated"])
    assert ids("/api/models?pipeline_tag=translation") == those(lambda row: row.get("pipeline_tag") == "translation")
    rows = crowd.walk("/api/models?sort=createdAt&direction=1")
    assert crowd.get("/api/models?sort=createdAt&direction=1&limit=3&skip=5").json() == rows[5:8]


def test_walk_by_creation_has_no_gap_and_no_double_under_changes():
    with Hubsim(generate=2000, seed=3, quota="none") as hub:
        path = "/api/models?sort=createdAt&direction=1&limit=50&" + expand("sha")
        before = {row["_id"] for row in hub.walk(path)}
        seen = [row["_id"] for row in hub.walk(path, on_page=lambda number: hub.tick(40))]
        after = {row["_id"] for row in hub.walk(path)}
    assert len(seen) == len(set(seen)) and seen == sorted(seen)
    assert before & after <= set(seen) and after - before


def test_orders_stay_right_under_changes():
    with Hubsim(generate=3000, seed=4, quota="none") as hub:
        for sort in ["lastModified", "downloads", "likes", "trendingScore", "createdAt"]:
            hub.get(f"/api/models?sort={sort}&limit=1")  # built here, kept up to date from now on
        hub.tick(4000)
        fields = expand("lastModified", "downloads", "likes", "trendingScore", "private")
        total = len(hub.walk("/api/models?limit=500&sort=createdAt&direction=1&" + fields))
        for sort in ["lastModified", "downloads", "likes", "trendingScore"]:
            rows = hub.walk(f"/api/models?limit=500&sort={sort}&" + fields)
            assert len(rows) == total == len({row["_id"] for row in rows})
            assert rows == sorted(sorted(rows, key=lambda row: row["_id"]), key=lambda row: row[sort], reverse=True)


@pytest.mark.parametrize("query", [
    "sort=lastModified&direction=1", "sort=downloads&direction=1", "sort=nonsense", "limit=x", "limit=0", "direction=2",
    "skip=-1", "expand=sha&full=true", "expand=sha&cardData=true", "expand=usedStorage", "expand=_id", "expand=cardData.license",
    "num_parameters=min:6B",
])
def test_bad_parameters_are_400(hub, query):
    answer = hub.get("/api/models?" + query)
    assert answer.status == 400
    assert answer.json()["error"] and answer.headers["x-error-message"]


def test_bad_expand_message(hub):
    answer = hub.get("/api/models?expand[]=sha&expand[]=nonsense")
    assert answer.status == 400
    error = answer.json()["error"]
    assert error.startswith('Invalid option: expected one of "author"|')
    assert '|"cardData"|' in error and '"usedStorage"' not in error and error.endswith("at expand[1]")
    single = hub.get("/api/models/tiiuae/falcon-40b?expand[]=nonsense").json()["error"]
    assert '"usedStorage"' in single and '"xetEnabled"' in single and single.endswith("at expand[0]")
    assert hub.get("/api/spaces?expand=gated").status == 400
    assert hub.get("/api/datasets?expand=gated").status == 200


# --- single repos, names, access --------------------------------------------------------------------------------------

def test_single_repo(hub):
    answer = hub.get("/api/models/tiiuae/falcon-40b")
    row = answer.json()
    assert row["modelId"] == "tiiuae/falcon-40b" and row["author"] == "tiiuae" and row["cardData"] == FALCON["cardData"]
    assert "trendingScore" not in row and row["siblings"]
    assert hub.get("/api/datasets/rajpurkar/squad").json()["author"] == "rajpurkar"
    assert hub.get("/api/spaces/pngwn/Music.Visualizer?expand=subdomain").json()["subdomain"] == "pngwn-music-visualizer"


def test_missing_repos(hub):
    for path in ["/api/models/no/such", "/api/datasets/tiiuae/falcon-40b", "/api/models/tiiuae", "/api/models/no/such/commits/main"]:
        answer = hub.get(path)
        assert answer.status == 401 and answer.json() == {"error": "Invalid username or password."}
        assert answer.headers["x-error-message"] == "Invalid username or password." and "x-error-code" not in answer.headers
        answer = hub.get(path, token="hf_none")
        assert answer.status == 404 and answer.headers["x-error-code"] == "RepoNotFound"
        assert answer.json() == {"error": "Repository not found"}


def test_bad_token(hub):
    answer = hub.get("/api/models", token="hf_wrong")
    assert answer.status == 401 and answer.json() == {"error": "Invalid credentials in Authorization header"}
    assert hub.get("/api/models", Authorization="Basic aGZfYWxs").status == 401


def test_private_repos_are_there_for_their_readers_only(hub):
    def listed(token):
        return "someone/secret" in [row["id"] for row in hub.get("/api/models", token=token).json()]

    assert [listed(token) for token in [None, "hf_none", "hf_some", "hf_all"]] == [False, False, True, True]
    path = "/api/models/someone/secret"
    assert [hub.get(path, token=token).status for token in [None, "hf_none", "hf_some", "hf_all"]] == [401, 404, 200, 200]


def test_gated_repos(hub):
    repo = "/api/models/meta-llama/Llama-3.1-8B"
    assert hub.get(repo).json()["gated"] == "manual"
    assert hub.get(repo + "/tree/main").status == 200
    answer = hub.get(repo + "/commits/main")
    message = ("Access to model meta-llama/Llama-3.1-8B is restricted. You must have access to it and be authenticated to "
               "access it. Please log in.")
    assert (answer.status, answer.headers["x-error-code"], answer.json()) == (401, "GatedRepo", {"error": message})
    answer = hub.get("/meta-llama/Llama-3.1-8B/resolve/main/README.md")
    assert (answer.status, answer.headers["x-error-code"], answer.body) == (401, "GatedRepo", message.encode())
    assert answer.headers["www-authenticate"].startswith("Bearer realm=")
    answer = hub.get(repo + "/commits/main", token="hf_some")
    assert (answer.status, answer.headers["x-error-code"]) == (403, "GatedRepo")
    assert hub.get(repo + "/commits/main", token="hf_all").status == 200


def test_disabled_repos(hub):
    assert hub.get("/api/models/ykilcher/gpt-4chan").json()["disabled"] is True
    for path in ["/api/models/ykilcher/gpt-4chan/commits/main", "/api/models/ykilcher/gpt-4chan/tree/main",
                 "/ykilcher/gpt-4chan/raw/main/README.md"]:
        answer = hub.get(path)
        assert answer.status == 403 and "x-error-code" not in answer.headers
        assert answer.headers["x-error-message"] == "Access to this resource is disabled."


def test_renames_redirect(hub):
    hub.post_rows({"_id": FALCON["_id"], "id": "tii/falcon"})
    answer = hub.get("/api/models/tiiuae/falcon-40b/commits/main?limit=1&x=%2F")
    assert answer.status == 307 and answer.headers["location"] == "/api/models/tii/falcon/commits/main?limit=1&x=%2F"
    assert answer.body == b"Temporary Redirect. Redirecting to /api/models/tii/falcon/commits/main?limit=1&x=%2F"
    assert answer.headers["vary"] == "Origin, Accept" and answer.headers["content-type"].startswith("text/plain")
    assert hub.get("/TIIUAE/Falcon-40B/resolve/main/README.md").headers["location"] == "/tii/falcon/resolve/main/README.md"
    assert hub.get("/api/models/TII/Falcon").headers["location"] == "/api/models/tii/falcon"
    row = hub.get("/api/models/tii/falcon").json()
    assert row["_id"] == FALCON["_id"] and row["author"] == "tii" and row["lastModified"] == FALCON["lastModified"]
    hub.post_rows({"_id": "6" * 24, "id": "tiiuae/falcon-40b"})  # a new repo takes the name
    assert hub.get("/api/models/tiiuae/falcon-40b").json()["_id"] == "6" * 24


def test_old_names_of_other_repos(hub):
    hub.post_rows({"id": "big/bert", "oldNames": ["bert", "old/bert"]})
    assert hub.get("/api/models/bert").headers["location"] == "/api/models/big/bert"
    assert hub.get("/api/models/bert/commits/main").headers["location"] == "/api/models/big/bert/commits/main"
    assert hub.get("/api/models/old/BERT").headers["location"] == "/api/models/big/bert"


# --- commits and files ------------------------------------------------------------------------------------------------

def test_history(hub):
    hub.post_rows({"_id": FALCON["_id"], "commit": "Upload weights", "commitUser": "somebody"})
    hub.post_rows({"_id": FALCON["_id"], "cardData": {"license": "apache-2.0"}, "licenseText": "Apache License\n",
                   "readmeText": "# Falcon\n", "sha": "a" * 40, "lastModified": "2023-05-31T12:00:00.000Z"})
    answer = hub.get("/api/models/tiiuae/falcon-40b/commits/main")
    commits = answer.json()
    assert answer.headers["x-total-count"] == "3" and "link" not in answer.headers
    assert [commit["title"] for commit in commits] == ["Update README.md", "Upload weights", "Update README.md"]
    assert commits[0]["id"] == "a" * 40 and commits[0]["date"] == "2023-05-31T12:00:00.000Z"
    assert commits[1]["authors"][0]["user"] == "somebody" and commits[2]["id"] == FALCON["sha"]
    first = hub.get("/api/models/tiiuae/falcon-40b/commits/main?limit=2")
    assert first.headers["link"] == f'<{hub.url}/api/models/tiiuae/falcon-40b/commits/main?p=1&limit=2>; rel="next"'
    assert first.json() + hub.get(first.next_path()).json() == commits
    old = hub.get(f"/api/models/tiiuae/falcon-40b/revision/{FALCON['sha']}").json()
    assert old["cardData"] == FALCON["cardData"] and old["sha"] == FALCON["sha"] and "license:other" in old["tags"]
    assert hub.get("/api/models/tiiuae/falcon-40b").json()["tags"][-1] == "license:apache-2.0"
    answer = hub.get("/api/models/tiiuae/falcon-40b/revision/no-such")
    assert (answer.status, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
    assert answer.json() == {"error": "Invalid rev id: no-such"}


def git_blob(text):
    return hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()


def test_files(hub):
    hub.post_rows({"_id": FALCON["_id"], "licenseText": "Terms\n\u00e9", "readmeText": "# Falcon\n"})
    repo = "/api/models/tiiuae/falcon-40b"
    files = {entry["path"]: entry for entry in hub.get(repo + "/tree/main?expand=true").json()}
    assert set(files) == {".gitattributes", "README.md", "LICENSE"}
    for path, entry in files.items():
        text = hub.get("/tiiuae/falcon-40b/raw/main/" + path).body
        assert entry["oid"] == git_blob(text) and entry["size"] == len(text) and entry["type"] == "file"
    head = hub.get(repo).json()["sha"]
    assert files["LICENSE"]["lastCommit"]["id"] == head and files[".gitattributes"]["lastCommit"]["id"] == FALCON["sha"]
    readme = hub.get("/tiiuae/falcon-40b/raw/main/README.md").body.decode()
    assert readme == ('---\nlicense: "other"\nlicense_name: "falcon-llm-license"\nlanguage: ["en"]\n---\n# Falcon\n')

    hop = hub.get("/tiiuae/falcon-40b/resolve/main/LICENSE")
    etag = '"' + git_blob("Terms\n\u00e9".encode()) + '"'
    assert hop.status == 307 and hop.headers["etag"] == etag and hop.headers["x-repo-commit"] == head
    assert hop.headers["location"].startswith(f"/api/resolve-cache/models/tiiuae/falcon-40b/{head}/LICENSE?")
    file = hub.get(hop.headers["location"])
    assert file.status == 200 and file.body.decode() == "Terms\n\u00e9" and file.headers["etag"] == etag
    assert hub.get("/tiiuae/falcon-40b/resolve/main/LICENSE", If_None_Match=etag).status == 304
    assert hub.get("/tiiuae/falcon-40b/raw/main/LICENSE", If_None_Match=etag).status == 200
    part = hub.get(hop.headers["location"], Range="bytes=1-3")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"erm", "bytes 1-3/8")
    assert hub.get(hop.headers["location"], Range="bytes=8-").status == 416
    assert hub.get("/api/models/tiiuae/falcon-40b/revision/HEAD").json()["sha"] == head
    answer = hub.get("/tiiuae/falcon-40b/resolve/main/config.json")
    assert (answer.status, answer.body) == (404, b"Entry not found")
    assert answer.headers["x-error-code"] == "EntryNotFound" and answer.headers["x-repo-commit"] == head
    assert hub.get(f"/tiiuae/falcon-40b/resolve/{FALCON['sha']}/LICENSE").status == 404
    assert hub.request("HEAD", "/datasets/rajpurkar/squad/resolve/main/README.md").status == 307


# --- the HTTP layer ---------------------------------------------------------------------------------------------------

def test_headers_of_every_answer(hub):
    for path in ["/api/models", "/api/models/no/such", "/api/models?limit=x", "/api/models/TIIUAE/falcon-40b", "/nothing"]:
        headers = hub.get(path, X_Amzn_Trace_Id="my-trace").headers
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};my-trace", headers["x-request-id"])
        assert headers["x-powered-by"] == "huggingface-moon"
        assert "ratelimit" not in headers  # --quota none
    assert hub.get("/nothing").status == 404


def test_etag_is_the_hubs_formula(hub):
    for path in ["/api/models", "/api/models/no/such"]:
        answer = hub.get(path)
        digest = base64.b64encode(hashlib.sha1(answer.body).digest()).decode()[:27]
        assert answer.headers["etag"] == f'W/"{len(answer.body):x}-{digest}"'
    etag = hub.get("/api/models").headers["etag"]
    again = hub.get("/api/models", If_None_Match=etag)
    assert again.status == 304 and again.sent == b""
    hub.post_rows({"_id": FALCON["_id"], "likes": 2401})
    assert hub.get("/api/models", If_None_Match=etag).status == 200


def test_gzip_only_when_offered(crowd):
    plain = crowd.get("/api/models?limit=50")
    packed = crowd.get("/api/models?limit=50", Accept_Encoding="br;q=1, gzip;q=0.5")
    assert "content-encoding" not in plain.headers and int(plain.headers["content-length"]) == len(plain.body)
    assert packed.headers["content-encoding"] == "gzip" and packed.body == plain.body and len(packed.sent) < len(plain.sent) / 2
    assert packed.headers["etag"] == plain.headers["etag"]
    assert "content-encoding" not in crowd.get("/api/models?limit=50", Accept_Encoding="gzip;q=0").headers


def test_head_has_the_length_and_no_body(hub):
    head, body = hub.request("HEAD", "/api/models"), hub.get("/api/models")
    assert head.body == b"" and head.headers["content-length"] == body.headers["content-length"]


def ratelimit(answer):
    return tuple(int(number) for number in re.fullmatch(r'"(?:api|resolvers)";r=(\d+);t=(\d+)', answer.headers["ratelimit"]).groups())


def wait_for_window(seconds):
    """To just behind the beginning of a window, which lies on the clock's grid."""
    time.sleep(seconds - time.time() % seconds + 0.05)


def test_quota_windows():
    with Hubsim(rows=ROWS, quota="api=3/2,resolvers=2/2", token_quota="api=1/60", token="hf_a") as hub:
        wait_for_window(2)
        answers = [hub.get(path) for path in ["/api/models", "/api/models/no/such", "/api/models/TIIUAE/falcon-40b", "/api/models"]]
        assert [answer.status for answer in answers] == [200, 401, 307, 429]
        assert [ratelimit(answer)[0] for answer in answers] == [2, 1, 0, 0]
        assert all(1 <= ratelimit(answer)[1] <= 2 for answer in answers)
        assert answers[0].headers["ratelimit-policy"] == '"fixed window";"api";q=3;w=2'
        assert answers[3].json()["error"].startswith("We had to rate limit your IP (127.0.0.1). To continue using our service, create")
        files = [hub.get("/tiiuae/falcon-40b/resolve/main/README.md") for _ in range(3)]
        assert [answer.status for answer in files] == [307, 307, 429] and files[2].headers["content-type"].startswith("text/plain")
        assert hub.stats()["refused_429"] == 2
        wait_for_window(2)
        assert hub.get("/api/models").status == 200
        assert hub.get("/api/models", token="hf_a").status == 200  # an account of its own
        refused = hub.get("/api/models", token="hf_a")
        assert refused.status == 429
        assert refused.json()["error"] == "We had to rate limit you, you hit the quota of 1 api requests per 1 minutes period."


def test_default_quota():
    with Hubsim(rows=ROWS, token="hf_a") as hub:
        assert hub.get("/api/models").headers["ratelimit-policy"] == '"fixed window";"api";q=500;w=300'
        assert hub.get("/api/models", token="hf_a").headers["ratelimit-policy"] == '"fixed window";"api";q=1000;w=300'
        answer = hub.get("/tiiuae/falcon-40b/raw/main/README.md")
        assert answer.headers["ratelimit-policy"] == '"fixed window";"resolvers";q=3000;w=300'


def test_latency_delays_each_but_not_one_another():
    from concurrent.futures import ThreadPoolExecutor
    with Hubsim(rows=ROWS, quota="none", latency="200-250") as hub:
        start = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            assert {answer.status for answer in pool.map(hub.get, ["/api/models"] * 10)} == {200}
        assert 0.2 <= time.monotonic() - start < 1.5


def test_log_tells_the_request_but_never_the_token(tmp_path):
    log = tmp_path / "log"
    with Hubsim(rows=ROWS, token="hf_secret", log=str(log)) as hub:
        hub.get("/api/models?limit=1&x=%20", token="hf_secret")
        hub.get("/api/models/no/such")
        assert hub.close() == 0
    lines = log.read_text().splitlines()
    assert re.fullmatch(r"\S+Z GET /api/models\?limit=1&x=%20 200 \d+ \d+ token", lines[0])
    assert re.fullmatch(r"\S+Z GET /api/models/no/such 401 \d+ \d+ anonymous", lines[1])
    assert "hf_secret" not in log.read_text()


def test_help_and_usage():
    program = os.environ.get("HUBSIM", os.path.join(ROOT, "build/hubsim"))
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert "Example" in done.stdout and "POST /sim/rows" in done.stdout
    for wrong in [["--port", "x"], ["--quota", "api=5"], ["--nonsense"], ["stray"], ["--kinds", "cats=1"]]:
        done = subprocess.run([program, *wrong], capture_output=True, text=True, check=False, timeout=10)
        assert done.returncode == 64 and done.stderr, wrong
    assert subprocess.run([program, "--rows", "/nonexistent"], capture_output=True, check=False, timeout=10).returncode == 65


def test_ends_on_sigint():
    with Hubsim(rows=ROWS) as hub:
        hub.process.send_signal(signal.SIGINT)
        assert hub.process.wait(timeout=10) == 0


# --- control ----------------------------------------------------------------------------------------------------------

def test_license_switch_is_a_commit_now(hub):
    start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    hub.get("/api/models?" + expand("cardData"))
    assert hub.post_rows({"id": "tiiuae/falcon-40b", "cardData": {"license": "Apache-2.0"}}) == {"rows": 1, "changes": 1}
    row = hub.get("/api/models?sort=lastModified&limit=1&" + expand("cardData", "tags", "sha", "lastModified")).json()[0]
    assert row["id"] == "tiiuae/falcon-40b" and row["cardData"] == {"license": "Apache-2.0"}
    assert row["tags"] == ["transformers", "pytorch", "falcon", "region:us", "license:apache-2.0"]
    assert row["sha"] != FALCON["sha"] and row["lastModified"][:19] >= start
    (record,) = hub.truth()
    assert record["what"] == ["commit", "license", "card", "tags"] and record["oid"] == FALCON["_id"] and record["kind"] == "model"
    assert (record["before"]["license"], record["before"]["license_name"]) == ("other", "falcon-llm-license")
    assert (record["after"]["license"], record["after"]["license_name"]) == ("Apache-2.0", None)
    assert record["before_served"] and record["after_served"] and hub.truth(visible=True)


def test_counters_and_settings_are_no_commits(hub):
    def head():
        row = hub.get("/api/models/tiiuae/falcon-40b").json()
        return row["sha"], row["lastModified"]

    before = head()
    assert hub.post_rows({"_id": FALCON["_id"], "likes": 9999, "downloads": 1})["changes"] == 1
    hub.post_rows({"_id": FALCON["_id"], "gated": "auto"}, {"_id": FALCON["_id"], "disabled": True},
                  {"_id": FALCON["_id"], "sha": FALCON["sha"], "tags": FALCON["tags"] + ["deploy:azure"]})
    assert head() == before
    assert [record["what"] for record in hub.truth()] == [["counters"], ["gated"], ["disabled"], ["tags"]]
    assert hub.get("/api/models?sort=likes&limit=1").json()[0]["likes"] == 9999
    hub.post_rows({"_id": FALCON["_id"], "private": True})
    assert hub.get("/api/models/tiiuae/falcon-40b").status == 401


def test_same_row_again_is_no_change(hub):
    assert hub.post_rows(*ROWS)["changes"] == 0
    assert hub.post_rows({**LLAMA, "gated": "manual"})["changes"] == 0
    assert hub.truth() == []


def test_commit_without_card_change(hub):
    hub.post_rows({"_id": FALCON["_id"], "commit": "Upload"})
    (record,) = hub.truth()
    assert record["what"] == ["commit"] and record["before"]["license"] == record["after"]["license"]


def test_replaced_deleted_restored(hub):
    hub.post_rows({**FALCON, "_id": "6" * 24})
    assert hub.get("/api/models/tiiuae/falcon-40b").json()["_id"] == "6" * 24
    assert hub.request("DELETE", "/sim/rows/" + "6" * 24).status == 200
    assert hub.request("DELETE", "/sim/rows/" + "6" * 24).status == 404
    assert hub.get("/api/models/tiiuae/falcon-40b").status == 401
    hub.post_rows({"_id": "6" * 24, "id": "tiiuae/falcon-40b"})
    assert hub.get("/api/models/tiiuae/falcon-40b").status == 200
    assert [record["what"] for record in hub.truth()] == [["deleted", "replaced"], ["created"], ["deleted"], ["restored"]]
    assert hub.truth()[0]["after"] is None and hub.truth()[1]["before"] is None


def test_deletes_any_kind_by_oid(hub):
    oid = hub.get("/api/datasets/rajpurkar/squad").json()["_id"]
    assert hub.request("DELETE", f"/sim/rows/{oid}?kind=space").status == 404
    assert hub.request("DELETE", f"/sim/rows/{oid}").status == 200
    assert hub.get("/api/datasets").json() == []


def test_ends_while_answers_wait():
    with Hubsim(rows=ROWS, latency="60000") as hub:
        connection = http.client.HTTPConnection(hub.address, timeout=30)
        connection.request("GET", "/api/models")
        hub.stats()
        assert hub.close() == 0
        connection.close()


def test_tags_alone_remake_a_made_card():
    with Hubsim(rows=[{"id": "a/b", "tags": ["license:mit"]}], quota="none") as hub:
        hub.post_rows({"id": "a/b", "tags": ["license:gpl-3.0"]})
        assert hub.get("/api/models/a/b").json()["cardData"] == {"license": "gpl-3.0"}
        hub.post_rows({"id": "a/b", "tags": []})
        assert "cardData" not in hub.get("/api/models/a/b").json()


def test_null_removes(hub):
    hub.post_rows({"_id": FALCON["_id"], "cardData": None, "pipeline_tag": None})
    row = hub.get("/api/models/tiiuae/falcon-40b").json()
    assert "cardData" not in row and "pipeline_tag" not in row and not any(tag.startswith("license:") for tag in row["tags"])


def test_bad_posts(hub):
    for body, why in [(b'{"id":"a/b"}\n{', "line 2: not valid JSON"), (b'[]', "not a JSON object"), (b'{"x":1}', "needs an `id`"),
                      (b'{"_id":"X","id":"a/b"}', "24 lower-case hex"), (b'{"id":7}', "`id` must be a string"),
                      (b'{"id":"a/b","repoType":"cat"}', "repoType")]:
        answer = hub.request("POST", "/sim/rows", body)
        assert answer.status == 400 and why in answer.json()["error"], answer.body
    assert hub.request("POST", "/sim/nothing").status == 404 and hub.request("GET", "/sim/rows").status == 405


def test_visible_truth_leaves_out_what_nobody_was_told(hub):
    path = "/api/models/tiiuae/falcon-40b"
    hub.get(path)
    for license_id in ["mit", "gpl-3.0", "apache-2.0"]:
        hub.post_rows({"_id": FALCON["_id"], "cardData": {"license": license_id}})
    hub.get(path)
    hub.post_rows({"_id": FALCON["_id"], "cardData": {"license": "bsd"}})
    assert len(hub.truth()) == 4
    (record,) = hub.truth(visible=True)
    assert (record["before"]["license"], record["after"]["license"]) == ("other", "apache-2.0")
    hub.request("DELETE", "/sim/rows/" + FALCON["_id"])
    hub.get(path + "?expand=sha")
    assert hub.truth(visible=True)[-1]["after"] is None


def test_tick_is_seeded_and_of_all_kinds():
    def truth():
        with Hubsim(generate=500, seed=9, quota="none") as hub:
            assert hub.tick(400) == {"changes": 400}
            records = hub.truth()
            made = {record["oid"] for record in records if "created" in record["what"]}  # their oids begin with the time
            return [(None if record["oid"] in made else record["oid"], record["what"]) for record in records]

    first = truth()
    assert first == truth()
    assert {"created", "deleted", "replaced", "renamed", "commit", "license", "card", "gated", "disabled", "private",
            "counters"} <= {word for _, what in first for word in what}


@pytest.mark.parametrize("path", [
    "/", "//", "/api", "/api/", "/api/models/", "/api/models//", "/api/models/%", "/api/models/%zz/%00", "/api/models/a%2Fb", "/sim",
    "/datasets/resolve/main", "/a/resolve", "/a/b/resolve", "/a/b/resolve/main", "/tiiuae/falcon-40b/raw/main/", "/api/resolve-cache/x",
    "/api/resolve-cache/models/tiiuae/falcon-40b", "/api/models/" + "x/" * 100, "/api/models/" + "x" * 20000, "/api/models?" + "a&" * 500,
    "/api/models?expand=" + "x" * 9000, "/api/models?filter=%00&search=%ff&author=", "/api/models?limit=99999999999999999999",
    "/api/models?limit=-1", "/api/models?cursor=" + "A" * 8192, "/api/models?=&&=&cursor", "/api/models/tiiuae/falcon-40b/commits/main?p=99999999999",
    "/api/models/tiiuae/falcon-40b/commits/main?limit=0", "/api/models/tiiuae/falcon-40b/tree/main/x/y", "/api/models/tiiuae/falcon-40b/nothing",
])
def test_odd_requests_are_answered(hub, path):
    answer = hub.get(path)
    assert answer.status in (200, 400, 401, 404, 414), answer.status
    assert hub.get("/api/models").status == 200


# --- made-up rows -----------------------------------------------------------------------------------------------------

def test_generated_rows_are_like_the_real_ones():
    with Hubsim(generate=20000, seed=1, quota="none") as hub, Hubsim(generate=2000, seed=1, quota="none") as small:
        path = "/api/models?sort=createdAt&direction=1&" + expand("cardData", "tags", "gated", "sha", "createdAt", "lastModified")
        rows = hub.walk(path)
        few = small.walk(path)
        assert hub.stats()["repos"] == {"models": 14000, "datasets": 3000, "spaces": 3000}
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == 14000 and all(by_id[row["id"]] == row for row in few)  # the number of a row decides it
    none = sum(not any(tag.startswith("license:") for tag in row["tags"]) for row in rows) / len(rows)
    apache = sum("license:apache-2.0" in row["tags"] for row in rows) / len(rows)
    assert abs(none - 0.622) < 0.02 and abs(apache - 0.157) < 0.02
    assert 700 < sum(len(json.dumps(row, separators=(",", ":"))) for row in rows) / len(rows) < 1700
    for row in rows:
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96}", row["id"])
        assert "2022-03-02T23:29:04.000Z" <= row["createdAt"] <= row["lastModified"] < "2026-11-02"
        license_tags = [tag[8:] for tag in row["tags"] if tag.startswith("license:")]
        card = row.get("cardData", {}).get("license", [])
        assert license_tags == ([card] if isinstance(card, str) else card)

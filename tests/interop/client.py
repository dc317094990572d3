# SPDX-License-Identifier: Apache-2.0
"""The official Python client (huggingface_hub) against hubsim: it must see a Hub.

Run by run.sh in a venv of its own. One line a check, `ok NAME` or `not ok NAME: why`; exit status 1 if one failed.
"""
import datetime
import hashlib
import json
import os
import ssl
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = tempfile.mkdtemp(prefix="interop-")
os.environ.update(HF_HOME=CACHE, HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1",
                  HF_HUB_DISABLE_IMPLICIT_TOKEN="1", HF_HUB_DISABLE_SYMLINKS_WARNING="1")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "hubsim"))

import yaml  # noqa: E402
from huggingface_hub import HfApi, hf_hub_url  # noqa: E402
from huggingface_hub.errors import (BadRequestError, DisabledRepoError, EntryNotFoundError, GatedRepoError,  # noqa: E402
                                    HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError)

import httpx2  # noqa: E402
from huggingface_hub import set_client_factory  # noqa: E402
from sim import Hubsim  # noqa: E402
from tls_front import TlsFront, make_certificate  # noqa: E402

ROWS = os.path.join(HERE, "rows.jsonl")
READER, STRANGER = "hf_reader", "hf_stranger"
CERTIFICATE, KEY = make_certificate(CACHE)


def hubsim(**options):
    """hubsim behind TLS with the rows that both clients are shown, an account that may read all and one that may not."""
    front = TlsFront(CERTIFICATE, KEY)
    with open(ROWS, encoding="utf-8") as file:
        hub = Hubsim(rows=[json.loads(line) for line in file], token=[READER, STRANGER + "="], public_url=front.url, **options)
    front.forward_to(hub.address)
    hub.public_url = front.url
    return hub


def client():
    """As the library's own, but it trusts our certificate alone."""
    return httpx2.Client(verify=ssl.create_default_context(cafile=CERTIFICATE), follow_redirects=True, timeout=30)


def raises(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error as caught:
        assert type(caught) is error, f"{type(caught).__name__} instead of {error.__name__}"
        return caught
    raise AssertionError(f"no {error.__name__}")


def check_lists_every_kind_over_all_pages(hub, api):
    for kind, listed in [("models", api.list_models()), ("datasets", api.list_datasets()), ("spaces", api.list_spaces())]:
        ids = [info.id for info in listed]
        assert len(ids) == len(set(ids)), kind
        private = 1 if kind == "models" else 0
        assert len(ids) == hub.stats()["repos"][kind] - private, (kind, len(ids))
    assert hub.stats()["pages"] >= 9


def check_expand(_, api):
    fields = ["author", "cardData", "createdAt", "disabled", "downloads", "gated", "lastModified", "library_name", "likes",
              "pipeline_tag", "private", "sha", "tags"]
    model = next(info for info in api.list_models(author="tiiuae", expand=fields))
    assert model.id == "tiiuae/falcon-40b" and model.author == "tiiuae" and model.gated is False and model.private is False
    assert model.created_at == datetime.datetime(2023, 5, 18, 18, 32, 27, tzinfo=datetime.timezone.utc)
    assert model.last_modified == datetime.datetime(2023, 5, 31, 12, 0, tzinfo=datetime.timezone.utc)
    assert model.card_data.license == "apache-2.0" and "license:apache-2.0" in model.tags
    dataset = next(info for info in api.list_datasets(search="mmlu", full=True))
    assert dataset.card_data.license == ["mit"] and dataset.sha
    space = next(info for info in api.list_spaces(author="pngwn", expand=["cardData", "sdk", "subdomain"]))
    assert space.sdk == "gradio" and space.card_data["emoji"] == "🐨" and space.subdomain == "pngwn-music-visualizer"


def check_sorts(_, api):
    first = next(iter(api.list_models(sort="trending_score", limit=1)))
    assert first.id == "tiiuae/falcon-40b"
    for sort, attribute in [("last_modified", "last_modified"), ("created_at", "created_at"), ("likes", "likes"),
                            ("downloads", "downloads")]:
        values = [getattr(info, attribute) for info in api.list_models(sort=sort, limit=1500)]
        assert len(values) == 1500 and values == sorted(values, reverse=True), sort


def check_filters(_, api):
    assert {"license:mit"} <= set.intersection(*[set(info.tags) for info in api.list_models(filter="license:mit", limit=20)])
    both = list(api.list_datasets(filter=["license:mit", "language:en"]))
    assert "cais/mmlu" in [info.id for info in both]
    assert all(info.gated for info in api.list_models(gated=True, expand=["gated"]))
    assert "falcon" in next(iter(api.list_models(search="FALCON-40"))).id


def check_single_repos(_, api):
    model = api.model_info("tiiuae/falcon-40b")
    assert model.card_data.license == "apache-2.0" and model.pipeline_tag == "text-generation"
    assert {file.rfilename for file in model.siblings} == {".gitattributes", "LICENSE", "README.md"}
    assert api.dataset_info("cais/mmlu").card_data.pretty_name == "MMLU"
    assert api.space_info("pngwn/music-visualizer").sdk == "gradio"
    assert api.model_info("tiiuae/falcon-40b", expand=["sha"]).sha == model.sha
    assert api.repo_exists("tiiuae/falcon-40b") and not api.repo_exists("tiiuae/falcon-41b")


def check_history(_, api):
    commits = api.list_repo_commits("tiiuae/falcon-40b")
    assert [commit.title for commit in commits] == ["Update README.md", "Upload"] and commits[1].authors == ["somebody"]
    old = api.model_info("tiiuae/falcon-40b", revision=commits[1].commit_id)
    assert old.card_data.license == "other" and old.card_data.license_name == "falcon-llm-license"


def check_files(_, api):
    tree = {entry.path: entry for entry in api.list_repo_tree("tiiuae/falcon-40b", expand=True)}
    assert tree["LICENSE"].last_commit.title == "Update README.md" and tree[".gitattributes"].last_commit.title == "Upload"
    text = b"Apache License, Version 2.0\n"
    blob = hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
    url = hf_hub_url("tiiuae/falcon-40b", "LICENSE", endpoint=api.endpoint)
    metadata = api.get_hf_file_metadata(url=url)
    assert (tree["LICENSE"].blob_id, metadata.etag, metadata.size) == (blob, blob, len(text))
    with open(api.hf_hub_download("tiiuae/falcon-40b", "LICENSE"), "rb") as file:
        assert file.read() == text
    with open(api.hf_hub_download("cais/mmlu", "README.md", repo_type="dataset"), encoding="utf-8") as file:
        assert yaml.safe_load(file.read().split("---\n")[1])["pretty_name"] == "MMLU"


def check_cards_are_yaml(hub, api):
    for kind, infos in [("", api.list_models(limit=150, expand=["cardData"])),
                        ("datasets/", api.list_datasets(limit=100, expand=["cardData"])),
                        ("spaces/", api.list_spaces(limit=100, expand=["cardData"]))]:
        checked = 0
        for info in infos:
            if info.card_data is None:
                continue
            answer = hub.get(f"/{kind}{info.id}/raw/main/README.md")
            if answer.status in (401, 403):
                continue  # gated or disabled
            raw = hub.get(f"/api/{kind or 'models/'}{info.id}?expand=cardData").json()["cardData"]
            assert yaml.safe_load(answer.body.decode().split("---\n")[1]) == raw, info.id
            checked += 1
        assert checked > 30, (kind, checked)


def check_renames(_, api):
    assert api.model_info("tii/falcon").id == "tiiuae/falcon-40b"
    assert api.model_info("TIIUAE/Falcon-40B").id == "tiiuae/falcon-40b"
    assert len(api.list_repo_commits("tii/falcon")) == 2
    with open(api.hf_hub_download("tii/falcon", "README.md"), encoding="utf-8") as file:
        assert file.read().endswith("# Falcon-40B\n")


def check_gated(_, api):
    assert api.model_info("meta-llama/Llama-3.1-8B").gated == "manual"
    error = raises(GatedRepoError, api.list_repo_commits, "meta-llama/Llama-3.1-8B")
    assert error.response.status_code == 401
    error = raises(GatedRepoError, api.list_repo_commits, "meta-llama/Llama-3.1-8B", token=STRANGER)
    assert error.response.status_code == 403
    assert len(api.list_repo_commits("meta-llama/Llama-3.1-8B", token=READER)) == 1
    raises(GatedRepoError, api.get_hf_file_metadata,
           url=hf_hub_url("meta-llama/Llama-3.1-8B", "README.md", endpoint=api.endpoint))


def check_disabled(_, api):
    assert api.model_info("ykilcher/gpt-4chan").disabled is True
    raises(DisabledRepoError, api.list_repo_commits, "ykilcher/gpt-4chan")


def check_missing(_, api):
    for token, status in [(False, 401), (STRANGER, 404)]:
        error = raises(RepositoryNotFoundError, api.model_info, "no/such", token=token)
        assert error.response.status_code == status
        raises(RepositoryNotFoundError, api.model_info, "someone/secret", token=token)
    assert api.model_info("someone/secret", token=READER).private is True
    assert "someone/secret" in [info.id for info in api.list_models(author="someone", token=READER)]
    assert not list(api.list_models(author="someone"))
    raises(RevisionNotFoundError, api.model_info, "tiiuae/falcon-40b", revision="no-such")
    error = raises(HfHubHTTPError, api.model_info, "tiiuae/falcon-40b", token="hf_wrong")
    assert error.response.status_code == 401
    try:
        api.hf_hub_download("tiiuae/falcon-40b", "config.json")
        raise AssertionError("a file that is not there")
    except EntryNotFoundError:
        pass


def check_bad_requests(_, api):
    error = raises(BadRequestError, lambda: list(api.list_models(expand=["sha", "nonsense"])))
    assert 'expected one of "author"|' in str(error) and "at expand[1]" in str(error)


def check_429(_, __):
    with hubsim(quota="api=2/3,resolvers=100/3") as small:
        api = HfApi(endpoint=small.public_url, token=False)
        time.sleep(3 - time.time() % 3 + 0.1)
        for _attempt in range(2):
            api.model_info("tiiuae/falcon-40b")
        error = raises(HfHubHTTPError, api.model_info, "tiiuae/falcon-40b")
        assert error.response.status_code == 429 and "rate limit" in str(error).lower()
        start = time.monotonic()
        assert len(list(api.list_models())) == 3  # waits for the window that the header names
        assert time.monotonic() - start < 10 and small.stats()["refused_429"] >= 2


def main():
    checks = [(name[6:], check) for name, check in sorted(globals().items()) if name.startswith("check_")]
    failed = 0
    set_client_factory(client)
    with hubsim(generate=8000, kinds="models=34,datasets=33,spaces=33", quota="none") as hub:
        api = HfApi(endpoint=hub.public_url, token=False)
        for name, check in checks:
            try:
                check(hub, api)
                print(f"ok python: {name.replace('_', ' ')}")
            except Exception:  # a check that breaks has failed, whatever it broke on
                failed += 1
                print(f"not ok python: {name.replace('_', ' ')}: {traceback.format_exc(limit=-2)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""relicense proof: what it holds can be recomputed by hand, --check needs no store, and whatever is altered is found or harmless.

One store: Falcon with commits from before the first look, which were searched; a switch that the ledger saw; a repo that goes.
"""
import base64
import copy
import hashlib
import json
import random
import subprocess

import jsonschema
import pytest

from harness import BUILD, Hubsim, Ledger, run
from test_backfill import APACHE, NAME, OID, backfill
from test_states_at_a_time import AS_APACHE, HISTORY

GONE = {"_id": "640000000000000000000002", "id": "soon/gone", "cardData": {"license": "mit"}}
STILL = {"_id": "640000000000000000000003", "id": "ever/same", "cardData": {"license": "mit"}}
CROWD = [{"_id": f"6500000000000000000000{n:02x}", "id": f"crowd/m{n}", "cardData": {}} for n in range(100)]
# What a reader may learn from a proof and nothing hangs on: another value there proves nothing else.
INFORMATIVE = {"about", "tables", "as_of", "look", "snapshot", "receipts"}


@pytest.fixture(name="ledger", scope="module")
def ledger_fixture(tmp_path_factory):
    with Hubsim(rows=[*HISTORY, GONE, STILL, *CROWD], quota="none") as hub:
        ledger = Ledger(tmp_path_factory.mktemp("proof"), hub.url)
        ledger.once()
        backfill(ledger, NAME)
        ledger.kept = [ledger.tool("head").text.strip()]
        hub.post_rows({"_id": OID, "cardData": {"license": "gpl-3.0"}})
        hub.request("DELETE", "/sim/rows/" + GONE["_id"])
        ledger.once()
        for n in range(3):
            hub.post_rows({"_id": CROWD[n]["_id"], "cardData": {"license": "mit"}})
        ledger.once()
        hub.post_rows({"_id": OID, "cardData": APACHE})
        ledger.once()
        ledger.kept.append(ledger.tool("head").text.strip())
        yield ledger


@pytest.fixture(name="look", scope="module")
def look_fixture(ledger):
    """The versions of Falcon as history tells them."""
    return [line for line in ledger.tool("history", NAME, "--format", "ndjson").lines() if line.get("version")]


def prove(ledger, repo, *arguments, status=0):
    path = ledger.directory / "proof.json"
    ledger.tool("proof", repo, *arguments, "-o", path, status=status)
    return path.read_bytes()


def check(proof, *arguments, status=0):
    done = run([BUILD / "relicense", "proof", "--check", "-", "--format", "json", *arguments], status, input=proof)
    return json.loads(done.output)


def words(report, about):
    return [finding["word"] for finding in report["findings"] if finding["about"] == about]


def sealed(members):
    """The file of these members, with the hash that it then has."""
    body = json.dumps({key: value for key, value in members.items() if key != "sha256"}, ensure_ascii=False,
                      separators=(",", ":"))[:-1].encode()
    return body + b',"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'


def lines_of(chain):
    packed = base64.b64decode(chain["zstd"])
    return subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True, check=True).stdout


def with_lines(members, lines):
    packed = subprocess.run(["zstd", "-cq", f"--stream-size={len(lines)}"], input=lines, capture_output=True, check=True).stdout
    forged = copy.deepcopy(members)
    forged["chain"][0] |= {"bytes": len(lines), "zstd": base64.b64encode(packed).decode()}
    return forged


# --- what is proven ---------------------------------------------------------------------------------------------------------

def test_a_state_with_both_ends(ledger, look):
    proof = prove(ledger, NAME, "--at", look[1]["last_seen"])
    members, report = json.loads(proof), check(proof)
    assert (members["version"], members["state"]["license"], members["series"]) == (2, ["gpl-3.0"], "observed")
    assert (report["verdict"], report["time"]) == ("proven", "proven")
    assert words(report, "begin") == words(report, "end") == ["proven"] and words(report, "row") == ["asserted", "asserted"]
    switches = {record["seq"]: record for record in ledger.changes("--no-evidence")}
    assert switches[members["begin"]]["after"] == members["state"] and switches[members["end"]]["before"]["version"] == 2
    rows = {receipt["seq"]: receipt for receipt in members["receipts"]}
    assert rows[members["begin"]]["row"]["cardData"] == {"license": "gpl-3.0"} and rows[members["begin"]]["url"].startswith("http")
    assert rows[members["begin"]]["request_id"] and rows[members["begin"]]["date"].endswith(" GMT")


def test_by_hand(ledger, look):
    """As the member "about" says: nothing but base64, zstd and SHA-256."""
    members = json.loads(prove(ledger, NAME, "--at", look[1]["last_seen"]))
    chain, = members["chain"]
    lines = lines_of(chain).splitlines()
    assert len(lines) == chain["last"] - chain["first"] + 1
    previous = json.loads(lines[0])["prev"]
    for line in lines:
        body = line[:line.rindex(b',"prev":')]
        previous, was = hashlib.sha256(previous.encode() + body).hexdigest(), previous
        assert json.loads(line)["prev"] == was and json.loads(line)["hash"] == previous
    assert chain["head"] == ledger.kept[1] and chain["head"].split()[2] == previous
    stored = ledger.tool("changes", "--all", "--after", "0", "--no-evidence", "--format", "ndjson").output.splitlines()
    assert lines == stored[chain["first"] - 1:chain["last"]]


def test_a_head_that_was_kept(ledger, look):
    proof = prove(ledger, NAME, "--at", look[1]["last_seen"])
    assert words(check(proof, "--head", ledger.kept[1]), "head") == ["proven"]
    early = check(proof, "--head", ledger.kept[0], status=2)
    assert (early["verdict"], words(early, "head"), words(early, "begin")) == ("nothing", ["asserted"], ["asserted"])
    parts = ledger.kept[1].split()
    for forged in ([parts[0], parts[1], "0" * 64, parts[3]], ["0" * 8 + parts[0][8:], *parts[1:]]):
        assert words(check(proof, "--head", " ".join(forged), status=1), "head") == ["broken"]
    assert check(proof, "--head", "nonsense", status=1)["verdict"] == "broken"
    exact = json.loads(prove(ledger, NAME, "--at", look[1]["last_seen"], "--head", ledger.kept[1]))
    assert exact["chain"][0]["last"] == int(parts[1])
    assert "newer than that head" in ledger.tool("proof", NAME, "--at", look[1]["last_seen"], "--head", ledger.kept[0], status=2).errors
    assert ledger.tool("proof", NAME, "--head", " ".join([*parts[:2], "0" * 64]), status=1).output == b""


def test_the_newest_state(ledger):
    report = check(prove(ledger, NAME))
    assert (report["verdict"], report["time"], report["state"]["license"]) == ("proven", "asserted", ["apache-2.0"])
    assert any(finding["text"].endswith("says otherwise") and finding["word"] == "proven" for finding in report["findings"])


def test_a_state_from_before_the_start(ledger, look):
    """The baseline has no record: what ended it says what it was."""
    report = check(prove(ledger, NAME, "--at", look[0]["observed_at"]))
    assert (report["verdict"], report["time"], report["state"]["license"]) == ("proven", "asserted", ["mit"])
    assert words(report, "end") == ["proven"] and not words(report, "begin")


def test_what_no_record_tells_is_said(ledger):
    done = ledger.tool("proof", "ever/same", status=2)
    assert "no record tells of this state" in done.errors
    report = check(done.output, status=2)
    assert report["verdict"] == "nothing" and {finding["word"] for finding in report["findings"]} == {"asserted"}
    assert "nothing to prove: Not known. This repo has been watched only since" in ledger.tool("proof", "ever/same", "--at", "2020-01-01", status=2).errors


def test_gone(ledger):
    members = json.loads(proof := prove(ledger, "soon/gone"))
    assert (members["certainty"], members["state"]["license"]) == ("gone", ["mit"])
    report = check(proof)
    assert report["verdict"] == "proven" and "then it was not there" in str(report["findings"])


@pytest.mark.parametrize("when,license_id,ends", [("2023-05-30", "other", 1), ("2023-12-01", "apache-2.0", 2), ("2024-06-01", "mit", 1)])
def test_reconstructed(ledger, when, license_id, ends):
    members = json.loads(proof := prove(ledger, NAME, "--at", when))
    report = check(proof)
    assert (members["certainty"], members["state"]["license"]) == ("reconstructed", [license_id])
    assert report["verdict"] == "proven" and len(words(report, "begin") + words(report, "end")) == ends
    assert any("look at them on the Hub" in finding["text"] for finding in report["findings"])
    assert AS_APACHE in (members["from"], members["until"]) or license_id == "mit"


@pytest.mark.parametrize("arguments", [[NAME], ["soon/gone"], [NAME, "--at", "2023-12-01"], [NAME, "--at", "2023-05-30"]])
def test_files_fit_their_schema(ledger, arguments):
    proof = prove(ledger, *arguments)
    for name, value in ("proof", json.loads(proof)), ("proof_check", check(proof)):
        schema = json.loads(ledger.tool("schema", name).output)
        jsonschema.Draft202012Validator(schema).validate(value)
        assert set(value) == set(schema["properties"])
    shown = json.loads(ledger.tool("show", *arguments, "--format", "json").output)
    jsonschema.Draft202012Validator(json.loads(ledger.tool("schema", "show").output)).validate(shown)
    assert shown["state"]["license"] == json.loads(proof)["state"]["license"]


def test_records_that_lie_far_apart(tmp_path):
    """A state that lasted for long: a chain for each of its ends, none for what lies between; to a named head it is one."""
    crowd = [{"_id": f"65000000000000000000{n:04x}", "id": f"crowd/m{n}", "cardData": {}} for n in range(3500)]
    with Hubsim(rows=[*HISTORY[:1], *crowd], quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.once()
        hub.post_rows({"_id": OID, "cardData": APACHE})
        ledger.once()
        for license_id in "mit", "gpl-3.0":
            hub.post_rows(*({"_id": row["_id"], "cardData": {"license": license_id}} for row in crowd))
            ledger.once()
        hub.post_rows({"_id": OID, "cardData": {"license": "mit"}})
        ledger.once()
        kept = ledger.tool("head").text.strip()
        when = next(line for line in ledger.tool("history", NAME, "--format", "ndjson").lines() if line.get("version") == 2)["last_seen"]
        members = json.loads(proof := prove(ledger, NAME, "--at", when))
        first, second = members["chain"]
        assert first["first"] == members["begin"] and second["first"] == members["end"] == ledger.head_seq() == 7002
        assert first["last"] - first["first"] == 5000  # so far a day is followed
        assert check(proof)["time"] == "proven" and check(proof)["heads"] == [first["head"], second["head"]]
        assert check(proof, "--head", kept)["time"] == "asserted"  # it covers the end alone
        whole = prove(ledger, NAME, "--at", when, "--head", kept)
        assert len(json.loads(whole)["chain"]) == 1 and check(whole, "--head", kept)["time"] == "proven"
        assert len(whole) < 4 * len(lines_of(json.loads(whole)["chain"][0])) / 10


# --- what was altered -------------------------------------------------------------------------------------------------------

def test_every_byte(ledger, look):
    """Flipped anywhere: found. Only the line end behind the file is nobody's."""
    proof = prove(ledger, NAME, "--at", look[1]["last_seen"])
    path = ledger.directory / "flipped.json"
    spread = random.Random(7)
    places = sorted({*range(0, 40), *range(len(proof) - 90, len(proof) - 1), *spread.sample(range(len(proof) - 1), 300)})
    for place in places:
        path.write_bytes(proof[:place] + bytes([proof[place] ^ 1 << spread.randrange(8)]) + proof[place + 1:])
        assert run([BUILD / "relicense", "proof", "--check", path], None).status == 1, place
    for size in (0, 1, len(proof) // 2, len(proof) - 3):
        assert check(proof[:size], status=1)["verdict"] == "broken"
    assert check(proof + b"\n")["verdict"] == "proven"


def leaves(value, path=()):
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, path + (key,))
    else:
        yield path, value


def other_values(value):
    """Values that a forger might put in its place."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, 0]
    if isinstance(value, str):
        times = ["2020" + value[4:], "2030" + value[4:], value[:-4] + "000Z", value[:-4] + "999Z"] if value.endswith("Z") else []
        return [value + "x", "", None, *times]
    return ["x", 7] if value is None else ["x"]


def put(members, path, value):
    forged = copy.deepcopy(members)
    place = forged
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return forged


@pytest.mark.parametrize("which", ["both ends", "newest", "baseline", "gone", "reconstructed"])
def test_every_member_forged_with_a_new_seal(ledger, look, which):
    """Each member of the file, other values, and the seal made good again: found, or nothing that is proven has moved."""
    arguments = {"both ends": (NAME, "--at", look[1]["last_seen"]), "newest": (NAME,), "gone": ("soon/gone",),
                 "baseline": (NAME, "--at", look[0]["observed_at"]), "reconstructed": (NAME, "--at", "2023-12-01")}[which]
    members = json.loads(prove(ledger, *arguments))
    true = check(sealed(members))
    assert true["verdict"] == "proven"
    proven = [finding for finding in true["findings"] if finding["word"] == "proven" and finding["about"] != "time"]
    passed = set()
    for path, value in leaves(members):
        if path == ("sha256",):
            continue
        for other in other_values(value):
            if other == value:
                continue
            report = json.loads(run([BUILD / "relicense", "proof", "--check", "-", "--format", "json"], None,
                                    input=sealed(put(members, path, other))).output)
            if report["verdict"] == "broken":
                continue
            now = [finding for finding in report["findings"] if finding["word"] == "proven" and finding["about"] != "time"]
            assert all(finding in proven for finding in now), (path, other)
            if path[0] not in INFORMATIVE:
                passed.add((path[0], report["time"]))
    # within proven ends another time is as good; what no record proves is said to be asserted, and may be another
    times = {("first_seen", "asserted"), ("next_seen", "asserted"), ("at", true["time"])}
    more = {"both ends": times | {("begin", "asserted")}, "newest": times | {("last_seen", "asserted"), ("begin", "asserted")},
            "baseline": times, "gone": times, "reconstructed": {("at", "proven")}}
    assert passed <= more[which]


def test_forged_records(ledger, look):
    """A line that is edited, left out, doubled or swapped: the chain shows it, also where its own hash was made good."""
    members = json.loads(prove(ledger, NAME, "--at", look[1]["last_seen"]))
    lines = lines_of(members["chain"][0]).splitlines(keepends=True)
    begin = members["begin"] - members["chain"][0]["first"]
    edited = lines[begin].replace(b"gpl-3.0", b"gpl-2.0")
    body = edited[:edited.rindex(b',"prev":')]
    prev = json.loads(edited)["prev"]
    good_hash = hashlib.sha256(prev.encode() + body).hexdigest().encode()
    rehashed = body + b',"prev":"' + prev.encode() + b'","hash":"' + good_hash + b'"}\n'
    for forged in ([*lines[:begin], edited, *lines[begin + 1:]], [*lines[:begin], rehashed, *lines[begin + 1:]], lines[1:], lines[:-1],
                   [*lines[:begin + 1], *lines[begin + 2:]], [*lines, lines[-1]], [lines[1], lines[0], *lines[2:]]):
        assert check(sealed(with_lines(members, b"".join(forged))), status=1)["verdict"] == "broken"
    assert check(sealed(with_lines(members, b"".join(lines))))["verdict"] == "proven"
    # who rewrites the whole log has a good chain: then only a head that was kept tells
    rewritten, previous = [], json.loads(lines[0])["prev"]
    for line in lines:
        body = line.replace(b"gpl-3.0", b"gpl-2.0")[:line.replace(b"gpl-3.0", b"gpl-2.0").rindex(b',"prev":')]
        was, previous = previous, hashlib.sha256(previous.encode() + body).hexdigest()
        rewritten.append(body + f',"prev":"{was}","hash":"{previous}"}}\n'.encode())
    forged = json.loads(json.dumps(with_lines(members, b"".join(rewritten))).replace("gpl-3.0", "gpl-2.0"))
    head = forged["chain"][0]["head"].split()
    forged["chain"][0]["head"] = " ".join([*head[:2], previous, head[3]])
    assert check(sealed(forged))["verdict"] == "proven"
    assert check(sealed(forged), "--head", ledger.kept[1], status=1)["verdict"] == "broken"


def test_a_record_in_between_is_found(ledger, look):
    """Whoever leaves out that the state ended is told so by the chain."""
    members = json.loads(prove(ledger, NAME, "--at", look[1]["last_seen"]))
    forged = members | {"end": None, "next_seen": None, "at": look[2]["last_seen"], "last_seen": look[2]["last_seen"],
                        "receipts": members["receipts"][:1]}
    report = check(sealed(forged), status=1)
    assert any("it was otherwise by then" in finding["text"] for finding in report["findings"])


def test_a_row_that_says_otherwise(ledger, look):
    members = json.loads(prove(ledger, NAME, "--at", look[1]["last_seen"]))
    for change in ({"cardData": {"license": "mit"}}, {"_id": "0" * 24}, {"_id": None}):
        forged = copy.deepcopy(members)
        forged["receipts"][0]["row"] |= change
        assert words(check(sealed(forged), status=1), "row")[0] == "broken"
    forged = put(members, ("snapshot", "metadata", "cardData"), {"license": "mit"})
    assert words(check(sealed(forged), status=1), "metadata") == ["broken"]


def test_how_it_is_called(ledger):
    assert "usage" in ledger.tool("proof", status=64).errors
    assert "usage" in ledger.tool("proof", NAME, "--check", "x", status=64).errors
    assert "cannot be read" in run([BUILD / "relicense", "proof", "--check", "/nonexistent/file"], 64).errors
    assert "no repo called" in ledger.tool("proof", "no/such", status=2).errors
    assert "takes a line of relicense head" in ledger.tool("proof", NAME, "--head", "x", status=64).errors

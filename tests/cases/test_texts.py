# SPDX-License-Identifier: Apache-2.0
"""License files and cards: which are asked for, what is kept of them, and what of it is told."""
import random
from contextlib import contextmanager

import pytest

from fault_proxy import FaultProxy
from harness import Failed, Hubsim, Ledger, record_text

OPEN = {"poll_interval": "1s", "detail": "yes", "detail_min_downloads": "100"}


def oid(number):
    return f"6400000{number}000000000000000{number}"


def repo(number, **members):
    return {"_id": oid(number), "id": f"org/repo-{number}", "downloads": 1000} | members


def other(number, **members):
    return repo(number, cardData={"license": "other", "license_name": "house-license"}) | members


def requests(log, word="/resolve"):
    """What was asked for under /resolve/ and /api/resolve-cache/: (method, path)."""
    lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    return [(line[1], line[2]) for line in lines if word in line[2]]


def files_asked(log):
    return sorted({path.split("?")[0].rsplit("/", 1)[1] for _, path in requests(log)})


def settled(ledger, figure, count):
    """Until so many to-dos were looked at and nothing is left of them. The figure comes first: the store must be read after it."""
    def ask():
        if figure() < count:
            return False
        status = ledger.tool("status", "--format", "json", status=None)
        tables = status.lines()[0]["tables_in_store"] if status.status == 0 else []
        return {"name": "detail", "entries": 0}.items() <= {
            key: value for table in tables if table["name"] == "detail" for key, value in table.items()}.items()
    return ask


class Texts:
    """A Hub with a log, a ledger on it, and a daemon that looks at texts."""

    def __init__(self, directory, rows, hub=None, **config):
        self.log = directory / "hub.log"
        self.hub = Hubsim(rows=rows, quota="none", log=str(self.log), **(hub or {}))
        self.ledger = Ledger(directory, self.hub.url, **(OPEN | config))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.close()

    def looked(self):
        """Repos whose card was asked for: the last thing of a look."""
        return sum(1 for method, path in requests(self.log) if method == "HEAD" and path.endswith("/README.md"))

    def wait(self, daemon, looks):
        daemon.wait(settled(self.ledger, self.looked, looks))

    def text(self, name, which="license"):
        return self.ledger.tool("show", "--text", which, name).text

    def told(self):
        return [record_text(record) for record in self.ledger.changes()]


def test_another_text_under_other_is_new_terms(tmp_path):
    rows = [other(1, licenseText="Do no harm.\n", readmeText="# One\n"),
            repo(2, cardData={"license": "apache-2.0"}, licenseText="Apache\n"),
            other(3, licenseText="Unused.\n", downloads=5)]
    with Texts(tmp_path, rows) as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 1)
            assert texts.ledger.head_seq() == 0  # what was found first is the start, no event
            assert texts.text("org/repo-1") == "Do no harm.\n"
            assert texts.text("org/repo-1", "card") == "# One\n"
            texts.hub.post_rows({"_id": oid(1), "licenseText": "Do no harm, and pay.\n"},
                                {"_id": oid(2), "licenseText": "Apache, changed\n"})
            texts.wait(daemon, 2)
            assert texts.ledger.head_seq() == 1
            assert texts.text("org/repo-1") == "Do no harm, and pay.\n"
            # a commit that touches neither text: two questions, answered by 304
            before = len(requests(texts.log))
            texts.hub.post_rows({"_id": oid(1), "commit": "weights"})
            texts.wait(daemon, 3)
            assert [method for method, _ in requests(texts.log)[before:]] == ["HEAD", "HEAD"]
        record, = texts.ledger.changes()
        assert record["event"] == "license.terms" and record["of"] is None and record["fields"] == ["LICENSE"]
        assert record["before"]["text"] != record["after"]["text"] and record["before"]["license"] == ["other"]
        assert record["before"]["sha"] != record["after"]["sha"] and record["before"]["text"] in record["reason"]
        assert record["observed_after"] < record["observed_at"]
        assert {path.split("/resolve")[0] for _, path in requests(texts.log, "/resolve/")} == {"/org/repo-1"}
        # a second run has nothing to ask
        asked = len(requests(texts.log))
        with texts.ledger.daemon() as daemon:
            pages = texts.hub.stats()["pages"]
            daemon.wait(lambda: texts.hub.stats()["pages"] >= pages + 6)
        assert len(requests(texts.log)) == asked
        texts.ledger.verify()


def test_a_switch_is_told_with_its_texts(tmp_path):
    rows = [other(1, licenseText="Falcon terms\n"), repo(2, cardData={"license": "mit"}, licenseText="MIT\n", downloads=1)]
    with Texts(tmp_path, rows) as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 1)
            texts.hub.post_rows({"_id": oid(1), "cardData": {"license": "apache-2.0"}, "licenseText": "Apache\n"},
                                {"_id": oid(2), "cardData": {"license": "gpl-3.0"}, "readmeText": "Now under the GPL.\n"})
            texts.wait(daemon, 3)
            # looked at once, it is looked at again: another text under the new statement is evidence, no terms
            texts.hub.post_rows({"_id": oid(1), "licenseText": "Apache, with a note\n"})
            texts.wait(daemon, 4)
        records = texts.ledger.changes()
        switched = {record["repo"]: record["seq"] for record in records if record["event"] == "license.switched"}
        evidence = [record for record in records if record["event"] == "evidence.text"]
        assert len(records) == 6 and len(switched) == 2
        one, two, card = evidence[:3]
        assert sorted((record["repo"], record["of"], record["fields"][0]) for record in evidence[:3]) == [
            ("org/repo-1", switched["org/repo-1"], "LICENSE"), ("org/repo-2", switched["org/repo-2"], "LICENSE"),
            ("org/repo-2", switched["org/repo-2"], "README.md")], (one, two, card)
        first = next(record for record in evidence if record["repo"] == "org/repo-1")
        assert first["before"]["license"] == ["other"] and first["after"]["license"] == ["apache-2.0"]
        assert first["before"]["text"] and first["after"]["text"] != first["before"]["text"]
        assert next(record for record in evidence if record["repo"] == "org/repo-2")["before"] is None
        assert evidence[3]["of"] == switched["org/repo-1"] and evidence[3]["before"]["license"] == ["apache-2.0"]
        assert evidence[3]["direction"] is None
        joined = next(record["evidence"] for record in records if record["seq"] == switched["org/repo-1"])
        assert joined["seqs"] == [first["seq"], evidence[3]["seq"]] and joined["commit"] is None
        assert joined["texts"] == [{"file": "LICENSE", "before": one["before"]["text"], "after": one["after"]["text"],
                                    "reason": one["reason"]} for one in (first, evidence[3])]
        texts.ledger.verify()


def test_a_card_counts_from_behind_its_front_matter(tmp_path):
    with Texts(tmp_path, [other(1, readmeText="# One\n")]) as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 1)
            texts.hub.post_rows({"_id": oid(1), "cardData": {"license": "other", "license_name": "house-license", "x": 1}})
            texts.wait(daemon, 2)
            texts.hub.post_rows({"_id": oid(1), "readmeText": "# One\nFor research only.\n"})
            texts.wait(daemon, 3)
            texts.hub.post_rows({"_id": oid(1), "licenseText": "At last.\n"})
            texts.wait(daemon, 4)
        assert [(record["event"], record["fields"], record["of"]) for record in texts.ledger.changes()] == [
            ("metadata.changed", ["cardData.x"], None), ("evidence.text", ["README.md"], None),
            ("license.terms", ["LICENSE"], None)]
        assert texts.ledger.changes()[2]["reason"].startswith("none -> LICENSE sha256 ")


def test_gated_and_elsewhere_are_facts(tmp_path):
    rows = [other(1, gated="auto", licenseText="Terms\n"), other(2, licenseText="Large\n", licenseElsewhere=True),
            other(3, licenseText="Terms 3\n")]
    with Texts(tmp_path, rows) as texts:
        with texts.ledger.daemon() as daemon:
            daemon.wait(settled(texts.ledger, texts.looked, 2))
            # what was known before it was gated stays known, and is what the next look is compared with
            texts.hub.post_rows({"_id": oid(3), "gated": "manual"})
            texts.hub.post_rows({"_id": oid(3), "licenseText": "Terms 4\n"})
            daemon.wait(lambda: any("HEAD" == method and "repo-3" in path for method, path in requests(texts.log)[-1:]))
            daemon.wait(settled(texts.ledger, texts.looked, 2))
            texts.hub.post_rows({"_id": oid(3), "gated": False})
            texts.hub.post_rows({"_id": oid(3), "commit": "open again"})
            daemon.wait(settled(texts.ledger, texts.looked, 3))
        shown = [texts.ledger.tool("show", f"org/repo-{number}", "--format", "json").lines()[0]["texts"] for number in (1, 2, 3)]
        assert shown[0]["license"]["outcome"] == shown[0]["card"]["outcome"] == "gated"
        assert shown[1]["license"]["outcome"] == "elsewhere" and shown[1]["license"]["sha256"] is None
        assert shown[1]["card"]["outcome"] == "none"
        assert shown[2]["license"]["outcome"] == "found"
        assert texts.told()[-1].startswith("license.terms org/repo-3 other/house-license -> other/house-license")
        metrics = texts.ledger.metrics()
        assert metrics["texts_gated_total"] >= 2 and metrics["texts_elsewhere_total"] == 1
        assert texts.ledger.tool("show", "--text", "license", "org/repo-1", status=2).text == ""
        texts.ledger.verify()


def test_the_file_that_the_link_names_and_never_one_that_counts(tmp_path):
    def linked(number, link, **members):
        return repo(number, cardData={"license": "other", "license_link": link}) | members
    rows = [linked(1, "LICENSE.txt", licenseText="A\n", licenseFile="LICENSE.txt"),
            linked(2, "LICENSE", licenseText="B\n", licenseFile="LICENSE.md"),
            linked(3, "config.json", licenseText="C\n"), linked(4, "model.gguf"), linked(5, "../params.json")]
    with Texts(tmp_path, rows) as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 5)
        assert [texts.text(f"org/repo-{number}") for number in (1, 2, 3)] == ["A\n", "B\n", "C\n"]
        assert files_asked(texts.log) == ["LICENSE", "LICENSE.md", "LICENSE.txt", "README.md"]
        first = [path for _, path in requests(texts.log, "/org/repo-1/resolve/")]
        assert first[0].endswith("/LICENSE.txt") and len(first) == 2


def test_too_large_or_no_text_is_not_kept(tmp_path):
    rows = [other(1, licenseText="x" * 5000), other(2, licenseText="nul \u0000 inside"), other(3, licenseText="x" * 1000)]
    with Texts(tmp_path, rows, text_bytes_max="2KiB") as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 3)
        assert texts.ledger.metrics()["texts_unfit_total"] == 2
        assert texts.text("org/repo-3") == "x" * 1000


def test_renamed_repo_is_followed(tmp_path):
    with Texts(tmp_path, [other(1, licenseText="Terms\n")]) as texts:
        texts.ledger.once()
        # noted before it was renamed, and asked for by its old name: a poll does not see that
        texts.hub.post_rows({"_id": oid(1), "id": "org/elsewhere"})
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 1)
        assert requests(texts.log, "/org/repo-1/resolve/") and requests(texts.log, "/org/elsewhere/resolve/")
        assert texts.text(oid(1)) == "Terms\n"


def test_killed_at_any_moment_tells_each_text_once(tmp_path):
    spread = random.Random(11)
    rows = [other(number, licenseText=f"Terms {number}\n") for number in range(1, 10)]
    with Texts(tmp_path, rows) as texts:
        with texts.ledger.daemon() as daemon:
            texts.wait(daemon, 9)
        for change in range(4):
            for number in range(1, 10):
                texts.hub.post_rows({"_id": oid(number), "licenseText": f"Terms {number}.{change}\n"}
                                    | ({"cardData": {"license": "mit"}} if change == 2 and number < 5 else {}))
            goal = len(requests(texts.log))
            for _ in range(4):
                goal += spread.randint(1, 9)
                with texts.ledger.daemon() as daemon:
                    try:
                        daemon.wait(lambda: len(requests(texts.log)) >= goal, timeout=5)
                    except Failed:
                        pass
                    daemon.kill()
            texts.ledger.verify()
            with texts.ledger.daemon() as daemon:
                daemon.wait(lambda: all(texts.text(f"org/repo-{number}") == f"Terms {number}.{change}\n"
                                        for number in range(1, 10)))
                daemon.wait(settled(texts.ledger, texts.looked, 0))
        told = [(record["repo"], record["reason"]) for record in texts.ledger.changes()
                if record["event"] in ("license.terms", "evidence.text") and record["fields"] == ["LICENSE"]]
        assert len(told) == len(set(told)) == 36, sorted(told)


SPOILT = {
    "an edge page for the way": "always */resolve/* html 403",
    "an edge page for the text": "always /api/resolve-cache/* html 200",
    "a Hub that fails": "always */resolve/* status 500",
    "text that ends early": "always /api/resolve-cache/* cut 3",
    "a redirect to a file that counts": "always */resolve/* status 307 '' location:/org/repo-1/resolve/main/config.json",
    "a redirect that leads to itself": "always /api/resolve-cache/* status 307 '' location:/api/resolve-cache/x/LICENSE",
    "a login page": "always */resolve/* status 302 '' location:/login?next=/org/repo-1",
    "nothing that is understood": "always */resolve/* status 404",
}


@contextmanager
def through_proxy(tmp_path, rows, **options):
    """Texts whose requests and answers go through a proxy, which spoils those that its rules name."""
    proxy = FaultProxy()
    with Texts(tmp_path, rows, hub={"public_url": proxy.url}) as texts:
        proxy.start(texts.hub.address)
        try:
            texts.ledger.hub_url = proxy.url
            texts.ledger.configure(**(OPEN | options))
            yield proxy, texts
        finally:
            proxy.close()


@pytest.mark.parametrize("rule", SPOILT.values(), ids=SPOILT.keys())
def test_weather_decides_nothing(tmp_path, rule):
    """However an answer is spoilt: no record, the text stays wanted, and is told when the weather is over."""
    with through_proxy(tmp_path, [other(1, licenseText="Terms\n")], retries="1") as (proxy, texts):
        with texts.ledger.daemon() as daemon:
            daemon.wait(settled(texts.ledger, lambda: len(requests(texts.log, "/README.md")), 1))
            proxy.add(rule)
            texts.hub.post_rows({"_id": oid(1), "licenseText": "Other terms\n"})
            daemon.wait(lambda: len(proxy.applied) >= 3)
            assert texts.ledger.head_seq() == 0 and texts.text("org/repo-1") == "Terms\n"
            proxy.clear()
            daemon.wait(lambda: texts.ledger.head_seq() == 1)
        assert texts.told()[0].startswith("license.terms org/repo-1 ")
        assert not [path for _, path in requests(texts.log, "config.json")]
        texts.ledger.verify()


ODD = {
    "deleted": None,
    "refused": "always */org/repo-5/resolve/* status 403",
    "an edge page": "always */org/repo-5/resolve/* html 403",
    "a Hub that fails": "always */org/repo-5/resolve/* status 500",
    "a redirect to another file": "always */org/repo-5/resolve/* status 307 '' location:/org/repo-5/resolve/main/config.json",
}


@pytest.mark.parametrize("rule", ODD.values(), ids=ODD.keys())
def test_one_odd_repo_does_not_stop_the_others(tmp_path, rule):
    """It rests, and status says why; the lane goes on, since another file can still be read."""
    rows = [other(number, licenseText=f"Terms {number}\n") for number in range(1, 10)]
    with through_proxy(tmp_path, rows, retries="0", park_time="5m", detail_ahead="2") as (proxy, texts):
        texts.ledger.once()
        if rule:
            proxy.add(rule)
        else:
            texts.hub.request("DELETE", f"/sim/rows/{oid(5)}?kind=model")
        with texts.ledger.daemon() as daemon:
            daemon.wait(lambda: texts.ledger.tool("status", "--format", "json").lines()[0]["resting"]["texts"] and all(
                texts.ledger.tool("show", "--text", "license", f"org/repo-{number}", status=None).status == 0
                for number in range(1, 10) if number != 5))
            assert "event=lane-parked" not in daemon.said(), daemon.said()
        assert sum(texts.ledger.tool("status", "--format", "json").lines()[0]["resting"]["texts"].values()) == 1
        assert "resting   texts: 1 (" in texts.ledger.tool("status", "--format", "table").text
        assert not [path for _, path in requests(texts.log, "config.json")]

# SPDX-License-Identifier: Apache-2.0
"""Dates as compatible Hubs spell them, and dates that nobody can read."""
import pytest

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger

SPELLED = ["Z", "z", "", "+00:00", ".000000+00:00", ".123456", "+0000", " UTC", ".000000000Z"]


class Crawl:
    def __init__(self, proxy, hub, path):
        self.proxy, self.hub = proxy, hub
        self.ledger = Ledger(path, proxy.url, kinds="models", page_rows="100", poll_rows="100", poll_overlap="0")

    def pages(self):
        return self.hub.stats()["pages"]

    def switch(self, licence):
        name = self.hub.get("/api/models?limit=1&sort=createdAt&direction=1").json()[0]["id"]
        self.hub.post_rows({"id": name, "cardData": {"license": licence}})
        return name

    def poll(self):
        """The pages that a poll alone took."""
        before = self.pages()
        self.proxy.add("always *sort=createdAt* status 400")
        self.ledger.once(status=1)
        return self.pages() - before


@pytest.fixture(name="crawl")
def crawl_of(tmp_path):
    with FaultProxy() as proxy, Hubsim(generate=1500, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        yield Crawl(proxy, hub, tmp_path)


@pytest.mark.parametrize("spelled", SPELLED)
def test_every_spelling_ends_a_poll_where_it_should(crawl, spelled):
    crawl.ledger.once()
    crawl.proxy.add(f"always /api/models* replace '.000Z\"' '{spelled}\"'")
    name = crawl.switch("gpl-2.0")
    assert crawl.poll() <= 2
    found = crawl.ledger.changes()
    assert [record["repo"] for record in found] == [name]  # another spelling of a date is no change
    assert crawl.ledger.metrics()["dates_unreadable_total"] == 0
    shown = crawl.ledger.tool("show", name, "--format", "json").lines()[0]
    assert shown["created_at"] and shown["last_modified"]


def test_without_a_date_a_poll_is_bounded_and_says_so(crawl):
    crawl.ledger.once()
    crawl.proxy.add("always /api/models* replace '\"lastModified\":\"20' '\"lastModified\":\"soon 20'")
    name = crawl.switch("gpl-2.0")
    assert crawl.poll() <= 3
    done = crawl.ledger.once(status=1)
    assert done.errors.count("event=date-unreadable kind=model field=lastModified") == 1
    assert "event=poll-undated kind=model" in done.errors
    assert crawl.ledger.metrics()["dates_unreadable_total"] >= 100
    assert [record["event"] for record in crawl.ledger.changes()].count("gap") == 1
    assert name in [record.get("repo") for record in crawl.ledger.changes()]
    crawl.ledger.verify()
    # what polls may have missed meanwhile they make up for: the watermark stood still
    crawl.proxy.clear()
    assert crawl.poll() <= 3

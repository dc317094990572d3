# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand repos missing at once, for each cause there is: no false record, and a few hundred requests."""
from fault_proxy import FaultProxy
from harness import Hubsim, Ledger

LEFT = 100_000
OTHERS = 110_000
MANY_S = 300

LEAVER = [{"_id": f"64{20 * n:06x}{n:016x}", "id": f"leaver/repo-{n}", "cardData": {"license": "mit"}} for n in range(LEFT)]


def make_private(hub, rows):
    hub.post_rows(*({"_id": row["_id"], "private": True} for row in rows))


def gone_of(ledger):
    """The oids that records say are gone, and the reasons given."""
    records = [record for record in ledger.changes() if record["event"] != "gap"]
    assert all(record["event"] == "repo.gone" for record in records)
    oids = [record["oid"] for record in records]
    assert len(set(oids)) == len(oids)
    return set(oids), {record["reason"] for record in records}


def test_an_owner_leaves(tmp_path):
    """Settled by the owner's listing, which is empty, and sixteen of each four thousand. One repo stays: it is listed."""
    with Hubsim(rows=LEAVER, generate=OTHERS, kinds="models=1", quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url, kinds="models")
        ledger.once(timeout=MANY_S)
        make_private(hub, LEAVER[1:])
        ledger.once(status=1, timeout=MANY_S)  # the sweep that lacks half of the Hub does not count as complete
        figures = ledger.metrics()
        oids, reasons = gone_of(ledger)
        assert oids == {row["_id"] for row in LEAVER[1:]}
        assert "deleted_or_private" in reasons
        assert any(reason.startswith("deleted_or_private, by the listing of its owner and 16 of ") for reason in reasons)
        assert figures["confirmed_gone_total"] == LEFT - 1
        assert figures["requests_confirm_total"] < 500
        assert "reason=" not in ledger.said() and "event=sweep-incomplete" in ledger.said()
        ledger.once(timeout=MANY_S)  # and the next one does
        assert ledger.metrics()["requests_confirm_total"] == 0
        make_private(hub, LEAVER[:1])
        ledger.once(timeout=MANY_S)
        assert len(gone_of(ledger)[0]) == LEFT
        ledger.verify()


def test_some_of_an_owner_stay(tmp_path):
    """A listing that shows some, and a sample that finds others hidden or renamed: every row is asked for by itself."""
    rows = [{"_id": f"6400{n:04x}{n:016x}", "id": f"mixed/repo-{n}", "cardData": {"license": "mit"}} for n in range(200)]
    with FaultProxy() as proxy, Hubsim(rows=rows, generate=2000, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models", page_rows="1000")
        ledger.once()
        make_private(hub, rows[::2])
        for row in rows[1::4]:  # there, but no listing has them
            proxy.add(f"always /api/models?*sort=createdAt* drop {row['id']}")
        ledger.once(status=1)
        oids, reasons = gone_of(ledger)
        assert oids == {row["_id"] for row in rows[::2]}
        assert reasons == {"deleted_or_private"}


def test_a_listing_that_the_hub_cannot_make(tmp_path):
    """Nothing is known of it, so every row is asked for by itself; those of others are not kept waiting."""
    rows = [{"_id": f"6400{n:04x}{n:016x}", "id": f"mixed/repo-{n}", "cardData": {"license": "mit"}} for n in range(60)]
    with FaultProxy() as proxy, Hubsim(rows=rows, generate=3100, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models", page_rows="4", retries="0")
        ledger.once()
        make_private(hub, rows)
        proxy.add("always /api/models?*author=mixed* status 500")
        ledger.once()
        assert gone_of(ledger) == ({row["_id"] for row in rows}, {"deleted_or_private"})


def test_a_listing_ends_early(tmp_path):
    with FaultProxy() as proxy, Hubsim(generate=OTHERS, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models")
        ledger.once(timeout=MANY_S)
        proxy.add("2 /api/models?*sort=createdAt*cursor* nolink")  # a full page is asked for once more
        ledger.once(status=1, timeout=MANY_S)
        assert [record["event"] for record in ledger.changes()] == ["gap"]
        assert ledger.metrics()["requests_confirm_total"] == 0
        assert ledger.tool("status", "--format", "json").lines()[0]["missing"] == 0


def test_a_listing_has_a_hole(tmp_path):
    """Two pages come empty, their Link as ever: sixteen are asked for, all are there, the rest is left to the next sweep."""
    with FaultProxy() as proxy, Hubsim(generate=OTHERS, kinds="models=1", quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, kinds="models")
        ledger.once(timeout=MANY_S)
        proxy.add("2 /api/models?*sort=createdAt*cursor* body []")
        ledger.once(timeout=MANY_S)
        figures = ledger.metrics()
        assert figures["missing_total"] == 2000
        assert figures["confirm_put_off_total"] > 1800
        assert figures["requests_confirm_total"] < 200
        ledger.once(timeout=MANY_S)
        assert ledger.metrics()["requests_confirm_total"] == 0
        assert ledger.tool("status", "--format", "json").lines()[0]["missing"] == 0
        assert ledger.changes() == []
        ledger.verify()


def test_the_hub_does_not_answer_us(tmp_path):
    """An edge that blocks, a limit on single requests, a token that is revoked: a handful of requests, and nothing said."""
    blocks = [("status 429", ""), ("status 403", ""),
              ("status 401 '{\"error\":\"Invalid credentials in Authorization header\"}'", "hf_testtoken")]
    config = {"kinds": "models", "retries": "0", "park_time": "1h", "poll_interval": "1h"}
    token_file = tmp_path / "token"
    token_file.write_text("hf_testtoken\n", encoding="ascii")
    token_file.chmod(0o600)
    with FaultProxy() as proxy, Hubsim(rows=LEAVER, generate=OTHERS, kinds="models=1", quota="none", public_url=proxy.url,
                                       token="hf_testtoken=a") as hub:
        proxy.start(hub.address)
        ledger = Ledger(tmp_path, proxy.url, **config)
        ledger.once(timeout=MANY_S)
        make_private(hub, LEAVER)
        proxy.add("always /api/models/* html 403")
        ledger.once(status=1, timeout=MANY_S)
        assert 0 < ledger.metrics()["requests_confirm_total"] <= 3
        for block, token in blocks:
            proxy.clear()
            proxy.add(f"always /api/models/* {block}")
            ledger.configure(**config, token_file=str(token_file) if token else None)
            ledger.log_path.write_text("", encoding="utf-8")
            with ledger.daemon() as daemon:
                daemon.wait(lambda: "event=lane-parked lane=confirm" in daemon.said())
            assert 0 < ledger.metrics()["requests_confirm_total"] <= 3
        assert [record["event"] for record in ledger.changes()] == ["gap"]
        proxy.clear()
        ledger.configure(**config)
        with ledger.daemon() as daemon:
            daemon.wait(lambda: ledger.head_seq() == 1 + LEFT, timeout=MANY_S)
        oids, _ = gone_of(ledger)
        assert oids == {row["_id"] for row in LEAVER}
        ledger.verify()

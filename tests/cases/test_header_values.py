# SPDX-License-Identifier: Apache-2.0
"""Header values are strangers' bytes: what is kept of them fits a proof, whatever they hold."""
import json

import pytest

from fault_proxy import FaultProxy
from harness import Hubsim, Ledger

VALUES = {
    "not UTF-8": "a\\xffb",
    "Latin-1": "r\\xe9q",
    "cut UTF-8": "a\\xc3",
    "an escape": "a\\x1b[31mb",
    "long": "f" * 60000,
    "long and not UTF-8": "\\xff" * 60000,
}


def rows(licence):
    return [{"_id": f"64{n:022x}", "id": f"o/m{n}", "cardData": {"license": licence}} for n in range(100)]


@pytest.mark.parametrize("name", ["X-Request-Id", "Date", "ETag", "X-Repo-Commit", "X-Error-Message"])
@pytest.mark.parametrize("value", VALUES)
def test_a_proof_holds_whatever_a_header_says(tmp_path, name, value):
    with FaultProxy() as proxy, Hubsim(rows=rows("mit"), quota="none", public_url=proxy.url) as hub:
        proxy.start(hub.address)
        proxy.add(f"always * header {name} '{VALUES[value]}'")
        ledger = Ledger(tmp_path, proxy.url, kinds="models")
        ledger.once()
        before = (ledger.store / "data.mdb").stat().st_blocks * 512
        hub.post_rows(*rows("gpl-3.0"))
        ledger.once()
        assert (ledger.store / "data.mdb").stat().st_blocks * 512 - before < 2 << 20
        proof = ledger.tool("proof", "o/m5")
        proof.output.decode("utf-8")
        path = tmp_path / "proof"
        path.write_bytes(proof.output)
        checked = ledger.tool("proof", "--check", path, "--format", "json")
        assert json.loads(checked.output)
        ledger.verify()

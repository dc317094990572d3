# SPDX-License-Identifier: Apache-2.0
"""Single repos of a Hub as static files behind nginx: HTTP/2 over TLS, and HTTP/1.1 in the clear.

    make_repos(folder, repos)            once: folder/api/models/OWNER/NAME, 1 to 10 KB each, and folder/names
    with SingleHub(folder) as hub: ...   hub.tls_url, hub.plain_url, hub.certificate; hub.urls(base) as relicensed asks
"""
import json
import pathlib
import random
import shutil
import subprocess

from nginx import Nginx, free_port
from static_hub import FIELDS, ROOT

HTTP = """
    open_file_cache max=16000 inactive=3600s;
    server {{
        listen 127.0.0.1:{tls_port} ssl http2;
        listen 127.0.0.1:{plain_port};
        server_name localhost;
        root {folder};
        location = /api/models {{ return 200 "[]"; }}
    }}
"""
QUERY = "&".join(f"expand%5B%5D={field}" for field in FIELDS)
METRICS = ("accuracy", "f1", "wer", "bleu", "perplexity", "mean_reward", "rouge1", "precision", "recall", "exact_match")
BYTES_MIN, BYTES_MAX = 1000, 9000


def result(chance, dataset):
    """One entry of a card's model-index, as evaluations are written there."""
    return {"task": {"type": chance.choice(("text-generation", "text-classification", "question-answering"))},
            "dataset": {"name": dataset, "type": dataset.lower(), "config": "default", "split": "test",
                        "revision": f"{chance.getrandbits(80):020x}"},
            "metrics": [{"type": metric, "name": metric.title(), "value": round(chance.random() * 100, 4),
                         "verified": chance.random() < 0.3} for metric in chance.sample(METRICS, 2)]}


def enlarge(row, chance, size):
    """What makes cards long on the Hub: languages, evaluations, a widget."""
    card = row.get("cardData") if isinstance(row.get("cardData"), dict) else {}
    row["cardData"] = card | {"model-index": [{"name": row["id"], "results": []}]}
    results, total = row["cardData"]["model-index"][0]["results"], len(json.dumps(row))
    while total < size:
        results.append(result(chance, chance.choice(("GLUE", "SQuAD", "MMLU", "HellaSwag", "WikiText", "ARC", "GSM8K"))))
        total += len(json.dumps(results[-1]))


def make_repos(folder, repos):
    """Rows of tests/data/hub under oids and names of their own. Kept for the next time."""
    folder = pathlib.Path(folder)
    done = folder / f"{repos}.done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    text = subprocess.run(["zstd", "-dcq", ROOT / "tests" / "data" / "hub" / "rows.jsonl.zst"], check=True,
                          capture_output=True).stdout
    rows = [row for row in map(json.loads, text.splitlines()) if row["repoType"] == "model"]
    names = []
    for number in range(repos):
        chance = random.Random(number)
        row = json.loads(json.dumps(rows[number % len(rows)]))
        del row["repoType"]
        row |= {"_id": f"{0x640000000000000000000000 + number * 977:024x}", "id": f"owner-{number % 500}/model-{number}",
                "sha": f"{chance.getrandbits(160):040x}", "createdAt": "2023-03-01T10:00:00.000Z",
                "lastModified": "2024-03-01T10:00:00.000Z", "downloads": chance.randrange(10000), "likes": chance.randrange(100)}
        row["author"] = row["id"].split("/")[0]
        enlarge(row, chance, chance.uniform(BYTES_MIN, BYTES_MAX))
        path = folder / "api" / "models" / row["id"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(row, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        names.append(row["id"])
    (folder / "names").write_text("\n".join(names) + "\n", encoding="utf-8")
    done.write_text("", encoding="ascii")


class SingleHub:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.tls_port, self.plain_port = free_port(), free_port()
        self.tls_url, self.plain_url = f"https://localhost:{self.tls_port}", f"http://127.0.0.1:{self.plain_port}"
        self.certificate = self.folder / "certificate.pem"
        self.names = (self.folder / "names").read_text(encoding="utf-8").splitlines()
        self.nginx = None

    def urls(self, base):
        """A file with every URL as relicensed asks for it."""
        path = self.folder / ("urls.tls" if base == self.tls_url else "urls.plain")
        path.write_text("".join(f"{base}/api/models/{name}?{QUERY}\n" for name in self.names), encoding="utf-8")
        return path

    def __enter__(self):
        http = HTTP.format(folder=self.folder, tls_port=self.tls_port, plain_port=self.plain_port)
        self.nginx = Nginx(self.folder, http, self.tls_port)
        self.nginx.__enter__()
        return self

    def __exit__(self, *_):
        self.nginx.__exit__()

# SPDX-License-Identifier: Apache-2.0
"""A listing of a Hub as static files behind nginx: HTTP/2 over TLS, gzip, chained Link headers.

    make_pages(folder, pages)               once, from hubsim: folder/pages/N.json.gz; folder/rows.jsonl has all rows
    with StaticHub(folder) as hub: ...      hub.url, hub.certificate, hub.page_urls
"""
import gzip
import json
import pathlib
import shutil
import sys

from nginx import Nginx, free_port

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "hubsim"))
from sim import Hubsim  # noqa: E402  pylint: disable=wrong-import-position

PAGE_ROWS = 1000
FIELDS = ("author cardData createdAt disabled downloads gated lastModified library_name likes pipeline_tag private sha "
          "tags").split()
QUERY = f"sort=createdAt&direction=1&limit={PAGE_ROWS}&" + "&".join(f"expand%5B%5D={field}" for field in FIELDS)

HTTP = """
    map_hash_max_size 16384;
    map_hash_bucket_size 128;
    map "$arg_sort:$arg_cursor" $page {{ default 404; ~^lastModified: empty; include {folder}/pages.map; }}
    map $page $next {{ default ""; include {folder}/next.map; }}
    map $next $link {{ "" ""; default '<https://localhost:{port}/api/models?{query}&cursor=$next>; rel="next"'; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        server_name localhost;
        location = /api/models {{
            root {folder}/pages;
            add_header Link $link;
            gzip_static always;
            rewrite ^ /$page.json break;
        }}
    }}
"""


def make_pages(folder, pages):
    """The listing of hubsim's made-up models, fetched once. Kept for the next time."""
    folder = pathlib.Path(folder)
    done = folder / f"{pages}.done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    path, number = "/api/models?" + QUERY, 0
    with Hubsim(generate=pages * PAGE_ROWS, kinds="models=1", quota="none") as hub, \
            open(folder / "rows.jsonl", "w", encoding="utf-8") as rows:
        while path:
            answer = hub.get(path)
            (folder / "pages" / f"{number}.json.gz").write_bytes(gzip.compress(answer.body, 6, mtime=0))
            rows.writelines(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in answer.json())
            path, number = answer.next_path(), number + 1
    assert number == pages, f"{number} pages instead of {pages}"
    (folder / "pages" / "empty.json.gz").write_bytes(gzip.compress(b"[]", 6, mtime=0))
    done.write_text("", encoding="ascii")


class StaticHub:
    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder).resolve(), free_port()
        self.pages = len(list((self.folder / "pages").glob("[0-9]*.json.gz")))
        self.url = f"https://localhost:{self.port}"
        self.certificate = self.folder / "certificate.pem"
        first = f"{self.url}/api/models?{QUERY}"
        self.page_urls = [first] + [f"{first}&cursor={number}" for number in range(1, self.pages)]
        self.nginx = None

    def __enter__(self):
        pages = ['createdAt: 0;'] + [f"createdAt:{number} {number};" for number in range(1, self.pages)]
        (self.folder / "pages.map").write_text("\n".join(pages) + "\n", encoding="ascii")
        following = [f"{number} {number + 1};" for number in range(self.pages - 1)]
        (self.folder / "next.map").write_text("\n".join(following) + "\n", encoding="ascii")
        self.nginx = Nginx(self.folder, HTTP.format(folder=self.folder, port=self.port, query=QUERY), self.port)
        self.nginx.__enter__()
        return self

    def __exit__(self, *_):
        self.nginx.__exit__()

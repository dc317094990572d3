#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""baseline_scrapy.py URLS DATABASE: what one would take for many single repos: Scrapy, and sqlite3 for what it brings.

64 requests at once, no delay, no cookies, no robots.txt; a repo's text goes zlib-compressed into a table, under its id, where
its hash differs from the one that is there. Prints requests and seconds.
"""
import hashlib
import json
import sqlite3
import sys
import time
import zlib

import scrapy
from scrapy.crawler import CrawlerProcess

SETTINGS = {"CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": False,
            "COOKIES_ENABLED": False, "RETRY_ENABLED": False, "REDIRECT_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "ERROR", "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7"}
COMMIT_EVERY = 1000


class Repos(scrapy.Spider):
    name = "repos"
    database, urls, seen = None, (), 0

    def start_requests(self):
        for url in self.urls:
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, response, **_):
        row = json.loads(response.body)
        digest = hashlib.blake2b(response.body, digest_size=16).digest()
        known = self.database.execute("SELECT hash FROM repo WHERE oid = ?", (row["_id"],)).fetchone()
        if not known or known[0] != digest:
            self.database.execute("INSERT OR REPLACE INTO repo VALUES (?, ?, ?)",
                                  (row["_id"], digest, zlib.compress(response.body, 1)))
        Repos.seen += 1
        if Repos.seen % COMMIT_EVERY == 0:
            self.database.commit()


def main():
    database = sqlite3.connect(sys.argv[2])
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE IF NOT EXISTS repo (oid TEXT PRIMARY KEY, hash BLOB, text BLOB)")
    with open(sys.argv[1], encoding="utf-8") as file:
        Repos.urls = file.read().split()
    Repos.database = database
    process = CrawlerProcess(SETTINGS)
    process.crawl(Repos)
    started = time.monotonic()
    process.start()
    database.commit()
    print(f"{Repos.seen} requests {time.monotonic() - started:.4f} s")


if __name__ == "__main__":
    main()

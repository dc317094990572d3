# SPDX-License-Identifier: Apache-2.0
"""Stands between the daemon and hubsim and spoils chosen answers: what the simulated Hub itself never does.

A rule is one line. To a request apply all that fit it and are for always, and the first that fits and has times left:

    TIMES TARGET ACTION ARGUMENTS...      TIMES a number or always; TARGET a pattern with * over path and query, ( for [
    always-with TEXT TARGET ACTION ...    where the Hub's own body holds TEXT

    status CODE [BODY [HEADER:VALUE]...]  that answer instead, application/json
    html CODE                             an error page as a content network sends it
    body TEXT                             this body under the Hub's own head, whatever the Hub said
    cut BYTES                             the connection ends after so many bytes of the body
    shorten BYTES                         only so many bytes of the body, with a head that fits them
    replace OLD NEW                       bytes of the body; \\xNN and \\n as in Python
    drop NAME                             a listing without this repo
    reverse                               a listing from its end
    nolink                                no next page
    link URL                              another next page; escapes as in replace
    encoding NAME                         another Content-Encoding
    header NAME VALUE                     another header; escapes as in replace, an empty value: none
"""
import fnmatch
import http.client
import http.server
import json
import shlex
import socket
import socketserver
import threading

ALWAYS = float("inf")
ERROR_PAGE = b"<!DOCTYPE html>\n<html><head><title>ERROR</title></head><body><h1>%d</h1><p>Request blocked.</p></body></html>\n"


def as_bytes(text):
    """`text` with Python's escapes, \\xNN being the byte NN."""
    return text.encode("utf-8").decode("unicode_escape").encode("latin-1")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body, self.keep_bytes = status, headers, body, None

    def replace_all(self, status, content_type, body):
        self.status, self.body = status, body
        self.headers = {"content-type": content_type}


def act_status(answer, code, body='{"error":"made by a test"}', *headers):
    answer.replace_all(int(code), "application/json", body.encode("utf-8"))
    answer.headers.update(header.split(":", 1) for header in headers)


def act_html(answer, code):
    answer.replace_all(int(code), "text/html", ERROR_PAGE % int(code))


def act_body(answer, text):
    answer.status, answer.body = 200, as_bytes(text)


def act_cut(answer, count):
    answer.keep_bytes = int(count)


def act_shorten(answer, count):
    answer.body = answer.body[:int(count)]


def act_replace(answer, old, new):
    answer.body = answer.body.replace(as_bytes(old), as_bytes(new))


def raw_rows(body):
    """Each row of a listing, parsed and as it was sent: numbers must not be written anew."""
    text, at, rows = body.decode("utf-8"), 1, []
    while text[at] != "]":
        row, end = json.JSONDecoder().raw_decode(text, at)
        rows.append((row, text[at:end]))
        at = end + (text[end] == ",")
    return rows


def as_body(rows):
    return ("[" + ",".join(raw for _, raw in rows) + "]").encode("utf-8")


def act_drop(answer, name):
    answer.body = as_body([row for row in raw_rows(answer.body) if row[0]["id"] != name])


def act_reverse(answer):
    answer.body = as_body(raw_rows(answer.body)[::-1])


def act_nolink(answer):
    answer.headers.pop("link", None)


def act_link(answer, url):
    answer.headers["link"] = f'<{as_bytes(url).decode("latin-1")}>; rel="next"'


def act_encoding(answer, name):
    answer.headers["content-encoding"] = name


def act_header(answer, name, value):
    answer.headers[name.lower()] = as_bytes(value).decode("latin-1")
    if not value:
        del answer.headers[name.lower()]


ACTIONS = {name.removeprefix("act_"): act for name, act in list(globals().items()) if name.startswith("act_")}


class Rule:
    def __init__(self, line):
        words = shlex.split(line)
        self.text = as_bytes(words.pop(1)) if words[0] == "always-with" else b""
        times, self.target, action, *self.arguments = words
        self.left = ALWAYS if times.startswith("always") else int(times)
        self.act = ACTIONS[action]
        self.line = line

    def fits(self, target, body):
        return self.left > 0 and self.text in body and fnmatch.fnmatchcase(target.replace("[", "("), self.target)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece

    def log_message(self, *_):
        pass

    def do_GET(self):
        proxy = self.server.proxy
        connection = http.client.HTTPConnection(proxy.hub_address, timeout=30)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("accept-encoding", "host", "connection")}
        try:
            connection.request("GET", self.path, headers=headers)
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()
        for rule in proxy.find(self.path, answer.body):
            rule.act(answer, *rule.arguments)
        self.send(answer)

    do_HEAD = do_GET

    def send(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name not in ("content-length", "connection", "transfer-encoding", "etag"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:answer.keep_bytes])
        if answer.keep_bytes is not None:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a daemon that was killed leaves its connections


class FaultProxy:
    """Listens at once; start() needs the address of the hubsim that was given `url` as --public-url."""

    def __init__(self):
        self.rules, self.lock, self.applied = [], threading.Lock(), []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.hub_address = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, hub_address):
        self.hub_address = hub_address
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        if self.hub_address:
            self.server.shutdown()
        self.server.server_close()

    def add(self, line):
        with self.lock:
            self.rules.append(Rule(line))

    def clear(self):
        with self.lock:
            self.rules.clear()

    def unused(self):
        """Rules with a number of times that were not all used: a test that tests nothing."""
        with self.lock:
            return [rule.line for rule in self.rules if 0 < rule.left < ALWAYS]

    def find(self, target, body):
        with self.lock:
            fit = [rule for rule in self.rules if rule.fits(target, body)]
            chosen = [rule for rule in fit if rule.left == ALWAYS] + [rule for rule in fit if rule.left < ALWAYS][:1]
            for rule in chosen:
                rule.left -= 1
                self.applied.append((rule.line, target))
            return chosen

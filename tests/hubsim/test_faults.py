# SPDX-License-Identifier: Apache-2.0
"""Each fault alone, on the wire: what a client sees is what the fault's table promises."""
import contextlib
import gzip
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sim import Hubsim, known_faults  # noqa: E402

LISTING = "/api/models?sort=createdAt&direction=1&limit=100&expand[]=cardData&expand[]=tags"
ELSEWHERE = "http://elsewhere.invalid:81"
TOKEN = "hf_valid"
GZIP = {"Accept-Encoding": "gzip"}


@contextlib.contextmanager
def hub_with(fault, share=1, **options):
    with Hubsim(**{"generate": 400, "kinds": "models=1", "quota": "none", "faults": {fault: share}, **options}) as hub:
        hub.fault = fault
        yield hub


def raw(hub, headers=(), timeout=1.5, path=LISTING, size=1 << 24):
    """What arrives until the end, and how it ends: closed, reset or silent."""
    connection = socket.create_connection(hub.address.split(":"), timeout=5)
    connection.settimeout(timeout)
    lines = [f"GET {path} HTTP/1.1", "Host: hub", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    arrived, end = b"", "more"
    try:
        while len(arrived) < size:
            part = connection.recv(65536)
            if not part:
                end = "closed"
                break
            arrived += part
    except ConnectionResetError:
        end = "reset"
    except socket.timeout:
        end = "silent"
    connection.close()
    return arrived, end


def split(arrived):
    head, _, body = arrived.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return lines[0], {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}, body


def names(answer):
    return [row["id"] for row in answer.json()]


# --- instead of the Hub's answer --------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault,status,words", [
    ("500", 500, b'{"error":'), ("502", 502, b"<!DOCTYPE html>"), ("503", 503, b'{"error":'), ("504", 504, b"<!DOCTYPE html>"),
    ("429-bare", 429, b"<!DOCTYPE html>"), ("redirect-loop", 307, b"Temporary Redirect"),
])
def test_status_and_body(fault, status, words):
    with hub_with(fault) as hub:
        answer = hub.get(LISTING)
        assert answer.status == status and answer.body.startswith(words)
        assert hub.stats()["faults"] == {fault: 1}
        if fault in ("502", "504", "429-bare"):
            assert "ratelimit" not in answer.headers and "x-powered-by" not in answer.headers
            assert answer.headers["x-cache"] == "Error from cloudfront"


def test_control_is_spared():
    with hub_with("500") as hub:
        assert hub.get("/sim/stats").status == 200 and hub.tick(3)
        hub.set_faults()
        assert hub.get(LISTING).status == 200
        assert hub.stats()["faults"] == {}


def test_429_with_nothing_left():
    with hub_with("429-empty", quota="api=50/300") as hub:
        answer = hub.get(LISTING)
        remaining, seconds = re.fullmatch(r'"api";r=(\d+);t=(\d+)', answer.headers["ratelimit"]).groups()
        assert (answer.status, remaining) == (429, "0") and 0 < int(seconds) <= 300
        assert answer.headers["ratelimit-policy"] == '"fixed window";"api";q=50;w=300'


def test_429_of_an_action():
    with hub_with("429-action", quota="api=50/300") as hub:
        answer = hub.get(LISTING)
        assert answer.status == 429 and answer.headers["ratelimit"].startswith('"api";r=49;')


def test_token_revoked_is_for_tokens_only():
    with hub_with("token-revoked", token=[TOKEN]) as hub:
        assert hub.get(LISTING).status == 200
        answer = hub.get(LISTING, token=TOKEN)
        assert answer.status == 401 and answer.json() == {"error": "Invalid credentials in Authorization header"}


def test_html_with_three_statuses():
    with hub_with("html") as hub:
        answers = [hub.get(LISTING) for _ in range(30)]
        assert {answer.status for answer in answers} == {200, 403, 503}
        assert all(answer.headers["content-type"] == "text/html" for answer in answers)


def test_garbage_is_no_json():
    with hub_with("garbage") as hub:
        answer = hub.get(LISTING)
        assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
        with pytest.raises(ValueError):
            answer.json()


def test_endless_goes_on():
    with hub_with("endless") as hub:
        arrived, end = raw(hub, size=8 << 20)
        assert end == "more" and arrived.startswith(b"HTTP/1.1 200 ")


def test_bomb_is_small_on_the_wire():
    with hub_with("bomb") as hub:
        answer = hub.request("GET", LISTING, headers=GZIP)
        assert len(answer.sent) < 1 << 20 and len(answer.body) == 256 << 20
        assert hub.get(LISTING).status == 200 and hub.happened("bomb") == 1  # nobody offers gzip, nobody gets it


def test_redirect_loop_leads_to_itself():
    with hub_with("redirect-loop") as hub:
        assert hub.get(LISTING).headers["location"] == LISTING


def test_redirect_to_another_host():
    with hub_with("redirect-host", elsewhere=ELSEWHERE) as hub:
        answer = hub.get(LISTING)
        assert (answer.status, answer.headers["location"]) == (307, ELSEWHERE + LISTING)


# --- the quota --------------------------------------------------------------------------------------------------------

def remaining(answer):
    return int(re.search(r"r=(\d+)", answer.headers["ratelimit"]).group(1))


def test_quota_halved_in_mid_window():
    with hub_with("quota-halved", share=0, quota="api=50/86400") as hub:
        assert remaining(hub.get(LISTING)) == 49
        hub.set_faults({"quota-halved": 1})
        answer = hub.get(LISTING)
        assert remaining(answer) == 23 and ";q=25;" in answer.headers["ratelimit-policy"]
        hub.set_faults()
        assert remaining(hub.get(LISTING)) == 22
        assert [hub.get(LISTING).status for _ in range(23)] == [200] * 22 + [429]


def test_quota_eaten_by_another():
    with hub_with("quota-eaten", quota="api=50/86400") as hub:
        assert [remaining(hub.get(LISTING)) for _ in range(3)] == [48, 46, 44]


# --- pages ------------------------------------------------------------------------------------------------------------

def test_link_to_another_host():
    with hub_with("link-host", elsewhere=ELSEWHERE) as hub:
        assert hub.get(LISTING).headers["link"].startswith("<" + ELSEWHERE + "/api/models?")


def test_link_missing_too_early():
    with hub_with("link-missing") as hub:
        assert len(hub.walk(LISTING)) == 100
        hub.get("/api/models?limit=1000")  # has no next page
        assert hub.happened("link-missing") == 1


def test_cursor_repeats():
    with hub_with("cursor-repeats", share=0) as hub:
        first = hub.get(LISTING)
        second = first.next_path()
        hub.set_faults({"cursor-repeats": 1})
        assert {hub.get(second).next_path() for _ in range(20)} == {second, LISTING}


def test_rows_twice():
    with hub_with("rows-twice", share=0) as hub:
        true = names(hub.get(LISTING))
        after = names(hub.get(hub.get(LISTING).next_path()))
        hub.set_faults({"rows-twice": 1})
        within = between = 0
        for _ in range(20):
            answer = hub.get(LISTING)
            shown, following = names(answer), names(hub.get(answer.next_path()))
            within += len(shown) == 101 and sorted(set(shown)) == sorted(true)
            between += shown == true and true[-1] in following and after[0] in following
        assert within and between and within + between == 20


def test_rows_vanish():
    with hub_with("rows-vanish", share=0) as hub:
        true = names(hub.get(LISTING))
        hub.set_faults({"rows-vanish": 1})
        shown = names(hub.get(LISTING))
        assert len(shown) == 99 and set(shown) < set(true)


def test_row_moves_to_the_next_page():
    with hub_with("row-moves", share=0) as hub:
        answer = hub.get(LISTING)
        true, second = names(answer), answer.next_path()
        hub.set_faults({"row-moves": 1})
        lengths = set()
        for _ in range(20):
            shown, following = names(hub.get(LISTING)), names(hub.get(second))
            lengths.add(len(shown))
            assert len(set(following) & set(true)) == 1
        assert lengths == {99, 100}


# --- the head ---------------------------------------------------------------------------------------------------------

def test_wrong_type_above_json():
    with hub_with("wrong-type") as hub:
        answer = hub.get(LISTING)
        assert answer.headers["content-type"].startswith("text/html") and len(answer.json()) == 100


def test_clock_skew():
    def date(answer):
        return time.mktime(time.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))
    with hub_with("clock-skew") as hub:
        shifts = [date(hub.get(LISTING)) - date(hub.get("/sim/stats")) for _ in range(30)]
        assert min(shifts) < -50 and max(shifts) > 50 and all(50 < abs(shift) < 610 for shift in shifts)


# --- on the way -------------------------------------------------------------------------------------------------------

def test_half_a_gzip_body():
    with hub_with("cut-gzip") as hub:
        connection = hub.connect()
        connection.request("GET", LISTING, headers=GZIP)
        answer = connection.getresponse()
        body = answer.read()
        assert int(answer.headers["Content-Length"]) == len(body) > 100
        with pytest.raises(EOFError):
            gzip.decompress(body)
        connection.close()


def test_content_length_beyond_the_body():
    with hub_with("wrong-length") as hub:
        arrived, end = raw(hub)
        _, headers, body = split(arrived)
        assert end == "closed" and int(headers["content-length"]) == len(body) + 1000


def test_reset_before_the_head():
    with hub_with("reset-before") as hub:
        assert raw(hub) == (b"", "reset")


def test_reset_within_the_head():
    with hub_with("reset-head") as hub:
        arrived, end = raw(hub)
        assert end == "reset" and arrived.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\n\r\n" not in arrived


def test_reset_within_the_body():
    with hub_with("reset-body") as hub:
        arrived, end = raw(hub)
        _, headers, body = split(arrived)
        assert end == "reset" and 0 < len(body) < int(headers["content-length"])


def test_stall_in_its_three_places():
    with hub_with("stall") as hub:
        kinds = set()
        for _ in range(12):
            arrived, end = raw(hub, timeout=0.2)
            assert end == "silent"
            kinds.add("body" if split(arrived)[2] else "head" if arrived else "nothing")
        assert kinds == {"nothing", "head", "body"}


def test_drip_is_slow_and_whole():
    with hub_with("drip") as hub:
        begin = time.monotonic()
        answer = hub.get("/api/models?limit=1")
        assert answer.json() and time.monotonic() - begin > 0.1 * (len(answer.sent) // 64)


# --- connections ------------------------------------------------------------------------------------------------------

def test_refuse_closes_the_socket_for_a_while():
    with hub_with("refuse") as hub:
        assert raw(hub) == (b"", "reset")
        refused = 0
        while True:
            try:
                socket.create_connection(hub.address.split(":")).close()
                break
            except ConnectionRefusedError:
                refused += 1
                time.sleep(0.01)
        assert refused > 5
        assert hub.happened("refuse") == 1


def handshake(hub):
    """HTTPS as a client does it that trusts the authority: the status, or what is wrong."""
    context = ssl.create_default_context(cafile=hub.ca_file)
    host, port = hub.address.split(":")
    connection = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
    try:
        connection.request("GET", LISTING)
        return connection.getresponse().status
    except ssl.SSLCertVerificationError as wrong:
        return wrong.verify_message
    except ssl.SSLError as wrong:
        return wrong.reason
    except ConnectionResetError:
        return "reset"
    finally:
        connection.close()


@pytest.mark.parametrize("fault,said", [("cert-expired", "certificate has expired"), ("plain-for-tls", "WRONG_VERSION_NUMBER")])
def test_tls_goes_wrong(fault, said):
    with hub_with(fault, share=0, tls=True) as hub:
        assert hub.url.startswith("https://") and handshake(hub) == 200
        hub.set_faults({fault: 1})
        assert handshake(hub) == "reset"
        assert handshake(hub) == said
        hub.set_faults()
        hub.stats()  # the trouble ends behind the answer to what is above
        assert handshake(hub) == 200


@pytest.mark.parametrize("fault", ["reset-head", "reset-body", "wrong-length"])
def test_faults_over_tls(fault):
    with hub_with(fault, tls=True) as hub:
        context = ssl.create_default_context(cafile=hub.ca_file)
        host, port = hub.address.split(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.request("GET", LISTING)
            connection.getresponse().read()
        connection.close()
        assert hub.happened(fault) == 1


# --- changes ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault,sign", [("date-past", -1), ("date-future", 1)])
def test_commit_dates(fault, sign):
    with hub_with(fault) as hub:
        hub.tick(50)
        rows = hub.get("/api/models?limit=1000&sort=lastModified&expand[]=lastModified").json()
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 60))
        assert hub.happened(fault) > 5
        assert (rows[0]["lastModified"] > now) == (sign > 0)


# --- drawing ----------------------------------------------------------------------------------------------------------

def statuses(hub):
    return [hub.get(LISTING).status for _ in range(60)]


def test_the_seed_decides():
    runs = []
    for seed in (1, 1, 2):
        with hub_with("500", 0.3, fault_seed=seed) as hub:
            runs.append(statuses(hub))
    assert runs[0] == runs[1] != runs[2]
    assert 5 < runs[0].count(500) < 35


def test_all_of_them_together():
    faults = known_faults()
    with Hubsim(generate=50, quota="none", faults="all=1") as hub:
        listed = {fault["name"]: fault["probability"] for fault in hub.get("/sim/faults").json()}
    assert listed.keys() == faults.keys() and len(listed) > 30
    assert sum(listed.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("text", ["stall", "stall=2", "stall=x", "none-such=0.1", "stall=0.1,,html=0.1", "=1"])
def test_lists_that_are_none(text):
    with Hubsim(quota="none", faults="500=1") as hub:
        assert hub.request("POST", "/sim/faults", text.encode()).status == 400
        assert hub.get("/api/models").status == 500  # as before
    program = os.environ.get("HUBSIM", "build/hubsim")
    done = subprocess.run([program, "--faults", text], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 64 and "--faults" in done.stderr


def test_help_lists_them():
    program = os.environ.get("HUBSIM", "build/hubsim")
    said = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=10, check=True).stdout
    for name, fault in known_faults().items():
        assert re.search(rf"^  {name} +{fault['stage']} +{re.escape(fault['help'])}$", said, re.M)


def test_what_did_not_arrive_was_not_told():
    with hub_with("reset-body") as hub:
        hub.tick(20)
        raw(hub, path="/api/models?limit=1000&expand[]=cardData")
        assert hub.truth(visible=True) == []

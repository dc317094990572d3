# SPDX-License-Identifier: Apache-2.0
"""The daemon as a process: signals from its first moment on, threads, standard error that nobody reads, what a debugger sees."""
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time

import pytest
from harness import BUILD, PATIENCE, ROOT, Hubsim, Ledger, wait_until

NO_HUB = "http://127.0.0.1:9"
NOBODY = 65534
IS_SANITIZED = "sanitize" in BUILD.parts


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def started(process):
    """It is past exec and the dynamic linker: signals are held from here on."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        blocked_or_caught = re.findall(r"^Sig(?:Blk|Cgt|Ign):\s+(\w+)", status.read(), re.M)
    return any(int(mask, 16) & 1 << (signal.SIGHUP - 1) for mask in blocked_or_caught)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE])
def test_signals_at_the_first_moment_end_nothing(tmp_path, number):
    with Hubsim(generate=1, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        with ledger.daemon() as daemon:
            while not started(daemon.process):
                pass
            daemon.process.send_signal(number)
            daemon.wait(lambda: hub.stats()["pages"])
            daemon.process.send_signal(number)
            assert daemon.stop() == 0


class Held:
    """A daemon that cannot start yet: its watch list is a FIFO that nobody has opened."""

    def __init__(self, tmp_path):
        self.fifo = tmp_path / "watch"
        os.mkfifo(self.fifo)
        self.ledger = Ledger(tmp_path, NO_HUB, watch_list=str(self.fifo))
        self.daemon = self.ledger.daemon()
        self.daemon.wait(lambda: self.waits_for_fifo())

    def waits_for_fifo(self):
        """Asleep: there is nothing else that it waits for so early."""
        with open(f"/proc/{self.daemon.process.pid}/stat", encoding="ascii") as stat:
            return started(self.daemon.process) and stat.read().rsplit(")", 1)[1].split()[0] == "S"

    def let_go(self):
        self.fifo.open("w", encoding="ascii").close()


def test_hangup_before_the_loop_runs_is_handled_by_it(tmp_path):
    held = Held(tmp_path)
    with held.daemon as daemon:
        held.ledger.configure(poll_interval="7s", watch_list=str(held.fifo))
        daemon.process.send_signal(signal.SIGHUP)
        held.let_go()
        daemon.wait(lambda: "event=reloaded option=poll_interval taken=yes" in daemon.said())


def test_asked_to_end_while_something_keeps_the_start(tmp_path):
    with Held(tmp_path).daemon as daemon:
        asked = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - asked < 3 * PATIENCE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_at_the_first_moment(tmp_path, number):
    ledger = Ledger(tmp_path, NO_HUB)
    with ledger.daemon() as daemon:
        while not started(daemon.process):
            pass
        daemon.process.send_signal(number)
        assert daemon.process.wait(2 * PATIENCE) == 0
    ledger.once(status=1)  # what it left can be gone on with


def test_asked_to_end_while_the_first_pages_come(tmp_path):
    """Two kinds have no repo: an empty first page is doubted, and asking once more must not outlast the end."""
    with Hubsim(generate=1, quota="none") as hub:
        for number in range(15):
            ledger = Ledger(tmp_path / str(number), hub.url)
            pages = hub.stats()["pages"]
            with ledger.daemon() as daemon:
                daemon.wait(lambda before=pages: hub.stats()["pages"] > before)
                daemon.process.terminate()
                assert daemon.finished(10 * PATIENCE) == 0


# --- threads -------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module", name="shim")
def processors_shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "processors.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, ROOT / "tests/tools/processors.c", "-ldl"], check=True)
    library.parent.chmod(0o755)
    return library


def threads(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/task"))


@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer must be loaded first")
@pytest.mark.parametrize("processors, most", [(1, 6), (2, 8), (256, 34)])
def test_threads_are_bounded(tmp_path, shim, processors, most):
    with Hubsim(generate=1, quota="none") as hub:
        ledger = Ledger(tmp_path, hub.url)
        ledger.environment |= {"LD_PRELOAD": str(shim), "PROCESSORS": str(processors)}
        with ledger.daemon() as daemon:
            daemon.wait(lambda: hub.stats()["pages"] and threads(daemon) > 1)
            assert threads(daemon) <= most


def test_the_unit_allows_the_threads():
    unit = (ROOT / "systemd/relicensed.service").read_text(encoding="ascii")
    assert 34 < int(re.search(r"^TasksMax=(\d+)", unit, re.M)[1])
    assert "LimitCORE=0" in unit


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_too_few_tasks_are_said():
    """A limit on tasks that the thread pool does not fit into is a message, not an abort."""
    def limited():
        resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
        as_nobody()
    arguments = [BUILD / "relicensed", "--config", "/dev/null", "--hub", NO_HUB, "--store", "/nowhere", "--once"]
    try:
        done = subprocess.run(arguments, capture_output=True, check=False, preexec_fn=limited, timeout=60)
    except PermissionError:
        pytest.skip("the programs lie where another user may not go")
    assert done.returncode == 71, done.stderr
    assert re.search(rb"relicensed: \d+ threads cannot be started: .*TasksMax=", done.stderr)


# --- standard error ------------------------------------------------------------------------------------------------------

class Unread:
    """A daemon whose standard error is this, and is not read."""

    def __init__(self, ledger, reading, writing, *arguments):
        self.reading = reading
        self.process = subprocess.Popen([ledger.relicensed, "--config", ledger.config_path, *arguments], stderr=writing,
                                        env=ledger.environment)
        os.close(writing)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.reading)

    def read(self):
        os.set_blocking(self.reading, False)
        said = b""
        try:
            while more := os.read(self.reading, 1 << 20):
                said += more
        except BlockingIOError:
            pass
        return said.decode()


def pipe():
    reading, writing = os.pipe()
    fcntl.fcntl(writing, 1031, 4096)  # F_SETPIPE_SZ
    return reading, writing


def unix_socket():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return one.detach(), other.detach()


def debugged(tmp_path, hub):
    """So much is logged that any buffer is full soon."""
    return Ledger(tmp_path, hub.url, poll_interval="1s", log_level="debug", page_rows="1", sweep_interval="1m")


@pytest.mark.parametrize("stream", [pipe, unix_socket])
def test_standard_error_that_nobody_reads(tmp_path, stream):
    """The crawl goes on, what does not fit is dropped, counted and reported; the end does not wait for a reader."""
    with Hubsim(generate=1000, quota="none") as hub:
        ledger = debugged(tmp_path, hub)
        with Unread(ledger, *stream()) as unread:
            wait_until("the crawl stands still", lambda: hub.stats()["pages"] >= 1000)
            said = unread.read()
            assert "event=started" in said

            def reported():
                nonlocal said
                said += unread.read()
                return "event=log-dropped" in said
            wait_until("dropped lines are not reported", reported)
            for line in said.splitlines()[:-1]:  # of the last one the beginning, perhaps
                assert re.match(r"\d{4}-\d\d-\d\dT\S+Z \w+ +event=", line), line
            unread.process.terminate()
            assert unread.process.wait(4 * PATIENCE) == 0
        assert ledger.metrics()["log_lines_dropped_total"] > 0


def test_the_last_lines_are_waited_for(tmp_path):
    """Somebody who reads slowly still gets them."""
    with Hubsim(generate=50, quota="none") as hub:
        ledger = debugged(tmp_path, hub)
        with Unread(ledger, *pipe(), "--once") as unread:
            said = ""
            while unread.process.poll() is None:
                time.sleep(0.01)
                said += unread.read()
            said += unread.read()
    assert said.splitlines()[-1].endswith("event=stopped complete=yes")


def test_whose_journal_it_is(tmp_path):
    """JOURNAL_STREAM is inherited: it counts only where it names our own standard error."""
    ledger = Ledger(tmp_path, NO_HUB, retries="0")
    for names_it in (False, True):
        reading, writing = os.pipe()
        about = os.fstat(writing)
        ledger.environment["JOURNAL_STREAM"] = f"{about.st_dev}:{about.st_ino}" if names_it else "9:123456"
        with Unread(ledger, reading, writing, "--once") as unread:
            unread.process.wait(60)
            said = unread.read()
        assert said.startswith("<5>event=started" if names_it else "20")


# --- what others may see -------------------------------------------------------------------------------------------------

@pytest.mark.skipif(IS_SANITIZED or os.geteuid() != 0, reason="needs root; a leak check looks at its own process")
@pytest.mark.parametrize("has_token", [True, False])
def test_a_token_is_hidden_from_the_same_user(has_token):
    """No core dump, no debugger of the same user: the kernel gives root the files in /proc of such a process."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        folder = pathlib.Path(folder)
        os.chown(folder, NOBODY, NOBODY)
        (folder / "hub-token").write_text("hf_secret\n", encoding="ascii")
        (folder / "hub-token").chmod(0o644)
        environment = os.environ | ({"CREDENTIALS_DIRECTORY": str(folder)} if has_token else {})
        arguments = [BUILD / "relicensed", "--config", "/dev/null", "--hub", NO_HUB, "--store", folder / "store"]
        try:
            process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=environment, preexec_fn=as_nobody)
        except PermissionError:
            pytest.skip("the programs lie where another user may not go")
        with process:
            wait_until("it does not start", (folder / "store" / "data.mdb").exists)
            assert os.stat(f"/proc/{process.pid}/mem").st_uid == (0 if has_token else NOBODY)
            process.terminate()

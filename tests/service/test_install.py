# SPDX-License-Identifier: Apache-2.0
"""README's install block, as printed, on a fresh machine with a real systemd; then what an operator does next."""
import os
import pathlib
import re
import shlex
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cases"))
from harness import BUILD  # noqa: E402  pylint: disable=wrong-import-position
from machine import Machine, why_not  # noqa: E402  pylint: disable=wrong-import-position

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

# The machine has no network: what `sudoedit` is asked to write, and a Hub on its own loopback.
SCRIPT = r"""
export USER=alice LC_ALL=C.UTF-8
rm -rf /var/lib/relicensed /etc/relicensed.conf
useradd --create-home alice; useradd --create-home eve
{build}/hubsim --port 0 --rows /trial/rows --quota none >/trial/hub &
until grep -q http /trial/hub; do sleep 0.05; done
sudo() {{ if [ "$1" = -u ]; then runuser -u "$2" -- "${{@:3}}"; else "$@"; fi; }}
sudoedit() {{ printf 'contact = tests@localhost\nhub = %s\n' "$(grep -o 'http://[0-9.:]*' /trial/hub)" >>"$1"; }}
relicense() {{ runuser -l alice -c "relicense $*"; }}
say() {{ printf '\n==== %s\n' "$1"; }}
cd {root}
{block}
say after
systemctl is-active relicensed
# the first sweep is over when the Hub's three kinds have a baseline
for _ in $(seq 200); do relicense status | grep -q 'baseline complete\|last full listing' && break; sleep 0.1; done
relicense show a/one
say stranger
runuser -l eve -c 'relicense status'; echo "exit $?"
say root
/usr/local/bin/relicense show a/one >/dev/null; echo "exit $?"
ls -ln /var/lib/relicensed | awk 'NR > 1 {{ print $3 == {uid}, $4 == {gid} }}' | sort -u
say reload
systemctl reload relicensed && systemctl is-active relicensed
say stop
time systemctl stop relicensed
journalctl -o cat -u relicensed | grep -c event=stopped
say again
make install | tail -n 1
say uninstall
make uninstall
systemctl cat relicensed 2>&1 | head -n 1
ls /usr/local/bin/relicense* /var/lib/relicensed /etc/relicensed.conf 2>&1
say end
"""


def install_block():
    """The commands of the first indented block after the heading, as a reader would paste them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.split("## Running it against the real Hub", 1)[1]
    block = re.search(r"\n\n((?:    .*\n)+)", text)[1]
    assert "make install" in block and "systemctl enable --now" in block and "usermod" in block
    return re.sub(r"^    ", "", block, flags=re.MULTILINE)


def make_environment():
    """What the programs were built with; another flag would build them all anew."""
    words = [word for word in shlex.split(os.environ.get("MAKEFLAGS", "")) if "=" in word and not word.startswith("-")]
    words += [f"{name}={os.environ[name]}" for name in ("CC", "CXX", "DEVELOPER", "CCACHE_BASEDIR", "CCACHE_NOHASHDIR")
              if name in os.environ]
    return "".join(f"export {shlex.quote(word)}\n" for word in [*words, "DEPS=no", f"BUILD={BUILD.relative_to(ROOT)}"])


@pytest.fixture(name="said", scope="module")
def said_fixture(tmp_path_factory):
    """What the machine printed, by the words of `say`."""
    script = SCRIPT.format(build=BUILD, root=ROOT, block=install_block(), uid='"\'$(id -u relicensed)\'"',
                           gid='"\'$(id -g relicensed)\'"')
    with Machine(tmp_path_factory.mktemp("machine")) as machine:
        machine.write("/trial/rows", '{"_id":"640000010000000000000001","id":"a/one","cardData":{"license":"mit"}}\n')
        output = machine.run(make_environment() + script)
    parts = re.split(r"^==== (\w+)\n", output, flags=re.MULTILINE)
    assert "end" in parts, output
    return {"block": parts[0]} | dict(zip(parts[1::2], parts[2::2]))


def test_as_printed_it_runs_and_answers(said):
    assert said["after"].startswith("active\n"), said
    assert "mit" in said["after"] and "a/one" in said["after"], said


def test_who_is_not_in_the_group_is_sent_there(said):
    assert "exit 77" in said["stranger"] and "usermod" in said["stranger"] and "relicensed" in said["stranger"]


def test_root_reads_and_leaves_nothing_of_its_own(said):
    assert said["root"].split() == ["exit", "0", "1", "1"]


def test_reload_and_stop(said):
    assert said["reload"].startswith("active")
    assert re.search(r"^1$", said["stop"], re.MULTILINE), said["stop"]
    minutes, seconds = re.search(r"real\s+(\d+)m([\d.]+)s", said["stop"]).groups()
    assert minutes == "0" and float(seconds) < 5, said["stop"]


def test_installed_again_it_keeps_the_configuration(said):
    assert said["again"].strip(), said


def test_uninstalled_it_leaves_configuration_and_store(said):
    assert "No files found for relicensed.service" in said["uninstall"], said["uninstall"]
    assert "No such file or directory" in said["uninstall"] and "data.mdb" in said["uninstall"]
    assert "/etc/relicensed.conf" in said["uninstall"]

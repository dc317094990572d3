# SPDX-License-Identifier: Apache-2.0
"""A machine with a real systemd, booted from this one in half a second and thrown away afterwards.

systemd-nspawn boots an overlay of / whose upper half lies on a tmpfs: what is installed there is seen, nothing of it stays.
It needs root and systemd-container. The network is the machine's own loopback alone.
"""
import pathlib
import shutil
import subprocess

BOOT_LIMIT_S = 120
TARGET = """\
[Unit]
Requires=basic.target dbus.service
Wants=trial.service
After=basic.target dbus.service
AllowIsolate=yes
"""
# The machine is switched off by whatever ends the script.
TRIAL = """\
[Unit]
After=basic.target dbus.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/usr/bin/timeout 90 /bin/bash /trial/script
StandardOutput=file:/trial/output
StandardError=inherit
"""


def why_not():
    """The reason why no machine can be booted here; None where it can."""
    if not shutil.which("systemd-nspawn"):
        return "systemd-nspawn is not installed (package systemd-container)"
    if subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip() != "0":
        return "only root may boot a machine"
    return None


class Machine:
    """One boot: run(script) plays a bash script as root once systemd is up; its output, and files of the machine after."""

    def __init__(self, directory):
        self.base = pathlib.Path(directory)
        self.root = self.base / "root"

    def __enter__(self):
        self.base.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.base], check=True)
        for name in ("upper", "work", "root"):
            (self.base / name).mkdir()
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir=/,upperdir={self.base}/upper,workdir={self.base}/work", self.root], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.root], check=False)
        subprocess.run(["umount", "-l", self.base], check=False)

    def write(self, path, text):
        path = self.root / path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, script):
        self.write("/etc/systemd/system/trial.target", TARGET)
        self.write("/etc/systemd/system/trial.service", TRIAL)
        self.write("/trial/script", script)
        boot = subprocess.run(["systemd-nspawn", "--quiet", "-D", self.root, "--register=no", "--keep-unit", "--private-network",
                               "--console=read-only", "-b", "systemd.unit=trial.target"], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=BOOT_LIMIT_S)
        output = self.root / "trial" / "output"
        if not output.exists():
            raise AssertionError(f"the machine never came to the script:\n{boot.stdout.decode('utf-8', 'replace')[-4000:]}"
                                 f"{boot.stderr.decode('utf-8', 'replace')[-4000:]}")
        return output.read_text(encoding="utf-8", errors="replace")

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# installed.sh SYSUSERS-FILE CONFIGURATION: the end of `make install` on a machine that is to run the service. Makes the user and
# group that the unit names, has systemd read its units again, and says what comes next.
set -e
if [ ! -d /run/systemd/system ]; then
    echo "systemd does not run here: no user was made and no unit was read. In the foreground: relicensed --config $2"
    exit 0
fi
systemd-sysusers "$1"
systemctl daemon-reload
if systemctl --quiet is-active relicensed; then
    echo "next: sudo systemctl restart relicensed"
else
    echo "next: set 'contact' in $2, then: sudo systemctl enable --now relicensed"
fi

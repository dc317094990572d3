#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_packages.sh PACKAGE...: installs those Debian packages that are missing; says the one line that it runs first.
set -eu

missing=
for package in "$@"; do
    # Node's own packages bring npm along and exclude Debian's.
    if [ "$package" = npm ] && command -v npm >/dev/null; then
        continue
    fi
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
fi
echo "${sudo:+$sudo }apt-get install -y --no-install-recommends$missing"

# Servers among them are for tests, which start their own: none may start by being installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$sudo rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of words
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

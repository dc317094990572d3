#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The official clients against hubsim: `tests/interop/run.sh BUILD_DIR`, where hubsim has been built. They are installed
# under BUILD_DIR/interop with the versions pinned here. Ends with `N passed, N failed`; 0 only if all passed.
set -eu

build=$(cd "${1:-build}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$build/interop
results=$work/results
mkdir -p "$work"
: >"$results"

install_python() {
	cmp -s "$here/requirements.txt" "$work/venv/installed.txt" && return
	rm -rf "$work/venv"
	/usr/bin/python3 -m venv "$work/venv" || return
	timeout 300 "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" || return
	cp "$here/requirements.txt" "$work/venv/installed.txt"
}

install_javascript() {
	cmp -s "$here/package-lock.json" "$work/javascript/installed.json" && return
	rm -rf "$work/javascript"
	mkdir -p "$work/javascript"
	cp "$here/package.json" "$here/package-lock.json" "$work/javascript/"
	(cd "$work/javascript" && timeout 300 npm ci --silent --no-audit --no-fund --ignore-scripts) || return
	cp "$here/package-lock.json" "$work/javascript/installed.json"
}

# check WHAT COMMAND...: its lines go to the screen and to the results; one that ends badly without saying so has failed.
check() {
	what=$1
	shift
	before=$(grep -c '^not ok ' "$results" || true)
	status=0
	"$@" >"$work/output" 2>"$work/errors" || status=$?
	tee -a "$results" <"$work/output"
	if [ "$status" -ne 0 ]; then
		cat "$work/errors"
		if [ "$(grep -c '^not ok ' "$results" || true)" = "$before" ]; then
			echo "not ok $what: exit status $status" | tee -a "$results"
		fi
	fi
}

export HUBSIM="$build/hubsim"
if install_python; then
	check python timeout 180 "$work/venv/bin/python" -u "$here/client.py"
	check analytics timeout 180 "$work/venv/bin/python" -u "$here/analytics.py" "$build"
else
	echo "not ok python: client and analytics could not be installed" | tee -a "$results"
fi
if install_javascript; then
	cd "$work/javascript"
	check javascript timeout 180 node "$here/client.mjs" "$HUBSIM" "$here/rows.jsonl"
else
	echo "not ok javascript: the client could not be installed" | tee -a "$results"
fi

passed=$(grep -c '^ok ' "$results" || true)
failed=$(grep -c '^not ok ' "$results" || true)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

#!/usr/bin/env bash
# The widget in a real browser, and clients that others wrote: builds what is
# tested, runs every *.test.mjs, and leaves nothing running. Needs Go, Node,
# npm and Chromium. Arguments are files of tests; without any, all are run.
#
# Exits non-zero if a test failed, or if one was skipped.
set -euo pipefail
cd "$(dirname "$0")"

chromium=${CHROMIUM:-/usr/bin/chromium}
[ -x "$chromium" ] || { echo "there is no $chromium: install Chromium (Debian: apt-get install chromium), or set CHROMIUM" >&2; exit 1; }

work=$(mktemp -d)
pid=
finish() {
	if [ -n "$pid" ]; then kill -- "-$pid" 2>/dev/null || true; fi
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The packages are those of the lock file; what is there already is not fetched again.
installed() { # DIR
	if ! cmp -s "$1/package-lock.json" "$1/node_modules/.daero-lock"; then
		npm --prefix "$1" ci --no-audit --no-fund --loglevel=error
		cp "$1/package-lock.json" "$1/node_modules/.daero-lock"
	fi
}
installed ../../web
installed .
npm --prefix ../../web run --silent build
node build.mjs
go build -C ../.. -tags nobadger,nomysql,nopgx -o "$work/server" ./test/browser/server
# As make build does it, so that what is compiled already is not compiled again.
go build -C ../.. -tags nobadger,nomysql,nopgx -trimpath -ldflags '-s -w' -o "$work/daero" ./cmd/daero

# A process group of its own: browsers and servers that a test left are ended
# with it. The servers also end with their standard input.
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(*.test.mjs)
export DAERO_TEST_SERVER=$work/server DAERO_TEST_GATEWAY=$work/daero CHROMIUM=$chromium
set -m
node --test --test-concurrency=2 --test-timeout=600000 --test-reporter=spec --test-reporter-destination=stdout \
	--test-reporter=tap --test-reporter-destination="$work/tap" "${files[@]}" </dev/null &
pid=$!
set +m
rc=0
wait "$pid" || rc=$?
kill -- "-$pid" 2>/dev/null || true
pid=
if grep -Eq '^# (skipped|todo|cancelled) [1-9]' "$work/tap"; then
	echo "something was skipped" >&2
	exit 1
fi
exit "$rc"

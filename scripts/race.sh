#!/usr/bin/env bash
# Runs tests under the race detector: scripts/race.sh [go test flags] PACKAGE...
#
# The detector itself can fail where bubbles of testing/synctest come and go by
# the thousand (golang/go#78156): "ThreadSanitizer: CHECK failed", or memory that
# it has damaged. Then, and only then, the tests are run again, up to three times.
# What it finds, and a test that fails, is never tried again.
set -euo pipefail

# The first is the detector's own check, the second the runtime's without the
# panic that a program's own mistake ends in.
broken='ThreadSanitizer: CHECK failed\|\(^\|"\)SIGSEGV: segmentation violation'

out=$(mktemp)
trap 'rm -f "$out"' EXIT
for try in 1 2 3; do
	rc=0
	"${GO:-go}" test -race "$@" >"$out" 2>&1 || rc=$?
	if [ "$rc" -eq 0 ] || [ "$try" -eq 3 ] || grep -q 'DATA RACE\|--- FAIL\|panic: ' "$out" ||
		! grep -q "$broken" "$out"; then
		cat "$out"
		exit "$rc"
	fi
	echo "try $try: the race detector itself failed: $(grep -m1 -o "$broken" "$out")" >&2
done

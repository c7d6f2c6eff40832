#!/usr/bin/env bash
# Runs every Fuzz* target of the module for FUZZTIME each (default 10s).
# Go fuzzes one target per run, so they are listed first. Exits 1 at the first
# target that fails, and when there is none: a rename must not empty the check.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
tags=${TAGS:-nobadger,nomysql,nopgx}
fuzztime=${FUZZTIME:-10s}

# fuzz runs one target. go test sometimes takes the end of the time itself for
# a failure (golang/go#75804): that, and nothing else, is run once more.
fuzz() {
	local out rc=0 try
	out=$(mktemp)
	for try in 1 2 3; do
		rc=0
		"$go" test -tags "$tags" -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" 2>&1 | tee "$out" || rc=$?
		if [ "$rc" -eq 0 ] || grep -q 'Failing input' "$out" || ! grep -q '^ *context deadline exceeded$' "$out"; then break; fi
		echo "go test took the end of the time for a failure: once more"
	done
	rm -f "$out"
	return "$rc"
}

count=0
for dir in $(grep -rlE --include='*_test.go' '^func Fuzz' . | grep -v -e '^./bin/' -e '^./bench/' | xargs -r -n1 dirname | sort -u); do
	for target in $("$go" test -tags "$tags" -list '^Fuzz' "$dir" | grep '^Fuzz'); do
		echo "== $dir $target"
		fuzz "$dir" "$target"
		count=$((count + 1))
	done
done
if [ "$count" -eq 0 ]; then
	echo "no fuzz target found" >&2
	exit 1
fi
echo "$count fuzz targets held for $fuzztime each"

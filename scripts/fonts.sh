#!/bin/bash
# Fetches the fonts of the maps from the npm registry: two static faces of
# Pretendard and their licence, unmodified, as scripts/fonts/package-lock.json
# pins them. Without npm or the registry it says what that means, and goes on:
# a build does not need them.
set -euo pipefail
cd "$(dirname "$0")/.."

to=captcha/mapquiz/city/fonts
faces=(Pretendard-Medium.otf Pretendard-Bold.otf)

have=yes
for f in "${faces[@]}" OFL.txt; do
	[ -s "$to/$f" ] || have=
done
[ -z "$have" ] || exit 0

without() {
	echo "fonts of the maps: $1: without them, and without Debian's fonts-nanum, maps are in English" >&2
	exit 0
}

command -v npm >/dev/null || without "npm is not there"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp scripts/fonts/package.json scripts/fonts/package-lock.json scripts/fonts/.npmrc "$work"
npm --prefix "$work" ci --ignore-scripts --no-audit --no-fund --loglevel=error >"$work/log" 2>&1 ||
	without "npm ci failed ($(tail -n 1 "$work/log"))"

from=$work/node_modules/pretendard
for f in "${faces[@]}"; do
	cp "$from/dist/public/static/$f" "$to/$f.new"
	mv "$to/$f.new" "$to/$f"
done
# The package names its licence and brings its text beside the files for the web.
licence=$(find "$from" -iname 'licen[cs]e*' -o -iname 'OFL*' | head -n 1)
[ -n "$licence" ] || without "the package brings no licence"
cp "$licence" "$to/OFL.txt"
echo "fonts of the maps: $(cd "$to" && echo *.otf)" >&2

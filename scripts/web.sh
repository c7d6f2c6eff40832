#!/bin/bash
# Builds what browsers get, into web/dist, where it changed. With "test" it runs
# the tests of it as well. Without Node.js, npm or the registry it says what that
# means, and goes on: the program works without, and says what is missing.
set -euo pipefail
cd "$(dirname "$0")/../web"

without() {
	echo "browser files: $1: the console and the captcha's widget are left out (see web/web.go)" >&2
	exit 0
}

# What is built is named by a hash of what it is built from.
sources() { cat package-lock.json package.json .npmrc tsconfig.json ./*.mjs $(find src -type f | LC_ALL=C sort) | sha256sum; }

command -v npm >/dev/null && command -v node >/dev/null || without "Node.js and npm are not there"
[ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ] || without "Node.js $(node --version) is too old, 20 is needed"

install() {
	cmp -s package-lock.json node_modules/.daero-lock && return
	local log
	log=$(npm ci --ignore-scripts --no-audit --no-fund --loglevel=error 2>&1) || without "npm ci failed ($(head -n 1 <<<"$log"))"
	cp package-lock.json node_modules/.daero-lock
}

if [ ! -f dist/console/index.html ] || [ "$(cat dist/widget/.daero 2>/dev/null)" != "$(sources)" ]; then
	install
	# From here on a failure is one: the sources are wrong, not the machine.
	npm run --silent check
	npm run --silent build
	sources >dist/widget/.daero
fi
if [ "${1:-}" = test ]; then
	install
	npm test --silent
	npm run --silent size
fi

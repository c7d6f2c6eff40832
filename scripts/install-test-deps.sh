#!/usr/bin/env bash
# Installs what only the comparisons and CI need, from Debian's packages:
# nginx and wrk for bench/gateway, haproxy for bench/peers, promtool (in the
# package prometheus) for the tests in observe. Other tests need only Go.
# Does nothing when all of it is there.
set -euo pipefail

declare -A package=([nginx]=nginx-light [wrk]=wrk [haproxy]=haproxy [promtool]=prometheus)

missing=()
for program in "${!package[@]}"; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
# RUNLEVEL=1 keeps the packages from starting their servers: the benchmarks
# start their own, on free ports.
"${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

#!/usr/bin/env bash
# Installs what only the comparisons and CI need, from Debian's packages:
# nginx and wrk for bench/gateway, haproxy for bench/peers, promtool (in the
# package prometheus) for the tests in observe, Java and Maven for the tests
# against real Apache Kafka, whose jars test/kafka/fetch.sh brings, PostgreSQL
# for those of driver/postgres. Other tests need only Go.
# Does nothing when all of it is there.
set -euo pipefail

declare -A package=([nginx]=nginx-light [wrk]=wrk [haproxy]=haproxy [promtool]=prometheus [java]=openjdk-17-jre-headless [mvn]=maven)

missing=()
for program in "${!package[@]}"; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
# PostgreSQL's server is not on the path.
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
fetch=$(dirname "$0")/../test/kafka/fetch.sh
[ ${#missing[@]} -eq 0 ] && exec "$fetch"

sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
# RUNLEVEL=1 keeps the packages from starting their servers: benchmarks and
# tests start their own.
"${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
"$fetch"

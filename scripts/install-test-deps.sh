#!/usr/bin/env bash
# Installs what only the comparisons and CI need, from Debian's packages:
# nginx and wrk for bench/gateway, haproxy for bench/peers, promtool (in the
# package prometheus) for the tests in observe, Java and Maven for the tests
# against real Apache Kafka, whose jars test/kafka/fetch.sh brings, PostgreSQL
# for those of driver/postgres, Redis for those of driver/valkey. For the
# CAPTCHA: Chromium for test/browser; Tesseract, PocketSphinx, eSpeak NG, Flite
# and a Hangul font for those who attack it and for what is drawn and spoken.
# Other tests need only Go.
# Does nothing when all of it is there.
set -euo pipefail

declare -A package=([nginx]=nginx-light [wrk]=wrk [haproxy]=haproxy [promtool]=prometheus [java]=openjdk-17-jre-headless [mvn]=maven
	[redis-server]=redis-server [chromium]=chromium [tesseract]=tesseract-ocr [espeak-ng]=espeak-ng [flite]=flite
	[pocketsphinx_continuous]=pocketsphinx)

# What brings no program is known by a file.
declare -A files=(
	[postgresql]='/usr/lib/postgresql/*/bin/postgres' # a server, not on the path
	[tesseract-ocr-kor]='/usr/share/tesseract-ocr/*/tessdata/kor.traineddata'
	[pocketsphinx-en-us]='/usr/share/pocketsphinx/model/en-us/en-us/mdef'
	[fonts-nanum]='/usr/share/fonts/truetype/nanum/NanumGothic.ttf'
)

missing=()
for program in "${!package[@]}"; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
for name in "${!files[@]}"; do
	compgen -G "${files[$name]}" >/dev/null || missing+=("$name")
done
fetch=$(dirname "$0")/../test/kafka/fetch.sh
[ ${#missing[@]} -eq 0 ] && exec "$fetch"

sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)

# The packages must not start their servers: benchmarks and tests start their
# own. RUNLEVEL=1 says so to what starts by init scripts, the policy to what
# starts by systemd; one that is there is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '"${sudo[@]}" rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
	"${sudo[@]}" chmod 755 "$policy"
fi

echo "installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
"$fetch"

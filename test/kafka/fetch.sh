#!/usr/bin/env bash
# Brings the jars of Apache Kafka from Maven Central, once: the newest 4.x and
# 3.9, about 100 MB each, into ~/.cache/daero/kafka (or $DAERO_KAFKA). Needs
# Java 17 and Maven. Does nothing where they are there.
set -euo pipefail
cd "$(dirname "$0")"

cache=${DAERO_KAFKA:-${XDG_CACHE_HOME:-$HOME/.cache}/daero/kafka}
for series in 4 3.9; do
	version=$(sed -n "/<id>$series<\/id>/,/<\/profile>/s:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p" pom.xml)
	[ -e "$cache/$series/kafka_2.13-$version.jar" ] && continue
	echo "fetching Apache Kafka $version" >&2
	rm -rf "$cache/$series" "$cache/$series.new"
	mkdir -p "$cache/$series.new"
	mvn -q -B -P"$series" dependency:copy-dependencies -DoutputDirectory="$cache/$series.new"
	mv "$cache/$series.new" "$cache/$series"
done

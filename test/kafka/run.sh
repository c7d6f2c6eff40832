#!/usr/bin/env bash
# Starts one Apache Kafka broker for a person, on 127.0.0.1:9092, until Ctrl-C.
# What is in it stays in bin/kafka-data; remove that to begin anew.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/fetch.sh"

cache=${DAERO_KAFKA:-${XDG_CACHE_HOME:-$HOME/.cache}/daero/kafka}/4
data=$here/../../bin/kafka-data
mkdir -p "$data"
cat >"$data/server.properties" <<-END
	process.roles=broker,controller
	node.id=1
	controller.quorum.voters=1@127.0.0.1:9093
	listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
	advertised.listeners=PLAINTEXT://127.0.0.1:9092
	controller.listener.names=CONTROLLER
	listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
	log.dirs=$data/log
	offsets.topic.replication.factor=1
	transaction.state.log.replication.factor=1
	transaction.state.log.min.isr=1
	share.coordinator.state.topic.replication.factor=1
	share.coordinator.state.topic.min.isr=1
END
cat >"$data/log4j2.properties" <<-END
	status = error
	rootLogger.level = warn
	rootLogger.appenderRef.out.ref = OUT
	appender.out.type = Console
	appender.out.name = OUT
	appender.out.layout.type = PatternLayout
	appender.out.layout.pattern = %d{ISO8601} %p %c: %m%n
END
java=(java -Xmx512m "-Dlog4j2.configurationFile=$data/log4j2.properties" -cp "$cache/*")
if [ ! -e "$data/log/meta.properties" ]; then
	id=$("${java[@]}" kafka.tools.StorageTool random-uuid)
	"${java[@]}" kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" >/dev/null
fi
echo "Apache Kafka on 127.0.0.1:9092; Ctrl-C ends it" >&2
exec "${java[@]}" kafka.Kafka "$data/server.properties"

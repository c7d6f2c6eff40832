package kafkatest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func (b *broker) properties() string { return filepath.Join(b.dir, "server.properties") }
func (b *broker) log() string        { return filepath.Join(b.dir, "server.log") }

// clusterID is any 16 bytes in base 64.
const clusterID = "ZGFlcm8tdGVzdC1rYWZrYQ"

// java is how a program of Kafka's is run: small, quick to start, and with its
// log in the broker's directory.
func (c *Cluster) java(b *broker, class string, args ...string) []string {
	return append([]string{
		"-Xmx320m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dlog4j2.configurationFile=" + filepath.Join(b.dir, "log4j2.properties"),
		"-Dlog4j.configuration=file:" + filepath.Join(b.dir, "log4j.properties"),
		"-cp", c.jars + "/*", class,
	}, args...)
}

// format makes a broker's directory with its settings and storage.
func (c *Cluster) format(b *broker) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	files := map[string]string{
		"server.properties": lines(c.settings(b)),
		"log4j2.properties": lines(map[string]string{
			"status": "error", "rootLogger.level": "info", "rootLogger.appenderRef.out.ref": "OUT",
			"appender.out.type": "File", "appender.out.name": "OUT", "appender.out.fileName": b.log(),
			"appender.out.layout.type": "PatternLayout", "appender.out.layout.pattern": "%d{ISO8601} %p %c: %m%n",
		}),
		"log4j.properties": lines(map[string]string{
			"log4j.rootLogger": "INFO, OUT", "log4j.appender.OUT": "org.apache.log4j.FileAppender",
			"log4j.appender.OUT.File": b.log(), "log4j.appender.OUT.layout": "org.apache.log4j.PatternLayout",
			"log4j.appender.OUT.layout.ConversionPattern": "%d{ISO8601} %p %c: %m%n",
		}),
	}
	for name, s := range files {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(s), 0o600); err != nil {
			return err
		}
	}
	args := c.java(b, "kafka.tools.StorageTool", "format", "-t", clusterID, "-c", b.properties())
	if out, err := exec.Command("java", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("broker %d: format: %w: %s", b.id, err, out)
	}
	return nil
}

func lines(m map[string]string) string {
	var s strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&s, "%s=%s\n", k, m[k])
	}
	return s.String()
}

// settings are those of a broker: replicated as far as there are brokers, and
// quick to notice when one is gone, so that tests need not wait for it.
func (c *Cluster) settings(b *broker) map[string]string {
	var voters []string
	for _, v := range c.brokers {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", v.id, v.host.Address, v.quor))
	}
	replicas, inSync := "1", "1"
	if c.o.Brokers > 2 {
		replicas, inSync = "3", "2"
	}
	s := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        fmt.Sprint(b.id),
		"controller.quorum.voters":       strings.Join(voters, ","),
		"listeners":                      fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://%s:%d", b.addr(), b.host.Address, b.quor),
		"advertised.listeners":           "PLAINTEXT://" + b.addr(),
		"controller.listener.names":      "CONTROLLER",
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"log.dirs":                       filepath.Join(b.dir, "data"),

		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,
		"unclean.leader.election.enable":                   "false",

		"auto.create.topics.enable":                "false",
		"group.initial.rebalance.delay.ms":         "0",
		"offsets.topic.num.partitions":             "4",
		"transaction.state.log.num.partitions":     "4",
		"num.io.threads":                           "4",
		"num.network.threads":                      "2",
		"log.cleaner.dedupe.buffer.size":           fmt.Sprint(4 << 20),
		"broker.heartbeat.interval.ms":             "500",
		"broker.session.timeout.ms":                "3000",
		"controller.quorum.fetch.timeout.ms":       "2000",
		"group.consumer.min.heartbeat.interval.ms": "500",
		"group.consumer.heartbeat.interval.ms":     "500",
		"replica.lag.time.max.ms":                  "6000",
	}
	maps.Copy(s, c.o.Settings)
	return s
}

package kafka

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Durability is what must be kept, and how well.
type Durability struct {
	// Durable asks for messages that survive the loss of a broker with its disk.
	// It counts in [Report.Err].
	Durable bool
	// Keep is how long messages must be there. Default 24 h.
	Keep time.Duration
	// MaxBytes is the largest message that topics must take. Default: that of
	// the Log.
	MaxBytes int
}

// Finding is something about a cluster that somebody should know before
// trusting it.
type Finding struct {
	Topic string // "" is the whole cluster
	// Refuse says that "durable" cannot be promised with it.
	Refuse bool
	What   string // a sentence with its cure
}

// String returns the sentence with its topic.
func (f Finding) String() string {
	if f.Topic == "" {
		return f.What
	}
	return fmt.Sprintf("topic %s: %s", f.Topic, f.What)
}

// Report is what a cluster is, and what was found.
type Report struct {
	Version  string // as far as it can be told, for example v4.1
	Cluster  string // its id
	Brokers  int    // that take part
	Embedded bool   // it is the one in the program
	Findings []Finding

	durable bool
}

// Err is nil unless "durable" was asked for and cannot be promised: then it has
// every reason.
func (r Report) Err() error {
	var errs []error
	for _, f := range r.Findings {
		if r.durable && f.Refuse {
			errs = append(errs, errors.New(f.String()))
		}
	}
	return errors.Join(errs...)
}

// Warnings are the findings that are no reason to refuse.
func (r Report) Warnings() []string {
	var out []string
	for _, f := range r.Findings {
		if !r.durable || !f.Refuse {
			out = append(out, f.String())
		}
	}
	return out
}

// standing is what is known of a topic.
type standing struct {
	topic      string
	missing    bool
	denied     bool // its settings may not be seen
	replicas   int  // of the partition with the fewest
	behind     int  // partitions with a replica that is not in sync
	minInSync  int
	unclean    bool
	policy     string // cleanup.policy
	keep       retention
	maxBytes   int // 0: not known
	mayBeAhead time.Duration
}

// findings says what is wrong with a topic.
func (s standing) findings(want Durability) (fs []Finding) {
	say := func(refuse bool, format string, args ...any) {
		fs = append(fs, Finding{s.topic, refuse, fmt.Sprintf(format, args...)})
	}
	if s.missing {
		say(true, "it is not there: make it, or let it be made")
		return fs
	}
	if s.replicas < 3 {
		say(true, "it has %s: with fewer than 3, a disk that dies may take messages with it; make it anew with replication factor 3, or reassign its partitions", count(s.replicas, "replica", "replicas"))
	}
	if s.behind > 0 {
		say(false, "%s not in sync now: see to the broker that is behind or away", count(s.behind, "partition has a replica that is", "partitions have replicas that are"))
	}
	if s.denied {
		say(true, "its settings may not be seen, so nothing can be said about them: allow DescribeConfigs on the topic")
		return fs
	}
	if s.minInSync < 2 {
		say(true, "min.insync.replicas is %d: a message is acknowledged while a single replica has it; set it to 2", s.minInSync)
	} else if s.minInSync >= s.replicas {
		say(false, "min.insync.replicas is %d of %d replicas: nothing can be written while one broker is away; set it to %d", s.minInSync, s.replicas, s.replicas-1)
	}
	if s.unclean {
		say(true, "unclean.leader.election.enable is on: a replica that misses acknowledged messages may become the leader, and they are gone; turn it off")
	}
	if strings.Contains(s.policy, "compact") {
		say(true, "cleanup.policy is %s: of messages with one key only the last is kept, delivered or not; set it to delete", s.policy)
	}
	if s.keep.age > 0 && s.keep.age < want.Keep {
		say(true, "retention.ms keeps messages for %v, needed are %v: what waits for longer is lost; raise it", s.keep.age, want.Keep)
	}
	if s.keep.bytes >= 0 {
		say(false, "retention.bytes deletes the oldest above %d bytes per partition, delivered or not: remove it, or see that it is never reached", s.keep.bytes)
	}
	if s.maxBytes > 0 && s.maxBytes < want.MaxBytes {
		say(false, "max.message.bytes is %d, messages may be up to %d: those between are refused; raise it", s.maxBytes, want.MaxBytes)
	}
	if s.mayBeAhead > 0 && s.mayBeAhead < time.Minute {
		say(false, "message.timestamp.after.max.ms is %v: messages from a machine whose clock is ahead are refused; raise it to 1 min or more", s.mayBeAhead)
	}
	return fs
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// footing is what is known of a cluster as a whole.
type footing struct {
	version        string
	major, minor   int // 0: not known
	brokers        int
	embedded       bool
	elr            bool          // eligible leader replicas
	placesFor      time.Duration // how long a group's place is kept without a member, 0: not known
	placesReplicas int           // 0: the topic is not there yet
}

// findings says what is wrong with a cluster.
func (c footing) findings(want Durability) (fs []Finding) {
	say := func(refuse bool, format string, args ...any) {
		fs = append(fs, Finding{"", refuse, fmt.Sprintf(format, args...)})
	}
	if c.embedded {
		say(true, "the log is in the program, on one machine in one copy: name a Kafka cluster")
		return fs
	}
	if c.brokers < 3 {
		say(true, "%s: with fewer than 3 brokers there is no third copy; add brokers", count(c.brokers, "broker", "brokers"))
	}
	if c.major > 0 && (c.major < 3 || c.major == 3 && c.minor < 9) {
		say(false, "the brokers are %s: nothing before 3.9 is tested; upgrade", c.version)
	}
	if c.major >= 4 && !c.elr {
		say(false, "eligible leader replicas are off: when all replicas in sync are gone one after the other, the last may come back without its newest messages and lead; turn eligible.leader.replicas.version on")
	}
	if c.placesFor > 0 && c.placesFor < max(want.Keep, 7*24*time.Hour) {
		say(false, "offsets.retention.minutes keeps the place of a group without members for %v: one that stops for longer begins at the oldest again; raise it to what topics keep", c.placesFor)
	}
	if c.placesReplicas > 0 && c.placesReplicas < 3 {
		say(true, "the topic of the groups' places has %s: with the broker the places are gone, and messages come again; raise the replication factor of __consumer_offsets to 3", count(c.placesReplicas, "replica", "replicas"))
	}
	return fs
}

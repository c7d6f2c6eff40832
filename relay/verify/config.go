package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/driver/kafka"
)

// Role is what a process does.
type Role string

// The roles.
const (
	Acceptor Role = "acceptor" // takes records over HTTP and keeps them in the log
	Relay    Role = "relay"    // delivers them
	Target   Role = "target"   // takes deliveries and writes them into the ledger
	Broker   Role = "broker"   // is the log
)

// Config describes a run.
type Config struct {
	// Records is how many are written, over all keys. Default 20,000.
	Records int
	// Kills is how many processes are killed meanwhile. Default 40.
	Kills int
	// Keys is how many keys the records have, each with a writer. Default 64.
	Keys int
	// Seed draws who is killed and when. Default 1.
	Seed uint64
	// Brokers are the addresses of a Kafka cluster. Default: the broker that is
	// in the program, in a process of its own, in a directory that goes at the
	// end.
	Brokers []string
	// TLS and SASL are how Brokers are reached, without SASL.Token: a password
	// is handed to the processes on their standard input.
	TLS  *kafka.TLS
	SASL kafka.SASL
	// Cluster kills the brokers of Brokers. Default: they are not killed.
	Cluster Cluster
	// Topic is the name of the topic that is made for the run, with the time
	// and the seed added. Default "daero-verify". It is deleted at the end.
	Topic string
	// Partitions of the topic. Default 6.
	Partitions int
	// Spool has the acceptor keep records on disk while the log is away;
	// otherwise it refuses them and the writers come again.
	Spool bool
	// Patience is how long nothing may arrive before what has not is taken to be
	// lost. Default 60 s.
	Patience time.Duration
	// Command starts a process of this program: what follows calls [Child]
	// with its arguments. Default: the running program with "relay verify-child".
	Command []string
	// Dir is where ledgers and logs are kept. Default: a directory that goes
	// at the end.
	Dir string
	// Progress is told how far the run is, about ten times per second.
	Progress func(Progress)
	// Broken makes one part do what it must not, to see that it is noticed.
	Broken Broken
}

// Cluster is a Kafka cluster whose brokers can be killed.
type Cluster interface {
	// Size is how many brokers there are.
	Size() int
	// Kill is kill -9 of broker i, from 0.
	Kill(i int) error
	// Restart starts broker i again and returns when it takes part again. It may
	// still be catching up.
	Restart(ctx context.Context, i int) error
}

// Broken is a part that does what it must not.
type Broken string

// The ways in which a run can be made to fail.
const (
	CommitsEarly Broken = "relay-commits-early"    // done before it is delivered: records are lost
	Gateless     Broken = "relay-without-gate"     // keys do not wait: their order is lost
	AnswersEarly Broken = "acceptor-answers-early" // 202 before the log has it: records are lost
	Forgets      Broken = "target-forgets"         // 200, but not in the ledger: records are lost
	Repeats      Broken = "relay-repeats"          // some are delivered twice for no cause
)

// Progress is how far a run is.
type Progress struct {
	Acked, Delivered, Records int
	Kills, OfKills            int
}

func (c Config) withDefaults() Config {
	c.Records = cmp.Or(c.Records, 20_000)
	c.Kills = cmp.Or(c.Kills, 40)
	c.Keys = min(cmp.Or(c.Keys, 64), c.Records)
	c.Seed = cmp.Or(c.Seed, 1)
	c.Topic = cmp.Or(c.Topic, "daero-verify")
	c.Partitions = cmp.Or(c.Partitions, 6)
	c.Patience = cmp.Or(c.Patience, time.Minute)
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	for _, n := range []struct {
		name     string
		n, least int
		most     int
	}{
		{"records", c.Records, 1, 10_000_000},
		{"kills", c.Kills, 0, 100_000},
		{"keys", c.Keys, 1, 10_000},
		{"partitions", c.Partitions, 1, 1000},
	} {
		if n.n != 0 && (n.n < n.least || n.n > n.most) {
			errs = append(errs, fmt.Errorf("%s %d: use %d to %d", n.name, n.n, n.least, n.most))
		}
	}
	if c.Cluster != nil && len(c.Brokers) == 0 {
		errs = append(errs, errors.New("a cluster without addresses: set brokers"))
	}
	if c.SASL.Token != nil {
		errs = append(errs, errors.New("a source of tokens cannot be handed to other processes: use a user and a password"))
	}
	return errors.Join(errs...)
}

// Result is what a run shows.
type Result struct {
	Acked     int `json:"acked"`     // records acknowledged
	Delivered int `json:"delivered"` // of them, how many arrived
	Lost      int `json:"lost"`      // how many did not
	// Duplicated counts deliveries beyond a record's first; Unexplained those
	// among them that no kill explains, and InFlightBound how many the kills can
	// have caused: what was under way, or done and not committed.
	Duplicated    int `json:"duplicated"`
	Unexplained   int `json:"duplicated_unexplained"`
	InFlightBound int `json:"in_flight_bound"`
	// OrderViolations counts records that came before an earlier one of their key.
	OrderViolations int `json:"order_violations"`
	// WrongIDs counts deliveries with another idempotency key than the writer's.
	WrongIDs int `json:"wrong_ids"`
	Kills    int `json:"kills"`
	// Killed says how often which role was killed.
	Killed  map[Role]int `json:"killed"`
	Seed    uint64       `json:"seed"`
	Seconds float64      `json:"seconds"`
	Broker  string       `json:"broker"` // embedded, or kafka
	// Resent counts requests that writers sent again, and Spooled records that
	// were acknowledged out of the spool.
	Resent  int  `json:"resent"`
	Spooled int  `json:"spooled"`
	OK      bool `json:"ok"`
	// Findings describes the first things that are wrong.
	Findings []string `json:"findings,omitempty"`
}

// ID is the idempotency key of a record.
func ID(r Record) string { return fmt.Sprintf("verify-%d-%d", r.Key, r.N) }

package fleetlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay"
)

// Topic is where readings go by default.
const Topic = "daero.readings"

// MinSecret is how long a secret must be, in bytes.
const MinSecret = 32

// Log is what readings go through. A *kafka.Log of driver/kafka is one.
type Log interface {
	// Append is that of [relay.Log].
	Append(m *relay.Message, done func(at relay.Position, err error))
	// Tail calls fn with what is appended to a topic from now on, one at a time,
	// until ctx ends. An error is something that does not pass by itself.
	Tail(ctx context.Context, topic string, fn func(*relay.Message)) error
}

// Config describes a gateway's membership in a fleet.
type Config struct {
	Log Log
	// Topic that all of the fleet write and read. Default [Topic]. It needs no
	// more than one partition, and minutes of retention.
	Topic string
	// Fleet is how the level is found. Its Node is required; its Run is, by
	// default, the time of [New].
	Fleet fleet.Config
	// Every is how often a reading is written. Default 1 s, at most half of
	// Fleet.Stale. A level that rises is told at once.
	Every time.Duration
	// Measure returns how much this gateway carries, in requests per second, and
	// where its signals stand. It is called from a goroutine of Run, and may ask
	// the Control. Default: nothing is told of either.
	Measure func(now time.Time) (weight float64, signals []fleet.Height)
	// Build and Config are fingerprints of what runs here, at most
	// [fleet.MaxName] bytes: who differs is shown.
	Build, Config string
	// Secrets sign readings: the first signs, all verify. Default: readings are
	// not signed, and signatures not looked at.
	Secrets [][]byte
	// Record is told when the fleet raises this gateway and when it ends, when
	// nobody is heard any more, and of a twin. It is called from
	// [Member.Agree] and must neither wait nor ask the Control. Default: nobody is.
	Record func(audit.Entry)
}

const (
	defaultEvery = time.Second
	leastEvery   = 200 * time.Millisecond // also between two readings
)

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	errs := []error{c.Fleet.Validate()}
	if c.Log == nil {
		errs = append(errs, errors.New("fleet: has no log: configure one, or leave the fleet out"))
	}
	stale := c.Fleet.Stale
	if stale == 0 {
		stale = fleet.DefaultStale
	}
	if c.Every != 0 && (c.Every < leastEvery || c.Every > stale/2) {
		errs = append(errs, fmt.Errorf("fleet: a reading every %s: must be %s to %s, half of what makes one stale", c.Every, leastEvery, stale/2))
	}
	for i, s := range c.Secrets {
		if len(s) < MinSecret {
			errs = append(errs, fmt.Errorf("fleet: secret %d has %d bytes: use at least %d", i+1, len(s), MinSecret))
		}
	}
	for _, f := range []struct{ what, v string }{{"build", c.Build}, {"config", c.Config}} {
		if len(f.v) > fleet.MaxName {
			errs = append(errs, fmt.Errorf("fleet: fingerprint of the %s has %d bytes: at most %d", f.what, len(f.v), fleet.MaxName))
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults(now time.Time) Config {
	if c.Topic == "" {
		c.Topic = Topic
	}
	if c.Every == 0 {
		c.Every = defaultEvery
	}
	if c.Fleet.Run == 0 {
		c.Fleet.Run = uint64(max(now.UnixMilli(), 1))
	}
	if c.Measure == nil {
		c.Measure = func(time.Time) (float64, []fleet.Height) { return 0, nil }
	}
	if c.Record == nil {
		c.Record = func(audit.Entry) {}
	}
	return c
}

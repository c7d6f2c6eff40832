package relay

import (
	"errors"
	"fmt"
	"time"
)

// Bounds of what is accepted.
const (
	// MaxMessage is the most that a topic may be told to take, in bytes.
	MaxMessage = 16 << 20
	// MaxKey bounds a message's key, in bytes: keys are held in memory for as
	// long as one of their messages is under way.
	MaxKey = 4096
	// MaxID bounds an idempotency key, in bytes.
	MaxID = 255

	maxTopicName  = 249 // Kafka's own
	maxHeaderName = 255
	maxHeaders    = 1024
	maxHeaderSize = 1 << 20
	maxRemember   = 10_000_000
)

// acceptDefaults fills in what accepting needs.
func (c Config) acceptDefaults() Config {
	if c.AcceptWithin == 0 {
		c.AcceptWithin = 5 * time.Second
	}
	if c.Remember == 0 {
		c.Remember = 100_000
	}
	topics := make([]Topic, len(c.Topics))
	for i, t := range c.Topics {
		topics[i] = t.withDefaults()
	}
	c.Topics = topics
	return c
}

func (t Topic) withDefaults() Topic {
	if t.MaxBytes == 0 {
		t.MaxBytes = 1_000_000
	}
	if t.MaxHeaders == 0 {
		t.MaxHeaders = 64
	}
	if t.MaxHeaderBytes == 0 {
		t.MaxHeaderBytes = 16 << 10
	}
	return t
}

// validateAccept reports every mistake in what accepting needs.
func (c Config) validateAccept() (errs []error) {
	if c.Log == nil {
		errs = append(errs, errors.New("no log: say where messages are kept"))
	}
	if c.AcceptWithin < 0 || c.AcceptWithin > 10*time.Minute {
		errs = append(errs, fmt.Errorf("accept within %s: must be above 0 and at most 10m, or 0 for 5s", c.AcceptWithin))
	}
	if c.Remember < 0 || c.Remember > maxRemember {
		errs = append(errs, fmt.Errorf("remember %d: must be 1 to %d idempotency keys, or 0 for 100,000", c.Remember, maxRemember))
	}
	seen := make(map[string]bool, len(c.Topics))
	for _, t := range c.Topics {
		errs = append(errs, t.validate(c.Spool != nil)...)
		if seen[t.Name] {
			errs = append(errs, fmt.Errorf("topic %s: declared twice: take one of the two out", t.Name))
		}
		seen[t.Name] = true
	}
	return errs
}

func (t Topic) validate(spool bool) (errs []error) {
	if err := TopicName(t.Name); err != nil {
		return []error{err}
	}
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("topic "+t.Name+": "+format, args...))
	}
	if t.Order > NoOrder {
		bad("no such order: use key, partition or none")
	}
	if t.MaxBytes < 0 || t.MaxBytes > MaxMessage {
		bad("max bytes %d: must be 1 to %d, or 0 for 1,000,000", t.MaxBytes, MaxMessage)
	}
	if t.MaxHeaders < 0 || t.MaxHeaders > maxHeaders {
		bad("max headers %d: must be 1 to %d, or 0 for 64", t.MaxHeaders, maxHeaders)
	}
	if t.MaxHeaderBytes < 0 || t.MaxHeaderBytes > maxHeaderSize {
		bad("max header bytes %d: must be 1 to %d, or 0 for 16 KiB", t.MaxHeaderBytes, maxHeaderSize)
	}
	if t.Outage > Spool {
		bad("no such way through an outage: use refuse or spool")
	}
	if t.Outage == Spool && !spool {
		bad("it is to be spooled while the log is away, and there is no spool: give the relay one, or refuse")
	}
	return errs
}

// TopicName says why a name cannot be that of a topic, nil if it can. The rules
// are Kafka's.
func TopicName(name string) error {
	switch {
	case name == "":
		return errors.New("a topic without a name: name it")
	case len(name) > maxTopicName:
		return fmt.Errorf("topic %.32q...: its name is longer than %d bytes", name, maxTopicName)
	case name == "." || name == "..":
		return fmt.Errorf("topic %q: a name must be more than dots", name)
	}
	for i := range len(name) {
		if c := name[i]; !alnum(c) && c != '.' && c != '_' && c != '-' {
			return fmt.Errorf("topic %q: a name is made of letters, digits, dots, - and _", name)
		}
	}
	return nil
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

package relay

import (
	"errors"
	"fmt"
	"time"
)

// Bounds of a delivery.
const (
	maxInFlight = 10_000
	maxDrain    = 5 * time.Minute
	minBytes    = 1 << 20
)

// deliverDefaults fills in what delivering needs.
func (c Config) deliverDefaults() Config {
	ds := make([]Delivery, len(c.Deliveries))
	for i, d := range c.Deliveries {
		ds[i] = d.withDefaults()
	}
	c.Deliveries = ds
	return c
}

func (d Delivery) withDefaults() Delivery {
	def(&d.Group, "daero."+d.Name)
	def(&d.InFlight, 512)
	def(&d.Timeout, 30*time.Second)
	def(&d.Bytes, 64<<20)
	def(&d.PerKey, 1000)
	def(&d.Drain, 10*time.Second)
	def(&d.Remember, 4096)
	def(&d.Retry.First, 100*time.Millisecond)
	def(&d.Retry.Max, 30*time.Second)
	def(&d.Retry.InPlace, time.Minute)
	def(&d.Retry.Attempts, 20)
	def(&d.Retry.For, time.Hour)
	def(&d.Retry.Budget, 0.1)
	def(&d.Circuit.Failures, 10)
	def(&d.Circuit.Probe, time.Second)
	def(&d.DeadLetters.Topic, d.Name+".dead")
	def(&d.DeadLetters.PerMinute, 100)
	def(&d.DeadLetters.Redrives, 3)
	return d
}

// def sets *p where it is zero.
func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// ParkedTopic is where a group keeps the messages of parked keys of a topic.
func ParkedTopic(topic, group string) string { return topic + ".parked." + group }

// parks reports whether keys are parked at all. Where a whole partition waits,
// parking its messages would move the partition.
func (d Delivery) parks() bool { return d.Retry.InPlace > 0 && d.Order != ByPartition }

// validateDeliver reports every mistake in what delivering needs.
func (c Config) validateDeliver() (errs []error) {
	names, groups := map[string]bool{}, map[string]string{}
	for _, d := range c.Deliveries {
		d = d.withDefaults()
		errs = append(errs, d.validate()...)
		if names[d.Name] {
			errs = append(errs, fmt.Errorf("delivery %s: declared twice: take one of the two out", d.Name))
		}
		names[d.Name] = true
		for _, t := range d.Topics {
			if o, ok := groups[d.Group+" "+t]; ok && o != d.Name {
				errs = append(errs, fmt.Errorf("delivery %s: shares topic %s and group %s with %s, so each would get a part of it: give it a group of its own", d.Name, t, d.Group, o))
			}
			groups[d.Group+" "+t] = d.Name
		}
	}
	return errs
}

func (d Delivery) validate() (errs []error) {
	if d.Name == "" {
		return []error{errors.New("a delivery without a name: name it")}
	}
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("delivery %s: %s", d.Name, fmt.Sprintf(format, args...)))
	}
	if d.Handler == nil {
		bad("no handler: say who takes the messages")
	}
	if len(d.Topics) == 0 {
		bad("no topics: say what is delivered")
	}
	errs = append(errs, d.validateTopics()...)
	if d.Order > NoOrder {
		bad("no such order: use key, partition or none")
	}
	inRange(bad, "in flight", d.InFlight, 1, maxInFlight)
	inRange(bad, "timeout", d.Timeout, time.Millisecond, time.Hour)
	inRange(bad, "bytes", d.Bytes, minBytes, 1<<40)
	inRange(bad, "per key", d.PerKey, 1, 1_000_000)
	inRange(bad, "drain", d.Drain, 10*time.Millisecond, maxDrain)
	inRange(bad, "remember", d.Remember, -1, 1_000_000)
	if !(d.Rate >= 0 && d.Rate <= 1e6) {
		bad("rate %v: must be up to 1,000,000 per second, 0 for no bound", d.Rate)
	}
	return append(errs, d.validateRetries()...)
}

func (d Delivery) validateTopics() (errs []error) {
	seen := map[string]bool{}
	check := func(what, name string) {
		if err := TopicName(name); err != nil {
			errs = append(errs, fmt.Errorf("delivery %s: %s%w", d.Name, what, err))
		}
	}
	for _, t := range d.Topics {
		check("", t)
		if d.parks() {
			check("parked messages: ", ParkedTopic(t, d.Group))
		}
		if t == d.DeadLetters.Topic {
			errs = append(errs, fmt.Errorf("delivery %s: its dead letters go to %s, which it delivers: name another topic", d.Name, t))
		}
		if seen[t] {
			errs = append(errs, fmt.Errorf("delivery %s: topic %s twice: take one of the two out", d.Name, t))
		}
		seen[t] = true
	}
	check("dead letters: ", d.DeadLetters.Topic)
	return errs
}

func (d Delivery) validateRetries() (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("delivery %s: %s", d.Name, fmt.Sprintf(format, args...)))
	}
	r := d.Retry
	inRange(bad, "first retry", r.First, time.Millisecond, time.Hour)
	inRange(bad, "longest time between retries", r.Max, r.First, 24*time.Hour)
	inRange(bad, "attempts", r.Attempts, 1, 1_000_000)
	inRange(bad, "retries for", r.For, time.Millisecond, 365*24*time.Hour)
	if !(r.Budget > 0 && r.Budget <= 1) {
		bad("retry budget %v: must be a share of attempts, above 0 and up to 1", r.Budget)
	}
	inRange(bad, "circuit failures", d.Circuit.Failures, 1, 1_000_000)
	inRange(bad, "circuit probe", d.Circuit.Probe, time.Millisecond, time.Hour)
	inRange(bad, "dead letters per minute", d.DeadLetters.PerMinute, 1, 1_000_000)
	inRange(bad, "redrives", d.DeadLetters.Redrives, 1, 1000)
	return errs
}

func inRange[T int | int64 | time.Duration](bad func(string, ...any), what string, v, least, most T) {
	if v < least || v > most {
		bad("%s %v: must be %v to %v", what, v, least, most)
	}
}

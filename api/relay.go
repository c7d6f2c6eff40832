package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// Deliveries is what runs of a relay.
type Deliveries interface {
	Snapshot(now time.Time) relay.Snapshot
	Pause(name string, p relay.Pause) error
	Resume(name string) (was bool, err error)
}

// Relay is what the API needs of a relay.
type Relay struct {
	Deliveries Deliveries
	// State says whether all of it works, and why not; Log where messages wait,
	// and how full that is.
	State func() (up bool, why error)
	Log   func() RelayLogDoc
	// Reader looks at the log.
	Reader func() (relay.Reader, error)
	// Redrive takes messages back out of the dead letters.
	Redrive Redriver
	// Targets are the deliveries of the configuration, running or not.
	Targets []RelayTarget
}

// RelayTarget is a delivery as it is configured.
type RelayTarget struct {
	Name, Group string
	Topics      []string
	DeadLetters string // their topic
	To          string // without what may be secret
}

// RelayLogDoc is where messages wait.
type RelayLogDoc struct {
	Kind string `json:"kind"` // kafka or embedded
	// Copies says how many machines must be lost before messages are: one where
	// the log is in the program.
	Note     string `json:"note,omitempty"`
	Bytes    int64  `json:"bytes,omitempty"`
	MaxBytes int64  `json:"max_bytes,omitempty"`
}

// RelayDoc is what a relay does. Counters only grow.
type RelayDoc struct {
	At         time.Time       `json:"at"`
	Up         bool            `json:"up"`
	Error      string          `json:"error,omitempty"`
	Log        RelayLogDoc     `json:"log"`
	Topics     []RelayTopicDoc `json:"topics"`
	Deliveries []DeliveryDoc   `json:"deliveries"`
	Spool      *SpoolDoc       `json:"spool,omitempty"`
}

// RelayTopicDoc is how accepting for a topic fares.
type RelayTopicDoc struct {
	Topic    string `json:"topic"`
	Accepted uint64 `json:"accepted"`
	Spooled  uint64 `json:"spooled"`
	Repeated uint64 `json:"repeated"`
	Unknown  uint64 `json:"unknown"`
	Refused  uint64 `json:"refused"`
	Invalid  uint64 `json:"invalid"`
	Bytes    uint64 `json:"bytes"`
}

// DeliveryDoc is how a delivery fares.
type DeliveryDoc struct {
	Name    string       `json:"name"`
	Group   string       `json:"group"`
	To      string       `json:"to,omitempty"`
	Topics  []string     `json:"topics"`
	Running bool         `json:"running"`
	Paused  *relay.Pause `json:"paused,omitempty"`
	// Revision names what people did to it by hand, see POST relay/deliveries/{name}/pause.
	Revision uint64 `json:"revision"`
	// Redriving is a redrive that goes on.
	Redriving   *RedrivingDoc `json:"redriving,omitempty"`
	Circuit     string        `json:"circuit,omitempty"`
	Limit       int           `json:"limit"`
	Rate        *float64      `json:"rate,omitempty"` // per second at most, 0 none; missing without a bound
	InFlight    int           `json:"in_flight"`
	Waiting     int           `json:"waiting"`
	Bytes       int64         `json:"waiting_bytes"`
	Blocked     int           `json:"blocked_keys"`
	Parked      int           `json:"parked_keys"`
	HotKey      int           `json:"hot_key_waiting"`
	Lag         int64         `json:"lag"`
	Oldest      float64       `json:"oldest_seconds"`
	Delivered   uint64        `json:"delivered"`
	Attempts    uint64        `json:"attempts"`
	Retries     uint64        `json:"retries"`
	Rejected    uint64        `json:"rejected"`
	Dead        uint64        `json:"dead_letters"`
	Repeated    uint64        `json:"repeated"`
	Deferrals   uint64        `json:"deferrals"`
	Parkings    uint64        `json:"parkings"`
	Partitions  int           `json:"partitions"`
	DeadLetters string        `json:"dead_letters_topic,omitempty"`
	QueueRates
	ByTopic []TopicLagDoc `json:"by_topic"`
	// Held are some of the keys that wait for a retry, the first that are due.
	Held []HeldKeyDoc `json:"held_keys"`
}

// SpoolDoc is how the spool fares.
type SpoolDoc struct {
	Depth    int64   `json:"depth"`
	Bytes    int64   `json:"bytes"`
	MaxBytes int64   `json:"max_bytes"`
	Oldest   float64 `json:"oldest_seconds"`
	Poisoned string  `json:"poisoned,omitempty"`
}

// relayOf returns the relay, or says that there is none.
func (c *call) relayOf() (*Relay, error) {
	if c.Relay != nil {
		if r := c.Relay(); r != nil {
			return r, nil
		}
	}
	return nil, notFound("no relay is configured: add a relay block to the global option daero")
}

func showRelay(c *call) error {
	r, err := c.relayOf()
	if err != nil {
		return err
	}
	now := c.Now()
	s := r.Deliveries.Snapshot(now)
	doc := RelayDoc{At: now, Log: r.Log(), Topics: []RelayTopicDoc{}, Deliveries: []DeliveryDoc{}}
	up, why := r.State()
	doc.Up = up
	if why != nil {
		doc.Error = why.Error()
	}
	for _, t := range s.Topics {
		doc.Topics = append(doc.Topics, RelayTopicDoc{
			Topic: t.Topic, Accepted: t.Accepted, Spooled: t.Spooled, Repeated: t.Repeated, Unknown: t.Unknown,
			Refused: t.Refused, Invalid: t.Invalid, Bytes: t.Bytes,
		})
	}
	seen := lookAt(s)
	before, known := c.looks.since(seen)
	for _, target := range r.Targets {
		d := deliveryDoc(target, s)
		d.Revision, d.Redriving = c.Deeds.revision(deliveryThings(target.Name)...), c.Deeds.redriving(target.Name)
		if known && d.Running {
			d.QueueRates = ratesBetween(before, seen, d.Name)
		}
		doc.Deliveries = append(doc.Deliveries, d)
	}
	if sp := s.Spool; sp != nil {
		doc.Spool = &SpoolDoc{Depth: sp.Depth, Bytes: sp.Bytes, MaxBytes: sp.MaxBytes, Oldest: since(now, sp.Oldest), Poisoned: sp.Poisoned}
	}
	return c.send(http.StatusOK, doc)
}

func deliveryDoc(target RelayTarget, s relay.Snapshot) DeliveryDoc {
	doc := DeliveryDoc{Name: target.Name, Group: target.Group, To: target.To, Topics: target.Topics, DeadLetters: target.DeadLetters, ByTopic: []TopicLagDoc{}, Held: []HeldKeyDoc{}}
	i := slices.IndexFunc(s.Deliveries, func(d relay.DeliverySnapshot) bool { return d.Name == target.Name })
	if i < 0 {
		return doc
	}
	d := s.Deliveries[i]
	doc.Running, doc.Group, doc.Paused, doc.Circuit, doc.Limit = true, d.Group, d.Paused, d.Circuit, d.Limit
	doc.InFlight, doc.Waiting, doc.Bytes, doc.Blocked, doc.Parked, doc.HotKey = d.InFlight, d.Waiting, d.Bytes, d.Blocked, d.Parked, d.HotKeyWaiting
	doc.Delivered, doc.Attempts, doc.Retries, doc.Rejected, doc.Dead = d.Delivered, d.Attempts, d.Retries, d.Rejected, d.DeadLettered
	doc.Repeated, doc.Deferrals, doc.Parkings, doc.Partitions = d.Repeated, d.Deferrals, d.Parkings, len(d.Partitions)
	if d.Rate >= 0 {
		doc.Rate = &d.Rate
	}
	doc.ByTopic, doc.Held = byTopic(s.At, d.Partitions), heldKeys(s.At, d.Held)
	for _, p := range d.Partitions {
		doc.Lag += max(p.End-p.Finished, 0)
		doc.Oldest = max(doc.Oldest, since(s.At, p.Oldest))
	}
	return doc
}

// since is how long ago t was, in seconds; 0 if it was not.
func since(now, t time.Time) float64 {
	if t.IsZero() || t.After(now) {
		return 0
	}
	return now.Sub(t).Seconds()
}

// target is the delivery that a path names.
func (c *call) target() (*Relay, string, error) {
	r, err := c.relayOf()
	if err != nil {
		return nil, "", err
	}
	name := c.r.PathValue("name")
	return r, name, r.has(name)
}

// has says if there is no delivery of a name, and which there are.
func (r *Relay) has(name string) error {
	known := make([]string, len(r.Targets))
	for i, t := range r.Targets {
		known[i] = t.Name
	}
	if slices.Contains(known, name) {
		return nil
	}
	return notFound(fmt.Sprintf("no delivery %q (known: %s)", clip(name), strings.Join(known, ", ")))
}

// relayFailed says what an error of the relay means to who asked.
func relayFailed(err error) error {
	for _, known := range []error{relay.ErrAway, relay.ErrUnknown, relay.ErrFull} {
		if errors.Is(err, known) {
			return problem{Status: http.StatusServiceUnavailable, Kind: "log-away", Title: "The log does not answer", Detail: err.Error()}
		}
	}
	switch {
	case errors.Is(err, relay.ErrNoTopic):
		return notFound(err.Error())
	case errors.As(err, new(stoppedError)):
		return conflict("stopped", "The redrive was stopped", err.Error())
	case errors.Is(err, ErrRedriving):
		return conflict("redriving", "One redrive at a time", err.Error())
	}
	return err
}

package deferred

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/relay"
)

// Prefix is where tickets are asked about, by default.
const Prefix = "/daero/deferred/"

// Config describes a Desk.
type Config struct {
	// Lanes are those whose requests can be deferred, named "login", or
	// "api/login" of a backend that is not the default.
	Lanes map[string]Lane
	// Accept keeps a message: a [relay.Relay]'s. Required.
	Accept func(ctx context.Context, m *relay.Message) (relay.Receipt, error)
	// Answers keeps what the service answered. Required.
	Answers Store
	// Shared says that several gateways share Answers and the topics: then what
	// others have delivered is looked up there.
	Shared bool
	// Ask asks for the lane's permit to deliver a request, as Daero.Deliver does.
	// Without one, after says when to ask again. Default: nobody is asked.
	Ask func(ctx context.Context, lane string, user uint64) (permit *lane.Permit, after time.Duration, err error)
	// Pace is how many requests of a lane may be delivered per second: 0 none,
	// below 0 as many as the lane bears. It must be quick. Default: as many.
	Pace func(lane string) float64
	// User finds the user of a request, 0 for nobody, as the one who asks the
	// lanes does: then a ticket is good for its own user only. Default: whoever
	// has the ticket may ask.
	User func(*http.Request) uint64
	// Secrets sign tickets: the first signs, all verify. Several gateways must
	// have the same, and tickets outlive a restart only with one. At least 32
	// bytes each. Default: one that ends with the process.
	Secrets [][]byte
	// Prefix is where tickets are asked about. Default [Prefix].
	Prefix string
	// Waiting bounds how many requests this process may have taken and not yet
	// seen delivered; above it requests are refused. About 500 bytes each.
	// Default 100,000.
	Waiting int
	// PerUser bounds how many of them may be one user's. Default 100.
	PerUser int
}

// Lane says how requests of a lane are kept and delivered.
type Lane struct {
	// Topic of the relay that keeps them. It must be ordered by key, and nobody
	// else may write to it. Required.
	Topic string
	// Target is where the service is; its path goes before the request's own.
	// Required.
	Target *url.URL
	// Send sends a request. Redirects must not be followed. Default: a transport
	// of its own.
	Send http.RoundTripper
	// Keep are headers that are kept besides [KeptHeaders], such as Authorization
	// or X-Team-*; secrets are named in full. They stand in the log as they are.
	Keep []string
	// Answered are headers of the answer that are kept besides [AnsweredHeaders].
	Answered []string
	// Within is how long a request may wait: after it, it is not delivered any
	// more. Default 1 h, at most 7 days.
	Within time.Duration
	// AnswersFor is how long the answer is kept. Default 24 h.
	AnswersFor time.Duration
	// MaxBytes bounds a request's body, AnswerBytes that of the answer: a larger
	// one is not kept, and who asks is told so. Default 960 KiB and 256 KiB.
	MaxBytes, AnswerBytes int64
	// Timeout bounds one attempt. Default 30 s.
	Timeout time.Duration
	// Tries is how many times a request is delivered that the service answers
	// with an error of its own (5xx, but not 502, 503 and 504). Default 5.
	Tries int
}

// Defaults of Config.
const (
	DefaultWithin      = time.Hour
	DefaultAnswersFor  = 24 * time.Hour
	DefaultMaxBytes    = 960 << 10
	DefaultAnswerBytes = 256 << 10
	DefaultTimeout     = 30 * time.Second
	DefaultTries       = 5
	DefaultWaiting     = 100_000
	DefaultPerUser     = 100
	maxKept            = 7 * 24 * time.Hour
	maxBytes           = 16 << 20
	minSecret          = 32
)

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	var errs []error
	if c.Accept == nil {
		errs = append(errs, errors.New("deferred: nothing accepts messages: set Accept"))
	}
	if c.Answers == nil {
		errs = append(errs, errors.New("deferred: nothing keeps answers: set Answers"))
	}
	for i, s := range c.Secrets {
		if len(s) < minSecret {
			errs = append(errs, fmt.Errorf("deferred: secret %d has %d bytes: it must have at least %d", i+1, len(s), minSecret))
		}
	}
	if c.Waiting < 0 || c.PerUser < 0 {
		errs = append(errs, errors.New("deferred: how many may wait must be above 0, or 0 for the default"))
	}
	tags := map[uint32]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Lanes)) {
		if err := c.Lanes[name].validate(); err != nil {
			errs = append(errs, fmt.Errorf("deferred: lane %s: %w", name, err))
		}
		if other, taken := tags[laneTag(name)]; taken {
			errs = append(errs, fmt.Errorf("deferred: lanes %s and %s cannot be told apart in a ticket: rename one", other, name))
		}
		tags[laneTag(name)] = name
	}
	return errors.Join(errs...)
}

func (l Lane) validate() error {
	var errs []error
	if l.Topic == "" {
		errs = append(errs, errors.New("has no topic: name one"))
	}
	if l.Target == nil || l.Target.Host == "" || l.Target.Scheme != "http" && l.Target.Scheme != "https" {
		errs = append(errs, errors.New("has no target: name one like http://127.0.0.1:9000"))
	}
	for what, d := range map[string]time.Duration{"within": l.Within, "answers": l.AnswersFor} {
		if d < 0 || d > 0 && d < time.Second || d > maxKept {
			errs = append(errs, fmt.Errorf("%s %s: must be 1s to %s", what, d, maxKept))
		}
	}
	if l.MaxBytes < 0 || l.MaxBytes > maxBytes || l.AnswerBytes < 0 || l.AnswerBytes > maxBytes {
		errs = append(errs, fmt.Errorf("bodies of %d and answers of %d bytes: at most %d each", l.MaxBytes, l.AnswerBytes, maxBytes))
	}
	if bad := badNames(l.Keep, l.Answered); bad != nil {
		errs = append(errs, fmt.Errorf("headers %q: none has such a name: write one like X-App-State or X-App-*", bad))
	}
	if l.Timeout < 0 || l.Tries < 0 {
		errs = append(errs, errors.New("a timeout and tries must be above 0, or 0 for the default"))
	}
	return errors.Join(errs...)
}

// counter is a lane, ready for use.
type counter struct {
	Lane
	name   string
	keep   allow
	answer allow
}

// settings are a Config, ready for use.
type settings struct {
	Config
	lanes map[string]*counter
	tags  map[uint32]*counter
	mint  mint
}

// prepare fills in defaults. own signs where no secret is given.
func (c Config) prepare(own []byte) *settings {
	s := &settings{Config: c, lanes: map[string]*counter{}, tags: map[uint32]*counter{}, mint: mint{c.Secrets}}
	if len(c.Secrets) == 0 {
		s.mint = mint{[][]byte{own}}
	}
	s.Prefix = cmp.Or(c.Prefix, Prefix)
	s.Waiting, s.PerUser = cmp.Or(c.Waiting, DefaultWaiting), cmp.Or(c.PerUser, DefaultPerUser)
	if c.Pace == nil {
		s.Pace = func(string) float64 { return -1 }
	}
	for name, l := range c.Lanes {
		l.Within, l.AnswersFor = cmp.Or(l.Within, DefaultWithin), cmp.Or(l.AnswersFor, DefaultAnswersFor)
		l.MaxBytes, l.AnswerBytes = cmp.Or(l.MaxBytes, DefaultMaxBytes), cmp.Or(l.AnswerBytes, DefaultAnswerBytes)
		l.Timeout, l.Tries = cmp.Or(l.Timeout, DefaultTimeout), cmp.Or(l.Tries, DefaultTries)
		if l.Send == nil {
			l.Send = transport()
		}
		k := &counter{Lane: l, name: name, keep: allowOf(KeptHeaders(), l.Keep), answer: allowOf(AnsweredHeaders(), l.Answered)}
		s.lanes[name], s.tags[laneTag(name)] = k, k
	}
	return s
}

func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone() // which it is
	t.Proxy, t.DisableCompression = nil, true            // the target is named, and the answer is kept as it comes
	t.MaxIdleConnsPerHost = 512
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

func newSecret() []byte {
	b := make([]byte, minSecret)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return b
}

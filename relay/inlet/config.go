package inlet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// Acceptor is what the inlet needs of a relay.
type Acceptor interface {
	Accept(ctx context.Context, m *relay.Message) (relay.Receipt, error)
}

// Config describes an inlet.
type Config struct {
	Relay Acceptor
	// Topics that can be written to, as the relay has them.
	Topics []relay.Topic
	// Writers are who may write. Without any nobody may.
	Writers []Writer
	// Prefix of the path, before the topic's name. Default "/daero/relay/".
	Prefix string
	// InFlight bounds the messages of one writer that wait to be kept. Default
	// 1,024.
	InFlight int
	// Reading bounds the requests of one writer of which the body is read.
	// Default 1,024.
	Reading int
	// Held bounds the bytes of bodies that are in memory; one writer may hold
	// half of them. Default 256 MiB.
	Held int64
	// Within bounds how long a body may take to come. Default 30 s.
	Within time.Duration
}

// Writer is who may write to a topic. One writer has an entry for each of its
// topics, and may have several for one, so that tokens can be changed.
type Writer struct {
	// Name of the writer, kept with its messages: idempotency keys are one
	// writer's. Required.
	Name  string
	Topic string
	// Token is the SHA-256 of what it shows as a bearer token, see [Hash].
	Token [32]byte
	// Cert is the certificate that it shows, instead of a token: the subject as
	// CN=NAME or whole as in RFC 4514, or DNS=NAME or URI=NAME of its other
	// names. It counts if the server has verified it.
	Cert string
}

// Bounds of configuration.
const (
	maxWriters  = 10_000
	maxWriter   = 200
	maxInFlight = 1_000_000
	leastHeld   = 1 << 20
)

func (c Config) withDefaults() Config {
	if c.Prefix == "" {
		c.Prefix = "/daero/relay/"
	}
	if c.InFlight == 0 {
		c.InFlight = 1024
	}
	if c.Reading == 0 {
		c.Reading = 1024
	}
	if c.Held == 0 {
		c.Held = 256 << 20
	}
	if c.Within == 0 {
		c.Within = 30 * time.Second
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Relay == nil {
		bad("no relay: say who accepts the messages")
	}
	if !strings.HasPrefix(c.Prefix, "/") || !strings.HasSuffix(c.Prefix, "/") {
		bad("prefix %q: must begin and end with a slash", c.Prefix)
	}
	if c.InFlight < 0 || c.InFlight > maxInFlight {
		bad("in flight %d: must be 1 to %d, or 0 for 1,024", c.InFlight, maxInFlight)
	}
	if c.Reading < 0 || c.Reading > maxInFlight {
		bad("reading %d: must be 1 to %d, or 0 for 1,024", c.Reading, maxInFlight)
	}
	if c.Held < leastHeld {
		bad("held %d: must be at least %d bytes, or 0 for 256 MiB", c.Held, leastHeld)
	}
	if c.Within < 0 {
		bad("within %s: must be above 0, or 0 for 30s", c.Within)
	}
	topics := map[string]bool{}
	for _, t := range c.Topics {
		if err := relay.TopicName(t.Name); err != nil {
			errs = append(errs, err)
		}
		topics[t.Name] = true
	}
	if len(c.Writers) > maxWriters {
		bad("%d writers: at most %d", len(c.Writers), maxWriters)
	}
	for i := range c.Writers {
		if err := c.Writers[i].validate(topics); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w *Writer) validate(topics map[string]bool) error {
	switch {
	case w.Name == "" || len(w.Name) > maxWriter || strings.ContainsFunc(w.Name, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("writer %.32q: a name is 1 to %d letters of printable ASCII without spaces", w.Name, maxWriter)
	case !topics[w.Topic]:
		return fmt.Errorf("writer %s: there is no topic %.64q: declare it, or take the writer out", w.Name, w.Topic)
	case (w.Token == [32]byte{}) == (w.Cert == ""):
		return fmt.Errorf("writer %s of topic %s: shows either a token or a certificate: give one", w.Name, w.Topic)
	case w.Token == Hash(""):
		return fmt.Errorf("writer %s of topic %s: its token is empty: make one with openssl rand -base64 32", w.Name, w.Topic)
	case w.Cert != "" && !strings.Contains(w.Cert, "="):
		return fmt.Errorf("writer %s of topic %s: write the certificate's name like CN=%s", w.Name, w.Topic, w.Name)
	}
	return nil
}

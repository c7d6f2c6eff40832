package httptarget

import (
	"context"
	"encoding/base64"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/daero/daero/relay"
)

// Target is one HTTP service. It is safe for concurrent use.
type Target struct {
	cfg     Config
	forward map[string]string // lower-case to canonical
	sign    *signer
	way     way
	calls   sync.Pool // of *call
}

// way carries requests and brings answers. do fills in a only where it returns
// nil: then the answer was complete, or cut off at the bound.
type way interface {
	do(ctx context.Context, f *fields, body []byte, a *answer) error
	close()
}

// call is what one attempt needs, to be used again.
type call struct {
	fields fields
	answer answer
}

// New returns a Target. It contacts nobody; the error names every mistake, and
// no secret.
func New(cfg Config) (*Target, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	u, err := address(cfg.URL)
	if err != nil {
		return nil, err
	}
	key, err := secret(cfg.Secret)
	if err != nil {
		return nil, err
	}
	fixed := map[string]string{"User-Agent": userAgent}
	if u.User != nil {
		password, _ := u.User.Password()
		fixed["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
		u.User = nil
	}
	for name, value := range cfg.Headers {
		fixed[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	t := &Target{cfg: cfg, sign: newSigner(key), forward: map[string]string{}}
	for _, name := range cfg.Forward {
		t.forward[strings.ToLower(name)] = textproto.CanonicalMIMEHeaderKey(name)
	}
	t.calls.New = func() any { return &call{answer: answer{text: make([]byte, 0, maxReason)}} }
	if u.Scheme == "http" && !cfg.standard {
		t.way = newPlain(&t.cfg, u, fixed)
	} else {
		t.way = newStandard(&t.cfg, u, fixed)
	}
	return t, nil
}

// Handle sends m once and says what became of it. It is a [relay.Handler].
func (t *Target) Handle(ctx context.Context, m *relay.Message) relay.Result {
	c := t.calls.Get().(*call)
	defer t.calls.Put(c)
	c.fields.reset()
	c.answer = answer{text: c.answer.text[:0]}
	c.fields.message(m, t.forward)
	now := time.Now()
	t.sign.sign(&c.fields, c.fields.value(0), m.Value, now)
	if err := t.way.do(ctx, &c.fields, m.Value, &c.answer); err != nil {
		return down(cause(ctx, err))
	}
	return classify(&t.cfg, &c.answer, now)
}

// Close closes the connections that wait for messages. Handle may be called
// after it, and opens new ones.
func (t *Target) Close() { t.way.close() }

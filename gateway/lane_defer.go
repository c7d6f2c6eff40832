package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero"
	"github.com/daero/daero/relay/deferred"
)

// DeferConfig says how requests of a lane are kept while the playbook defers it,
// and how they are delivered later. It needs a relay.
type DeferConfig struct {
	// To is where the service is, http:// or https://; the request's own path
	// comes after it. Placeholders are replaced. Required.
	To string `json:"to"`
	// Within is how long a request may wait: after it, it is not delivered any
	// more. Default 1h, at most 7 days.
	Within caddy.Duration `json:"within,omitempty"`
	// Answers is how long the service's answer is kept. Default 24h, at most 7
	// days.
	Answers caddy.Duration `json:"answers,omitempty"`
	// Keep are headers of the request that are kept beside the harmless ones,
	// such as Authorization. They stand in the log as they are.
	Keep []string `json:"keep,omitempty"`
	// Answered are headers of the answer that are kept likewise.
	Answered []string `json:"answered,omitempty"`
	// MaxSize and AnswerSize bound, in bytes, the bodies of the request and of
	// the answer. A larger request is refused as shed would. Default 960 KiB and
	// 256 KiB.
	MaxSize    int64 `json:"max_size,omitempty"`
	AnswerSize int64 `json:"answer_size,omitempty"`
	// Timeout bounds one attempt. Default 30s.
	Timeout caddy.Duration `json:"timeout,omitempty"`
	// Tries is how many times a request is delivered that the service answers
	// with an error of its own. Default 5.
	Tries int `json:"tries,omitempty"`
}

// maxDeferBody bounds the body of a request that is deferred.
const maxDeferBody = 15 << 20

// deferral reads how requests of a lane are kept:
//
//	defer {
//		to          <url>
//		within      <duration>
//		answers     <duration>
//		keep        <header>...
//		answered    <header>...
//		max_size    <size>
//		answer_size <size>
//		timeout     <duration>
//		tries       <number>
//	}
func (p *laneParser) deferral(d *caddyfile.Dispenser) {
	cfg := &DeferConfig{}
	p.out.Defer = cfg
	at := placeOf(d)
	p.noArgs(d, "defer { to http://127.0.0.1:9000 }")
	before := len(p.errs)
	p.block(d, []word{
		{"to", func(d *caddyfile.Dispenser) { cfg.To, _ = p.one(d, "http://127.0.0.1:9000") }},
		{"within", func(d *caddyfile.Dispenser) { cfg.Within = p.duration(d, "1h") }},
		{"answers", func(d *caddyfile.Dispenser) { cfg.Answers = p.duration(d, "24h") }},
		{"keep", func(d *caddyfile.Dispenser) { cfg.Keep = append(cfg.Keep, p.some(d, "Authorization")...) }},
		{"answered", func(d *caddyfile.Dispenser) { cfg.Answered = append(cfg.Answered, p.some(d, "X-Request-Id")...) }},
		{"max_size", func(d *caddyfile.Dispenser) { cfg.MaxSize = p.size(d, "512KiB", 1, maxDeferBody) }},
		{"answer_size", func(d *caddyfile.Dispenser) { cfg.AnswerSize = p.size(d, "64KiB", 1, maxDeferBody) }},
		{"timeout", func(d *caddyfile.Dispenser) { cfg.Timeout = p.duration(d, "30s") }},
		{"tries", func(d *caddyfile.Dispenser) { cfg.Tries = p.number(d, "5", 1000) }},
	}, nil)
	for i := before; i < len(p.errs); i++ {
		p.errs[i].what = "defer: " + p.errs[i].what
	}
	if len(p.errs) == before {
		if err := cfg.check(); err != nil {
			for _, one := range strings.Split(err.Error(), "\n") {
				p.badAt(at, "defer: %s", one)
			}
		}
	}
}

// some returns the arguments of a line, which has at least one.
func (p *parser) some(d *caddyfile.Dispenser, example string) []string {
	name, args := d.Val(), d.RemainingArgs()
	if len(args) == 0 {
		p.bad(d, "%s: takes one value or more: write it like %q", name, name+" "+example)
	}
	return args
}

// check says what is wrong that can be seen without replacing placeholders.
func (c *DeferConfig) check() error {
	var errs []error
	u, err := url.Parse(c.To)
	switch {
	case c.To == "":
		errs = append(errs, errors.New("no target: say where the service is, like \"to http://127.0.0.1:9000\""))
	case strings.Contains(c.To, "{"):
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		errs = append(errs, fmt.Errorf("to %s: write it like http://127.0.0.1:9000", c.To))
	}
	for _, d := range []struct {
		name string
		d    caddy.Duration
	}{{"within", c.Within}, {"answers", c.Answers}} {
		if v := time.Duration(d.d); v < 0 || v > 7*24*time.Hour {
			errs = append(errs, fmt.Errorf("%s %s: at most 7d", d.name, v))
		}
	}
	if c.MaxSize < 0 || c.MaxSize > maxDeferBody || c.AnswerSize < 0 || c.AnswerSize > maxDeferBody {
		errs = append(errs, fmt.Errorf("max_size and answer_size: at most %s", sizeText(maxDeferBody)))
	}
	return errors.Join(errs...)
}

// core returns the lane as the desk knows it.
func (c *DeferConfig) core(m *making, topic string) (deferred.Lane, error) {
	to, err := m.text(c.To)
	if err != nil {
		return deferred.Lane{}, fmt.Errorf("to: %w", err)
	}
	target, err := url.Parse(to)
	if err != nil {
		return deferred.Lane{}, errors.New("to: not an address")
	}
	return deferred.Lane{
		Topic: topic, Target: target, Keep: c.Keep, Answered: c.Answered, Within: time.Duration(c.Within),
		AnswersFor: time.Duration(c.Answers), MaxBytes: c.MaxSize, AnswerBytes: c.AnswerSize,
		Timeout: time.Duration(c.Timeout), Tries: c.Tries,
	}, nil
}

// deferTopic is where requests of a lane wait: daero.deferred.LANE, or
// daero.deferred.BACKEND.LANE of a backend that is not the default. Names that a
// topic cannot have are told apart by a fingerprint.
func deferTopic(id string) string { return deferTopics + deferSuffix(id) }

const deferTopics = ourTopics + "deferred."

func deferSuffix(id string) string {
	name := []byte(strings.ReplaceAll(id, "/", "."))
	changed := false
	for i, b := range name {
		if !legalName(string(b)) && b != '.' {
			name[i], changed = '_', true
		}
	}
	if changed {
		return string(name) + "-" + keyOf(id)[:8]
	}
	return string(name)
}

// laneID is a lane's name as a deferrer has it.
func laneID(backend, name string) string {
	if backend == daero.DefaultBackend {
		return name
	}
	return backend + "/" + name
}

// defers are the lanes of a handler whose requests can be deferred, by ID.
func (h *Lanes) defers() map[string]*DeferConfig {
	all := map[string]*DeferConfig{}
	for i := range h.Lanes {
		if c := h.Lanes[i].Defer; c != nil {
			all[laneID(h.backend(), h.Lanes[i].Name)] = c
		}
	}
	return all
}

// deferSize is the largest body that any of a handler's lanes keeps: it is read
// ahead of what decides.
func (h *Lanes) deferSize() (most int64) {
	for _, c := range h.defers() {
		most = max(most, cmp.Or(c.MaxSize, daero.DefaultDeferBody))
	}
	return most
}

// checkDefers says what is wrong with how lanes are deferred.
func (h *Lanes) checkDefers() error {
	var errs []error
	for i := range h.Lanes {
		l := &h.Lanes[i]
		if l.Defer == nil {
			continue
		}
		if err := l.Defer.check(); err != nil {
			errs = append(errs, fmt.Errorf("lane %s: defer: %w", l.Name, err))
		}
		if l.Streams || l.Name == daero.StreamsLane {
			errs = append(errs, fmt.Errorf("lane %s: defer: connections that last cannot wait to be delivered", l.Name))
		}
	}
	return errors.Join(errs...)
}

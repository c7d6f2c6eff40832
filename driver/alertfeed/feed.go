package alertfeed

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/level"
)

// Feed listens to one feed. Read may be called at any time; Run once.
type Feed struct {
	cfg    Config
	url    *url.URL
	client *http.Client
	rand   *rand.Rand // of Run

	mu      sync.Mutex
	book    *alert.Book
	heard   time.Time
	trouble string // why it is not heard; empty: it is
}

// New returns a Feed. It checks everything, the error names every mistake, and
// contacts nobody.
func New(cfg Config) (*Feed, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	book, err := alert.NewBook(cfg.Filter)
	if err != nil {
		return nil, err
	}
	seed := cfg.Seed
	if seed == 0 {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		seed = binary.LittleEndian.Uint64(b[:])
	}
	f := &Feed{cfg: cfg, url: u, book: book, rand: rand.New(rand.NewPCG(seed, 0)), trouble: "not heard yet"}
	f.client = &http.Client{Transport: cfg.Transport, CheckRedirect: sameHost}
	if cfg.Transport == nil {
		f.client.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return f, nil
}

// Run listens until ctx ends and returns why it did. It never gives up: what
// fails is tried again, after longer and longer waits.
func (f *Feed) Run(ctx context.Context) error {
	defer f.client.CloseIdleConnections()
	switch f.cfg.Format {
	case P2PQuake:
		f.stream(ctx)
	case PEWS:
		f.watch(ctx)
	default:
		f.poll(ctx)
	}
	return context.Cause(ctx)
}

// Read returns what is known: Value 1 while a warning stands, until Until; At
// is when the feed was last heard, and Note what the warning is about, or why
// nothing is heard.
func (f *Feed) Read(now time.Time) level.Reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := level.Reading{At: f.heard, Note: f.trouble}
	if until, note := f.book.Standing(now); !until.IsZero() {
		r.Value, r.Until, r.Note = 1, until, note
	}
	return r
}

// hear takes in what the feed said. bad is what could not be understood of it,
// nil if all could.
func (f *Feed) hear(now time.Time, alerts []alert.Alert, bad error) {
	for _, a := range alerts {
		f.mu.Lock() // one at a time: Read must not wait for a thousand
		if _, err := f.book.Take(now, a); err != nil {
			bad = err
		}
		f.mu.Unlock()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard, f.trouble = now, ""
	if bad != nil {
		f.trouble = "not all understood: " + f.say(bad)
	}
}

// fail notes why the feed is not heard.
func (f *Feed) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble = "not heard: " + f.say(err)
}

// say is an error as it may be shown: with the host, without the address and
// its keys.
func (f *Feed) say(err error) string { return f.url.Host + ": " + alert.Clean(reason(err), 160) }

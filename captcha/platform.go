package captcha

import (
	"context"
	"time"

	"github.com/daero/daero/captcha/answer"
)

// Config describes a Platform.
type Config struct {
	// Secrets sign ids and tokens: the first signs, all are known. Gateways that
	// share a ledger share them too. At least one, of 16 bytes or more.
	Secrets [][]byte
	Sites   Sites
	Ledger  Ledger
	// Sources by mode. A mode without one is not offered.
	Sources map[Mode]Source
	// Tell is told what happens, for metrics; it must not wait. May be nil.
	Tell func(Event)
}

// Event is something that happened, for whoever counts.
type Event struct {
	Name string // as Count.Name
	Kind Kind
	Took time.Duration // from shown to solved, 0 where it says nothing
}

// Platform gives challenges and checks tokens. It is safe for concurrent use.
type Platform struct{}

// Refusal is an error that a caller may be told, with its cure.
type Refusal struct {
	Status int           // of HTTP: 400, 403, 404, 409, 410, 413, 429, 503
	Code   string        // fixed: "no-site", "wrong-host", "gone", "bad-request", "busy", …
	Text   string        // a sentence that names the cure
	After  time.Duration // when to come back, 0 where that would not help
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// New returns a Platform.
func New(cfg Config) (*Platform, error) { panic("to be written") }

// Open begins: the reply is work, in rare cases a wait.
func (p *Platform) Open(ctx context.Context, o Opening, now time.Time) (Reply, error) {
	panic("to be written")
}

// Work takes the result of a proof of work: done, or a question.
func (p *Platform) Work(ctx context.Context, id, session, y string, address string, now time.Time) (Reply, error) {
	panic("to be written")
}

// Answer takes an answer: done, or work for another question.
func (p *Platform) Answer(ctx context.Context, id, session string, g answer.Given, address string, now time.Time) (Reply, error) {
	panic("to be written")
}

// Switch gives up a question for one of another mode, or of the same: work first.
func (p *Platform) Switch(ctx context.Context, id, session string, m Mode, address string, now time.Time) (Reply, error) {
	panic("to be written")
}

// Extend gives a question that is open two more minutes, up to ten in all.
func (p *Platform) Extend(ctx context.Context, id, session string, now time.Time) (Reply, error) {
	panic("to be written")
}

// Media returns a picture or a sound of an open question.
func (p *Platform) Media(ctx context.Context, id string, part Part, now time.Time) (Media, error) {
	panic("to be written")
}

// Check redeems a token: once, or again with the same idempotency key.
func (p *Platform) Check(ctx context.Context, c Check, now time.Time) Checked {
	panic("to be written")
}

// Press sets how long the proof of work takes at least, at all sites: in a surge
// of real people nobody is asked anything, and the delay spreads them. 0 ends it.
func (p *Platform) Press(least time.Duration) { panic("to be written") }

// Run counts into the store and cleans up until ctx ends.
func (p *Platform) Run(ctx context.Context) error { panic("to be written") }

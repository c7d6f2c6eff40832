package playbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/level"
)

// Kind is what an action does.
type Kind uint8

// The kinds.
const (
	Shed      Kind = iota + 1 // refuse a share of a lane's users, with a time to come back
	Slow                      // tell a lane's clients to ask less often
	Ceiling                   // bound a lane's share of the limit
	Stale                     // serve the last good answer instead of asking the service
	Respond                   // give a share of a lane's users a fixed answer
	Challenge                 // ask a share of a lane's users whether a person is there
	Defer                     // take requests of a lane and deliver them later
	Drain                     // bound how fast deferred requests of a lane, or messages of a topic, are delivered
	Work                      // make the CAPTCHA's proof of work take longer, which spreads people and asks them nothing
	Flag                      // give a feature flag a value
	Webhook                   // call a URL on the way in and on the way out
	Notify                    // tell people
)

var kindNames = [...]string{
	Shed: "shed", Slow: "slow", Ceiling: "ceiling", Stale: "stale", Respond: "respond",
	Challenge: "challenge", Defer: "defer", Drain: "drain", Work: "work", Flag: "flag", Webhook: "webhook", Notify: "notify",
}

// String returns the kind's word in configuration.
func (k Kind) String() string {
	if k >= Shed && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Kinds lists every kind's word.
func Kinds() []string { return slices.Clone(kindNames[Shed:]) }

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, error) {
	if i := slices.Index(kindNames[:], s); i >= int(Shed) {
		return Kind(i), nil
	}
	return 0, fmt.Errorf("unknown action %q: use %s", s, strings.Join(Kinds(), ", "))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// OfLane reports whether actions of the kind name a lane. A drain may name a
// topic of the relay instead, see [Action.OfLane].
func (k Kind) OfLane() bool { return k >= Shed && k <= Drain }

// Refuses reports whether the kind keeps requests from the service that would
// have reached it, so that it needs a measured level and comes back by ramp.
func (k Kind) Refuses() bool {
	return k == Shed || k == Ceiling || k == Respond || k == Challenge || k == Defer
}

// Graded reports whether actions of the kind have a strength. Those that refuse
// have one, and work, which is as strong as the share of its time that is asked
// for.
func (k Kind) Graded() bool { return k.Refuses() || k == Work }

// Tells reports whether actions of the kind are told to somebody outside once,
// rather than being in force.
func (k Kind) Tells() bool { return k == Webhook || k == Notify }

// Who says which requests of a lane an action is about.
type Who uint8

// Everyone, or one intent.
const (
	Everyone Who = iota
	Foreground
	Background
)

// String returns the word in configuration, "" for everyone.
func (w Who) String() string {
	switch w {
	case Foreground:
		return "foreground"
	case Background:
		return "background"
	}
	return ""
}

// MarshalText implements encoding.TextMarshaler.
func (w Who) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Action is one line of a playbook.
type Action struct {
	At   level.Level // the row it stands in, attention or above
	Kind Kind
	// Lane is the lane's name, for kinds of a lane; Backend narrows it to one
	// backend, "" means every backend that has such a lane.
	Lane    string
	Backend string
	Who     Who
	// From and To are the strengths (0 to 1) at the beginning and at the end of
	// the level. The strength of a ceiling is what it takes away: a ceiling of
	// 30 % has 0.7. Kinds without a strength have 1 and 1.
	From, To float64
	// For is how long: how much less often to ask (slow), how old an answer
	// may be (stale), how long the proof of work takes at full strength (work).
	For time.Duration
	// NewDevice narrows a challenge to devices that had no clearance lately.
	NewDevice bool
	// Status and Body are the answer of respond. Default 503 and none.
	Status int
	Body   string
	// Target is a flag's key, or the name of a webhook or channel, or of the
	// topic that a drain without a lane is about; Value is what the flag is
	// while the action stands.
	Target, Value string
	// Rate is how many a drain lets through per second; 0 stops it. Where
	// several rows stand, the lowest counts.
	Rate float64
	// Shadow records what the action would have done, and does not do it.
	Shadow bool
	// Meant allows an action to refuse all of a critical lane.
	Meant bool
	// Where is the action's place in the configuration, FILE:LINE, for messages.
	Where string
}

// Slot names what an action is about: two actions of one slot replace each
// other. What is told is told for each row by itself.
func (a Action) Slot() string {
	parts := []string{a.Kind.String()}
	switch {
	case a.OfLane():
		lane := a.Lane
		if a.Backend != "" {
			lane = a.Backend + "/" + lane
		}
		parts = append(parts, lane)
		if w := a.Who.String(); w != "" {
			parts = append(parts, w)
		}
		if a.NewDevice {
			parts = append(parts, "new-device")
		}
	case a.Kind == Drain:
		parts = append(parts, "topic", a.Target)
	case a.Kind == Work: // at all sites
	default:
		parts = append(parts, a.Target)
	}
	if a.Kind.Tells() {
		parts = append(parts, "at", a.At.String())
	}
	return strings.Join(parts, " ")
}

// OfLane reports whether the action is about a lane.
func (a Action) OfLane() bool { return a.Kind.OfLane() && (a.Kind != Drain || a.Lane != "") }

// says reports whether two actions of one slot do the same, but for strength.
func (a *Action) says(b *Action) bool {
	return a == b || a.For == b.For && a.Status == b.Status && a.Body == b.Body && a.Value == b.Value && a.Rate == b.Rate
}

// strength is how much of the action there is at a pressure, in its own row.
func (a *Action) strength(pressure float64) float64 { return a.From + pressure*(a.To-a.From) }

// Work is how long the proof of work takes, for an action of that kind.
func (a *Action) Work(strength float64) time.Duration {
	return time.Duration(strength * float64(a.For)).Round(time.Millisecond)
}

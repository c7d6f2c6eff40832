package api

import (
	"slices"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/preview"
)

// Param is a parameter of a query: what it is called, what it says, and the
// schema of what it may be. Needed says that the route refuses to do without.
type Param struct {
	Name, What string
	Form       object
	Needed     bool
}

// text, whole and oneOf make parameters of a form.
func text(name, what string) Param {
	return Param{Name: name, What: what, Form: object{"type": "string"}}
}

func whole(name, what string, least, most int) Param {
	form := object{"type": "integer", "minimum": least}
	if most > 0 {
		form["maximum"] = most
	}
	return Param{Name: name, What: what, Form: form}
}

func oneOf[T ~string](name, what string, words ...T) Param {
	return Param{Name: name, What: what, Form: enum(words...)}
}

// usually says what a parameter is where it is left away.
func (p Param) usually(value any) Param {
	p.Form["default"] = value
	return p
}

func (p Param) needed() Param {
	p.Needed = true
	return p
}

// like shows how a parameter may look.
func (p Param) like(examples ...any) Param {
	p.Form["examples"] = examples
	return p
}

// Parameters that several routes have.
var (
	sinceParam = text("since", "From then on: a time, or how long ago.").like("10m", "2026-01-01T00:00:00Z")
	untilParam = text("until", "Before then: a time, or how long ago.").like("5m", "2026-01-01T00:10:00Z")
)

var (
	historyParams = []Param{
		sinceParam, untilParam,
		text("step", "The time of one point. auto is what gives no more than 720 points.").like("auto", "5s").usually("auto"),
		text("lanes", "Lanes, with commas between. Without it the totals alone.").like("web/login,web/message"),
	}
	streamParams = []Param{
		text("topics", "now, audit and jobs, with commas between. Without it all of them.").like("now,audit"),
		whole("last", "The ID of the event after which to go on, as the header Last-Event-ID.", 0, 0),
	}
	auditParams = []Param{
		sinceParam, untilParam,
		text("who", "Who did it."),
		text("what", "What happened; what ends with a dot is all that begins so.").like("level.changed", "level."),
		text("target", "To what."),
		text("text", "A word of any of these or of the reason."),
		whole("after", "Entries after this ID.", 0, 0),
		whole("before", "Entries before this ID.", 0, 0),
		whole("limit", "How many at most.", 1, store.MaxLimit).usually(store.DefaultLimit),
		oneOf("format", "As the header Accept has it.", "json", "ndjson", "csv").usually("json"),
	}
	runsParams    = []Param{whole("limit", "How many at most.", 1, mostRuns).usually(fewRuns)}
	comingParams  = []Param{whole("limit", "How many at most.", 1, mostComing).usually(fewComing)}
	scalingParams = []Param{text("backend", "The lane's backend, where several have one of that name.")}
	oidcParams    = []Param{text("state", "What begins the sign-on."), text("code", "What ends it.")}
	loginParams   = []Param{text("token", "The link's secret.")}
	peekParams    = []Param{
		text("topic", "What is looked into.").needed(),
		whole("partition", "One of its partitions.", 0, 0),
		whole("from", "The first offset; needs partition.", 0, 0),
		whole("to", "The offset after the last; needs partition.", 1, 0),
		sinceParam, untilParam,
		text("error", "Dead letters whose error has this in it."),
		text("key", "Messages of a key."),
		whole("limit", "How many at most.", 1, maxPeek).usually(defaultPeek),
		{Name: "show", What: "Whether contents are shown, which operators may have and which is recorded.", Form: object{"type": "boolean", "default": false}},
		text("reason", "Why, with show."),
	}
	sitesParams   = []Param{text("name", "Those of this name.")}
	previewParams = []Param{
		oneOf("kind", "What is asked.", append(slices.Clone(preview.Kinds), "audio")...).usually(captcha.KindOrder),
		whole("level", "How hard it is.", 0, preview.MaxLevel).usually(2),
		oneOf("lang", "The language of the question.", "ko", "en").usually("ko"),
		whole("seed", "The same question for the same seed. Without it a fresh one.", 0, 0),
	}
)

// inPaths says what stands in the places of a path.
var inPaths = map[string]string{
	"id":       "The ID.",
	"name":     "The name.",
	"backend":  "The backend, as in the Caddyfile; default where it has one alone.",
	"lane":     "The lane of it.",
	"revision": "The revision that the answer to the change had.",
	"key":      "The key: of a site that which its pages have, of a flag its name.",
}

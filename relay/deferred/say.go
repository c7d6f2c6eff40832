package deferred

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/internal/speak"
)

// Header says how far a deferred request is, in the words of [State].
const Header = "Daero-Deferred"

// document is what a program is told.
type document struct {
	State  State  `json:"state"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Status int    `json:"status"`
	// URL is where to ask how far it is, and for the answer.
	URL      string    `json:"url,omitempty"`
	Received time.Time `json:"received,omitzero"`
	// Until is when its time runs out; then it is not delivered any more.
	Until time.Time `json:"until,omitzero"`
	// Ahead is how many requests are before it, about, and Estimate in how many
	// seconds it will be processed; null is not known.
	Ahead      *int   `json:"ahead"`
	Estimate   *int64 `json:"estimate_seconds"`
	RetryAfter int64  `json:"retry_after_seconds,omitempty"`
	// Key is what to send the same request again with.
	Key string `json:"idempotency_key,omitempty"`
}

// report is what is told, in whatever form.
type report struct {
	status int
	say    saying
	st     standing
	local  bool // ahead is known
	cut    int64
	key    string
	header State
}

// Bounds of when to ask again.
const (
	againLeast   = 2 * time.Second
	againMost    = time.Minute
	againUnknown = 20 * time.Second // where nothing is known: half as much again at most
)

// estimate is how long it will take, 0 if that is not known. What would run out
// of time before is not promised.
func (s *standing) estimate(now time.Time) time.Duration {
	if s.each <= 0 || s.state != Waiting {
		return 0
	}
	d := coarse(time.Duration(s.ahead+1) * s.each)
	if !s.until.IsZero() && now.Add(d).After(s.until) {
		return 0
	}
	return d
}

// coarse rounds up to what such an estimate can know.
func coarse(d time.Duration) time.Duration {
	unit := time.Second
	switch {
	case d > 10*time.Minute:
		unit = time.Minute
	case d > time.Minute:
		unit = 30 * time.Second
	case d > 10*time.Second:
		unit = 5 * time.Second
	}
	return time.Duration(roundUp(d, unit)) * unit
}

// again is when to ask again. Who does not know waits a while that differs from
// ticket to ticket, so that not all ask at once.
func (s *standing) again(now time.Time) time.Duration {
	if s.state == Delivering {
		return againLeast
	}
	if d := s.estimate(now); d > 0 {
		return min(max(d, againLeast), againMost)
	}
	spread := time.Duration(0)
	if n := len(s.ticket); n > 0 {
		spread = againUnknown / 2 * time.Duration(s.ticket[n-3]) / 256
	}
	return againUnknown + spread
}

// answerTaken says that a request was taken.
func (s *settings) answerTaken(w http.ResponseWriter, r *http.Request, st standing) {
	w.Header().Set("Location", s.Prefix+st.ticket)
	say := sayTaken
	if st.state == Done {
		say = sayDone
	}
	s.tell(w, r, report{status: http.StatusAccepted, say: say, st: st, local: st.state == Waiting, header: st.state})
}

// answerUnknown says that it is not known whether a request was taken.
func (s *settings) answerUnknown(w http.ResponseWriter, r *http.Request, st standing) {
	w.Header().Set("Location", s.Prefix+st.ticket)
	s.tell(w, r, report{status: http.StatusServiceUnavailable, say: sayDoubt, st: st, key: st.ticket, header: Unknown})
}

// tell writes a report in the form and the language that is asked for.
func (s *settings) tell(w http.ResponseWriter, r *http.Request, rep report) {
	now := time.Now()
	lang := &english
	if speak.Korean(r) {
		lang = &korean
	}
	page := speak.ToPerson(r)
	estimate, again := rep.st.estimate(now), time.Duration(0)
	switch rep.header {
	case Waiting, Delivering, Unknown:
		if rep.say != sayNothing {
			again = rep.st.again(now)
		}
	}
	h := w.Header()
	h.Set(Header, string(rep.header))
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept, Accept-Language")
	if again > 0 {
		h.Set("Retry-After", strconv.FormatInt(roundUp(again, time.Second), 10))
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		tag := fmt.Sprintf(`"%s-%d-%d-%s-%t"`, rep.header, rep.st.ahead, estimate/time.Second, lang.lang, page)
		h.Set("Etag", tag)
		if r.Header.Get("If-None-Match") == tag && rep.status < 300 {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	var body []byte
	if page {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", speak.PagePolicy)
		body = s.page(lang, rep, estimate, again, now)
	} else {
		h.Set("Content-Type", "application/json")
		body = s.json(lang, rep, estimate, again)
	}
	h.Set("Content-Language", lang.lang)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

func (s *settings) json(lang *words, rep report, estimate, again time.Duration) []byte {
	said := lang.said[rep.say]
	doc := document{
		State: rep.header, Title: said.title, Detail: said.detail, Status: rep.status,
		Received: rep.st.taken.UTC().Truncate(time.Second), RetryAfter: roundUp(again, time.Second), Key: rep.key,
	}
	if rep.st.ticket != "" {
		doc.URL = s.Prefix + rep.st.ticket
	}
	if rep.cut > 0 {
		doc.Detail += " " + lang.cut(rep.cut)
	}
	if rep.header == Waiting || rep.header == Delivering {
		doc.Until = rep.st.until.UTC().Truncate(time.Second)
	}
	if rep.local && rep.header == Waiting {
		doc.Ahead = &rep.st.ahead
	}
	if estimate > 0 {
		seconds := roundUp(estimate, time.Second)
		doc.Estimate = &seconds
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return append(b, '\n')
}

// page is for a person: what happened, that nothing needs to be done, and when
// it goes on. It needs no script.
func (s *settings) page(lang *words, rep report, estimate, again time.Duration, now time.Time) []byte {
	said := lang.said[rep.say]
	b := make([]byte, 0, 4<<10)
	add := func(parts ...string) {
		for _, p := range parts {
			b = append(b, p...)
		}
	}
	url := html.EscapeString(s.Prefix + rep.st.ticket)
	add(`<!doctype html><html lang="`, lang.lang, `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">`)
	reloads := again > 0 && rep.say != sayDoubt
	if reloads {
		add(`<meta http-equiv="refresh" content="`, strconv.FormatInt(roundUp(again, time.Second), 10), `;url=`, url, `">`)
	}
	add(`<title>`, said.title, `</title><style>`, speak.PageStyle, pageStyle, `</style></head><body><main class="`, string(rep.header), `"><h1>`, said.title, `</h1><p>`, cmp.Or(said.person, said.detail), `</p>`)
	if rep.cut > 0 {
		add(`<p>`, lang.cut(rep.cut), `</p>`)
	}
	if rep.header == Waiting {
		add(`<p role="status"><strong>`)
		if estimate > 0 {
			add(lang.about(estimate))
		} else {
			add(lang.unknown)
		}
		add(`</strong>`)
		if rep.local && rep.st.ahead > 0 {
			add(` `, lang.ahead(rep.st.ahead))
		}
		add(`</p>`)
		if left := rep.st.until.Sub(now); left > 0 {
			add(`<p class="soft">`, lang.atMost(left), `</p>`)
		}
	}
	if rep.st.ticket != "" && (rep.say == sayTaken || rep.say == sayDone && rep.cut == 0 || rep.say == sayDoubt) {
		add(`<p class="go"><a href="`, url, `">`, lang.look, `</a></p>`)
	}
	if reloads {
		add(`<p class="soft">`, lang.reload, `</p>`)
	}
	add("</main></body></html>\n")
	return b
}

// pageStyle is what these pages have besides [speak.PageStyle].
const pageStyle = `
main.waiting,main.delivering,main.done{border-left-color:var(--good)}:root{--good:#1a7f5a;--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--good:#4cc38a;--link:#7cc0ff}}
.soft+.soft{margin-top:.5rem}.go{margin-top:1rem}a{color:var(--link);display:inline-block;padding:.25rem 0}`

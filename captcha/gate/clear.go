package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/captcha"
)

// maxBody bounds what is sent for a clearance: a token, an ask and a way back are
// below 6 KiB together.
const maxBody = 16 << 10

// sent is what comes for a clearance.
type sent struct{ ask, back, token string }

// responseField is the field of the widget, which a form sends where the page's
// script did not.
const responseField = "daero-captcha-response"

// Grant is what a program is given.
type Grant struct {
	Clearance string `json:"clearance"`
	Header    string `json:"header"`
	ExpiresIn int    `json:"expires_in"` // seconds
}

// clear takes a token and gives a clearance.
func (g *Gate) clear(w http.ResponseWriter, r *http.Request) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status, detail := http.StatusBadRequest, "the body did not arrive whole: send it again"
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status, detail = http.StatusRequestEntityTooLarge, "the body is longer than "+strconv.Itoa(maxBody)+" bytes: send less"
		}
		writeProblem(w, r, problem{Kind: "bad-request", Title: "Not understood", Status: status, Detail: detail})
		return
	}
	switch kind {
	case "application/json":
		g.clearProgram(w, r, body)
	case "application/x-www-form-urlencoded":
		g.clearPerson(w, r, body)
	default:
		writeProblem(w, r, problem{
			Kind: "bad-request", Title: "Not understood", Status: http.StatusUnsupportedMediaType,
			Detail: `send JSON {"for", "token"}, with "Content-Type: application/json"`,
		})
	}
}

// clearProgram answers a program.
func (g *Gate) clearProgram(w http.ResponseWriter, r *http.Request, body []byte) {
	s, err := readJSON(body)
	if err != nil {
		writeProblem(w, r, problem{Kind: "bad-request", Title: "Not understood", Status: http.StatusBadRequest, Detail: err.Error()})
		return
	}
	k, caller, ok := g.mayClear(s, w, r)
	if !ok {
		return
	}
	until := g.cfg.Now().Add(g.cfg.Life)
	writeJSON(w, r, http.StatusOK, "application/json", Grant{Clearance: k.clearance(caller, until), Header: Header, ExpiresIn: int(g.cfg.Life / time.Second)})
}

func (g *Gate) mayClear(s sent, w http.ResponseWriter, r *http.Request) (k *key, caller tag, ok bool) {
	k, caller, until, ok := g.asked(s.ask, s.back)
	if !ok || !g.cfg.Now().Before(until) {
		writeProblem(w, r, problem{
			Kind: "challenge-failed", Title: "Not passed", Status: http.StatusForbidden, Code: "invalid-for",
			Detail: "\"for\" is not one that was given, or is older than an hour: repeat the request that was challenged and take the new one",
		})
		return nil, tag{}, false
	}
	if f := g.redeem(r.Context(), s, hostOf(r)); f != captcha.OK {
		status, code, detail := failed(f)
		writeProblem(w, r, problem{Kind: "challenge-failed", Title: "Not passed", Status: status, Code: code, Detail: detail})
		return nil, tag{}, false
	}
	return k, caller, true
}

// redeem checks a token. The same token with the same ask is good again for a
// while: who did not hear the answer sends it again. The host in it must be this
// one, or an app's: elsewhere our widget could be shown to people for the sake of
// their tokens.
func (g *Gate) redeem(ctx context.Context, s sent, host string) captcha.Failure {
	if s.token == "" {
		return captcha.MissingToken
	}
	got := g.cfg.Checker.Check(ctx, captcha.Check{
		Contract: captcha.Native, Secret: g.cfg.SiteSecret, SiteKey: g.cfg.SiteKey, Token: s.token, IdempotencyKey: idempotency(s),
	}, g.cfg.Now())
	if got.Failure == captcha.OK && got.Host != host && got.Host != "" && !strings.HasPrefix(got.Host, "app:") {
		return captcha.InvalidToken
	}
	return got.Failure
}

// idempotency makes a UUID of what is sent.
func idempotency(s sent) string {
	sum := sha256.Sum256([]byte(s.ask + "|" + s.token))
	x := hex.EncodeToString(sum[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// clearPerson answers a browser: with a cookie, and the way on.
func (g *Gate) clearPerson(w http.ResponseWriter, r *http.Request, body []byte) {
	s, form, err := readForm(body)
	if err != nil || !fromHere(r) {
		g.tell(w, r, http.StatusBadRequest, sayNothing)
		return
	}
	k, caller, until, ok := g.asked(s.ask, s.back)
	if !ok || !isLocal(s.back) {
		g.tell(w, r, http.StatusForbidden, sayNothing)
		return
	}
	p := page{back: s.back, ask: s.ask, form: form, again: true}
	if !g.cfg.Now().Before(until) { // the page lay open for long: the same caller is asked anew
		p.ask = k.ask(caller, s.back, g.cfg.Now())
		g.askPerson(w, r, p, http.StatusForbidden)
		return
	}
	if f := g.redeem(r.Context(), s, hostOf(r)); f != captcha.OK {
		status, _, _ := failed(f)
		g.askPerson(w, r, p, status)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Set-Cookie", g.cookie(r, k.clearance(caller, g.cfg.Now().Add(g.cfg.Life))))
	h.Set("Location", ClearPath+"?"+url.Values{"for": {s.ask}, "back": {s.back}}.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// fromHere reports whether a form came from our own page: another one could put
// somebody else's clearance in the place of the visitor's, who would be asked
// again.
func fromHere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return false
	}
	return true
}

// cookie keeps a clearance for as long as it says anything. Where TLS ends before
// us, the browser's own word says that there is some.
func (g *Gate) cookie(r *http.Request, clearance string) string {
	c := http.Cookie{
		Name: Cookie, Value: clearance, Path: "/", MaxAge: int((g.cfg.Life + Known) / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://"),
	}
	return c.String()
}

// cleared sends a browser on that has its cookie. One that does not keep it would
// be asked again and again: it is told why instead.
func (g *Gate) cleared(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back := q.Get("back")
	k, caller, _, ok := g.asked(q.Get("for"), back)
	if !ok || !isLocal(back) {
		g.tell(w, r, http.StatusNotFound, sayNothing)
		return
	}
	for _, c := range clearances(r) {
		if until, ok := g.holds(c, func(other *key) tag {
			if other == k {
				return caller
			}
			return tag{} // of no caller
		}); ok && g.cfg.Now().Before(until) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Location", back)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
	}
	g.tell(w, r, http.StatusForbidden, sayCookies)
}

var errForm = errors.New("a field is missing, unknown, twice or not text")

// readForm reads a form. Of the fields that matter each may stand once: with two,
// whoever looks at it before us could see another one than we do.
func readForm(body []byte) (s sent, form bool, err error) {
	v, err := url.ParseQuery(string(body))
	if err != nil {
		return sent{}, false, err
	}
	for _, name := range []string{"for", "back", "token", responseField, "form"} {
		if len(v[name]) > 1 || !utf8.ValidString(v.Get(name)) {
			return sent{}, false, errForm
		}
	}
	s = sent{ask: v.Get("for"), back: v.Get("back"), token: v.Get("token")}
	if s.token == "" {
		s.token = v.Get(responseField)
	}
	return s, v.Get("form") == "1", nil
}

var errJSON = errors.New(`the body is not a JSON object with the texts "for" and "token", each once`)

// readJSON reads an object of two texts.
func readJSON(body []byte) (s sent, err error) {
	into := map[string]*string{"for": &s.ask, "token": &s.token}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); !utf8.Valid(body) || err != nil || t != json.Delim('{') {
		return sent{}, errJSON
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return sent{}, errJSON
		}
		word, _ := name.(string)
		target := into[word]
		value, err := d.Token()
		text, isText := value.(string)
		if target == nil || err != nil || !isText {
			return sent{}, errJSON
		}
		*target = text
		delete(into, word)
	}
	if _, err := d.Token(); err != nil {
		return sent{}, errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || len(into) > 0 {
		return sent{}, errJSON
	}
	return s, nil
}

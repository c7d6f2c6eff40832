package gate

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/internal/speak"
)

// problem is a problem document (RFC 9457).
type problem struct {
	Kind   string `json:"-"`
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitempty"`
	Lane   string `json:"lane,omitempty"`
	// What a program needs that can pass: where to begin, for which site, what to
	// send with the token, where, and how the clearance is brought.
	SiteKey   string `json:"sitekey,omitempty"`
	Challenge string `json:"challenge_url,omitempty"`
	Clear     string `json:"clear_url,omitempty"`
	For       string `json:"for,omitempty"`
	Header    string `json:"header,omitempty"`
	Instance  string `json:"instance,omitempty"`
}

func writeProblem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Type = "urn:problem-type:daero:" + p.Kind
	writeJSON(w, r, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, kind string, doc any) {
	data, err := json.Marshal(doc)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{}`)
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept, Accept-Language, Cookie, "+Header)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(data, '\n')) // who asked went away
	}
}

// askProgram says what a program needs to pass.
func (g *Gate) askProgram(w http.ResponseWriter, r *http.Request, lane, ask string) {
	instance, _, _ := strings.Cut(r.RequestURI, "?")
	if len(instance) > 256 {
		instance = instance[:256]
	}
	writeProblem(w, r, problem{
		Kind: "challenge", Title: "A check is needed first", Status: http.StatusForbidden,
		Detail: "Begin a challenge of this sitekey at challenge_url; send its token with \"for\" to clear_url, as JSON {\"for\", \"token\"}; " +
			"then repeat the request with the clearance that you are given in the header " + Header + ".",
		Lane: lane, SiteKey: g.cfg.SiteKey, Challenge: openPath, Clear: ClearPath, For: ask, Header: Header, Instance: instance,
	})
}

// askGRPC answers a gRPC call with headers alone, in which the status stands: 16,
// UNAUTHENTICATED, which no client tries again by itself.
func askGRPC(w http.ResponseWriter, lane string) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", "16")
	h.Set("Grpc-Message", "lane "+lane+" asks for a check first: get a clearance over HTTP and send it as "+Header)
	w.WriteHeader(http.StatusOK)
}

// isGRPC tells gRPC from gRPC-Web, which is plain HTTP.
func isGRPC(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.Header.Get("Content-Type"), "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// toPerson reports whether a page is what the answer is shown as. A script in a
// page can show none, whatever it accepts.
func toPerson(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document", "iframe", "frame":
		return speak.ToPerson(r)
	}
	return false
}

// failed says why a token does not pass, in a status and a code. Nobody is told
// more than siteverify tells.
func failed(f captcha.Failure) (status int, code, detail string) {
	switch f {
	case captcha.MissingToken:
		return http.StatusBadRequest, "missing-token", "there is no token: solve the challenge first"
	case captcha.ExpiredToken:
		return http.StatusForbidden, "expired-token", "the token is too old: solve a new challenge"
	case captcha.SpentToken:
		return http.StatusForbidden, "spent-token", "the token was used before: solve a new challenge"
	case captcha.Internal, captcha.InvalidSecret:
		return http.StatusServiceUnavailable, "unavailable", "the token cannot be checked for a moment: try again in a few seconds"
	}
	return http.StatusForbidden, "invalid-token", "the token is not good here: solve a challenge of this sitekey"
}

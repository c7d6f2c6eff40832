package siteverify

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
)

// badRequest is what every contract says to a request that makes no sense.
const badRequest = "bad-request"

// contract is how one contract is spoken.
type contract struct {
	name captcha.Contract
	// query: fields may stand in the query, and the method may be GET. Many pages
	// ask reCAPTCHA so, and it answers them.
	query bool
	// json: a body may be JSON, multi: it may be multipart.
	json, multi bool
	// strict: another type of body is 415. The two that read forms alone say
	// bad-request in a body of 200 instead: their clients look at nothing else.
	strict bool
	// sitekey and idempotency: the fields are known.
	sitekey, idempotency bool
	// retry: there is a code for what failed at our end, and it comes with 200.
	// Elsewhere a client is told by 503, which is not taken for a verdict.
	retry bool
	codes map[captcha.Failure][]string
	body  func(captcha.Checked) any
}

// common are the codes that are the same everywhere.
func common(expired, spent, sitekey []string) map[captcha.Failure][]string {
	return map[captcha.Failure][]string{
		captcha.MissingSecret:   {"missing-input-secret"},
		captcha.InvalidSecret:   {"invalid-input-secret"},
		captcha.MissingToken:    {"missing-input-response"},
		captcha.InvalidToken:    {"invalid-input-response"},
		captcha.ExpiredToken:    expired,
		captcha.SpentToken:      spent,
		captcha.WrongSiteKey:    sitekey,
		captcha.InvalidRemoteIP: {badRequest},
		captcha.NotDummyToken:   invalid,
		captcha.DummyToken:      invalid,
		captcha.Internal:        {"internal-error"},
	}
}

var (
	once    = []string{"timeout-or-duplicate"}
	invalid = []string{"invalid-input-response"}
	other   = []string{"sitekey-secret-mismatch"}
)

var contracts = map[string]*contract{
	PathRecaptcha: {
		name: captcha.Recaptcha, query: true,
		codes: common(once, once, invalid), body: recaptchaBody,
	},
	PathHcaptcha: {
		name: captcha.Hcaptcha, sitekey: true,
		codes: hcaptchaCodes(), body: hcaptchaBody,
	},
	PathTurnstile: {
		name: captcha.Turnstile, json: true, multi: true, strict: true, idempotency: true, retry: true,
		codes: common(once, once, invalid), body: turnstileBody,
	},
	PathNative: {
		name: captcha.Native, json: true, multi: true, strict: true, sitekey: true, idempotency: true, retry: true,
		codes: nativeCodes(), body: nativeBody,
	},
}

// hcaptchaCodes: one code, invalid-or-already-seen-response, was split into two.
// Clients of both ages are served by saying both, the newer first.
func hcaptchaCodes() map[captcha.Failure][]string {
	const old = "invalid-or-already-seen-response"
	m := nativeCodes()
	m[captcha.ExpiredToken] = append(m[captcha.ExpiredToken], old)
	m[captcha.SpentToken] = append(m[captcha.SpentToken], old)
	return m
}

// nativeCodes are hCaptcha's newer ones, which tell most.
func nativeCodes() map[captcha.Failure][]string {
	m := common([]string{"expired-input-response"}, []string{"already-seen-response"}, other)
	m[captcha.InvalidRemoteIP] = []string{"invalid-remoteip"}
	m[captcha.NotDummyToken] = []string{"not-using-dummy-passcode"}
	m[captcha.DummyToken] = []string{"not-using-dummy-secret"}
	return m
}

func contractOf(path string) *contract { return contracts[path] }

func (c *contract) allow() string {
	if c.query {
		return "GET, POST"
	}
	return "POST"
}

// code says a failure in the contract's words. What is not known is said to be
// an error of ours, never a pass.
func (c *contract) code(f captcha.Failure) []string {
	if codes := c.codes[f]; codes != nil {
		return codes
	}
	return c.codes[captcha.Internal]
}

// status of a failure: 200, as with all three, but for our own.
func (c *contract) status(w http.ResponseWriter, f captcha.Failure) int {
	if f != captcha.Internal && c.codes[f] != nil || c.retry {
		return http.StatusOK
	}
	w.Header().Set("Retry-After", "1")
	return http.StatusServiceUnavailable
}

func (c *contract) failed(codes []string) []byte {
	return encode(struct {
		Success bool     `json:"success"`
		Codes   []string `json:"error-codes"`
	}{Codes: codes})
}

func (c *contract) passed(got captcha.Checked) []byte { return encode(c.body(got)) }

// encode cannot fail: every value is made here, and scores are finite.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"success":false,"error-codes":["internal-error"]}`)
	}
	return b
}

// stamp is RFC 3339 with milliseconds, in UTC: the one form that the parsers of
// all the libraries take.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// score is within 0 and 1, to two digits; what is no number is no person.
func score(s float64) float64 {
	if !(s > 0) { // NaN as well
		return 0
	}
	return math.Round(min(s, 1)*100) / 100
}

// recaptchaBody has a score and an action where there is an action: v3 is asked
// with one and v2 has none. A native app has a package in a host's place.
func recaptchaBody(got captcha.Checked) any {
	b := struct {
		Success bool     `json:"success"`
		At      string   `json:"challenge_ts"`
		Host    string   `json:"hostname,omitempty"`
		App     string   `json:"apk_package_name,omitempty"`
		Score   *float64 `json:"score,omitempty"`
		Action  string   `json:"action,omitempty"`
	}{Success: true, At: stamp(got.At), Host: got.Host, Action: got.Action}
	if app, is := strings.CutPrefix(got.Host, "app:"); is {
		b.Host, b.App = "", app
	}
	if got.Action != "" {
		s := score(got.Score)
		b.Score = &s
	}
	return b
}

// hcaptchaBody has hCaptcha's score, which is a risk: 0 is a person. An app stays
// "app:com.example.shop" where there is no field of its own for it: without that
// beginning, an app could pass for a host.
func hcaptchaBody(got captcha.Checked) any {
	return struct {
		Success bool     `json:"success"`
		At      string   `json:"challenge_ts"`
		Host    string   `json:"hostname"`
		Score   float64  `json:"score"`
		Reasons []string `json:"score_reason"`
	}{true, stamp(got.At), got.Host, score(1 - score(got.Score)), list(got.Reasons)}
}

func turnstileBody(got captcha.Checked) any {
	type metadata struct {
		Interactive bool `json:"interactive"`
	}
	return struct {
		Success  bool     `json:"success"`
		Codes    []string `json:"error-codes"`
		At       string   `json:"challenge_ts"`
		Host     string   `json:"hostname"`
		Action   string   `json:"action"`
		CData    string   `json:"cdata"`
		Metadata metadata `json:"metadata"`
	}{true, []string{}, stamp(got.At), got.Host, got.Action, got.CData, metadata{got.Interactive}}
}

// nativeBody says all that is known.
func nativeBody(got captcha.Checked) any {
	return struct {
		Success     bool         `json:"success"`
		Codes       []string     `json:"error-codes"`
		At          string       `json:"challenge_ts"`
		Site        string       `json:"sitekey"`
		Host        string       `json:"hostname"`
		Action      string       `json:"action"`
		CData       string       `json:"cdata"`
		Score       float64      `json:"score"`
		Reasons     []string     `json:"reasons"`
		Kind        captcha.Kind `json:"kind"`
		Interactive bool         `json:"interactive"`
	}{true, []string{}, stamp(got.At), got.Site, got.Host, got.Action, got.CData, score(got.Score), list(got.Reasons), got.Kind, got.Interactive}
}

// list is an array in JSON, never null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

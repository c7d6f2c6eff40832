package captcha

import "time"

// Contract is whose page and client library a site's are written for.
type Contract string

// The contracts.
const (
	Native    Contract = "daero"
	Recaptcha Contract = "recaptcha"
	Hcaptcha  Contract = "hcaptcha"
	Turnstile Contract = "turnstile"
)

// Opening is what a widget says first.
type Opening struct {
	SiteKey  string   `json:"sitekey"`
	Contract Contract `json:"contract,omitempty"`
	// Host is that of the page, as the browser says; "" for native apps.
	Host   string `json:"host,omitempty"`
	Action string `json:"action,omitempty"` // up to 32 of A-Z a-z 0-9 _ - /
	CData  string `json:"cdata,omitempty"`  // up to 255 bytes
	Lang   string `json:"lang,omitempty"`   // BCP 47, as the page or the browser says
	// Session is a nonce of the widget's, up to 64 characters: a challenge is
	// answered by whoever opened it.
	Session string `json:"session"`
	// Mode, unless "", is how the visitor wants to be asked if a question is asked.
	Mode Mode `json:"mode,omitempty"`
	// Probes are what the widget saw of the browser; see risk.go.
	Probes []string `json:"probes,omitempty"`
	// Address of the visitor, as the server sees it: its /24 or /48 has budgets. All
	// that is no address shares one: a server that passes none has 60 challenges a
	// minute in all.
	Address string `json:"-"`
}

// Step is what a visitor's widget does next.
type Step string

// The steps.
const (
	StepWork     Step = "work"     // compute, then send it
	StepQuestion Step = "question" // show it, then send the answer
	StepDone     Step = "done"     // here is the token
	// StepWait: After says when to come back. With an id the work is done already:
	// it goes on with that id and an empty result. Without one it begins anew.
	StepWait Step = "wait"
)

// Reply is what a widget is told. Every step has a new id; an id is good for
// one answer.
type Reply struct {
	ID   string `json:"id,omitempty"`
	Step Step   `json:"step"`
	// Expires is how long the id, or the token, is good for, in seconds.
	Expires int       `json:"expires,omitempty"`
	Work    *WorkDoc  `json:"work,omitempty"`
	Ask     *AskDoc   `json:"question,omitempty"`
	Token   string    `json:"token,omitempty"`
	After   int       `json:"after,omitempty"`  // seconds
	Missed  bool      `json:"missed,omitempty"` // the last answer was not right
	Code    string    `json:"code,omitempty"`   // why to wait: "too-many-tries", "busy"
	At      time.Time `json:"-"`
}

// WorkDoc is a time-lock: y = x^(2^t) mod n, in lower-case hexadecimal.
type WorkDoc struct {
	N string `json:"n"`
	X string `json:"x"`
	T int    `json:"t"`
}

// AskDoc is a question as a widget shows it. Media stand at
// challenge/{id}/{part}.
type AskDoc struct {
	Mode   Mode   `json:"mode"`
	Kind   Kind   `json:"kind"`
	Lang   string `json:"lang"`
	Text   string `json:"text"`
	Clicks int    `json:"clicks,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Parts  []Part `json:"parts"`
	Modes  []Mode `json:"modes"` // what can be chosen instead
}

// Check is what a site's server asks about a token.
type Check struct {
	Contract       Contract
	Secret         string
	Token          string
	SiteKey        string // "" where the server does not say
	RemoteIP       string // "" where the server does not say
	IdempotencyKey string // a UUID, "" for none
}

// Failure is why a token is not valid.
type Failure string

// The failures. Package siteverify says them in the words of each contract.
const (
	OK              Failure = ""
	MissingSecret   Failure = "missing-secret"
	InvalidSecret   Failure = "invalid-secret"
	MissingToken    Failure = "missing-token"
	InvalidToken    Failure = "invalid-token" // forged, of another site or key, malformed
	ExpiredToken    Failure = "expired-token"
	SpentToken      Failure = "spent-token"
	WrongSiteKey    Failure = "wrong-sitekey" // the secret is another site's
	InvalidRemoteIP Failure = "invalid-remoteip"
	Internal        Failure = "internal" // may be tried again
	// NotDummyToken: the secret is a published test secret, the token is not its
	// family's dummy. DummyToken: the token is a dummy, the secret is real.
	NotDummyToken Failure = "not-dummy-token"
	DummyToken    Failure = "dummy-token"
)

// Checked is what a site's server is told.
type Checked struct {
	Failure     Failure
	Site        string
	Host        string
	Action      string
	CData       string
	At          time.Time // when the visitor passed
	Score       float64   // 1: surely a person, 0: surely not
	Reasons     []string  // of the score, from a fixed set
	Interactive bool      // a question was answered
	Kind        Kind
}

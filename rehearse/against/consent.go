package against

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ConsentPath is where a service says that it may be rehearsed against:
//
//	# of the team that runs it
//	allow staging.example.com
//	most 500
//
// The host is named because a file is copied from staging to production more
// easily than an address is mistyped, and because a site that answers every
// path with its front page must not have agreed.
const ConsentPath = "/.well-known/daero-rehearsal"

const (
	maxConsent    = 4 << 10
	consentWithin = 5 * time.Second
)

// ErrNoConsent is in the chain of errors of a service that has answered and has
// not agreed.
var ErrNoConsent = errors.New("it does not agree to be rehearsed against")

// Consent is what a service has agreed to.
type Consent struct {
	Hosts []string
	Most  int // requests a second; 0: it sets no bound of its own
}

// ParseConsent reads the text of [ConsentPath]. A word that is not known may be
// a condition, and is no consent.
func ParseConsent(text string) (c Consent, err error) {
	if len(text) > maxConsent {
		return c, fmt.Errorf("more than %d bytes", maxConsent)
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) == 2 && words[0] == "allow":
			c.Hosts = append(c.Hosts, strings.ToLower(words[1]))
		case len(words) == 2 && words[0] == "most":
			n, err := strconv.Atoi(words[1])
			if err != nil || n < minMost || c.Most != 0 {
				return Consent{}, fmt.Errorf("most %q: must be one number of at least %d", clip(words[1]), minMost)
			}
			c.Most = n
		default:
			return Consent{}, fmt.Errorf("%q: is not known: use allow HOST and most NUMBER", clip(strings.Join(words, " ")))
		}
	}
	return c, nil
}

// Asker asks for consent. It verifies certificates, follows no redirect and
// uses no proxy.
type Asker struct{ client *http.Client }

// NewAsker returns one; whoever has it closes it.
func NewAsker() *Asker {
	return &Asker{&http.Client{
		Timeout:       consentWithin,
		Transport:     &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes idle connections.
func (a *Asker) Close() { a.client.CloseIdleConnections() }

// Ask asks a service, without its headers, whether it may be rehearsed against, and how many requests
// a second it bears. [ErrNoConsent] is in the chain of the error where it has
// answered that it may not.
func (a *Asker) Ask(ctx context.Context, s Service) (most int, err error) {
	refused := func(why string) error {
		return fmt.Errorf("target %s: %s%s %s: %w: let it answer with the line \"allow %s\"", s.Name, strings.TrimSuffix(s.URL, "/"), ConsentPath, why, ErrNoConsent, s.Host())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.URL, "/")+ConsentPath, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", Agent) // and no secret: it may be a stranger
	resp, err := a.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("target %s: %w", s.Name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxConsent+1))
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return 0, fmt.Errorf("target %s: asked whether it agrees to be rehearsed against, it answers %d: try again when it is well", s.Name, resp.StatusCode)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return 0, refused("is elsewhere")
	case resp.StatusCode != http.StatusOK:
		return 0, refused(fmt.Sprintf("answers %d", resp.StatusCode))
	case err != nil:
		return 0, fmt.Errorf("target %s: %w", s.Name, err)
	}
	c, err := ParseConsent(string(text))
	if err != nil {
		return 0, refused(err.Error())
	}
	for _, host := range c.Hosts {
		if host == s.Host() {
			return bound(s.Most, c.Most), nil
		}
	}
	return 0, refused("does not name it")
}

func bound(ours, theirs int) int {
	if theirs == 0 {
		return ours
	}
	return min(ours, theirs)
}

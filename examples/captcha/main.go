// Command captcha shows the captcha's widget on pages of all four contracts: one
// address is the captcha's, the other one a shop's that uses it.
//
//	go run ./examples/captcha
//	open http://localhost:8412/            nothing is asked of a usual browser
//	open http://localhost:8412/?ask=1      everyone is asked
//	open http://localhost:8412/?hl=en&theme=dark&contract=turnstile
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/siteverify"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/captcha/widget"
)

const (
	captchaAt = "localhost:8411"
	shopAt    = "localhost:8412"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "captcha:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	maps, err := mapquiz.New(mapquiz.Config{Maps: 40})
	if err != nil {
		return err
	}
	sites := storetest.NewSites()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	platform, err := captcha.New(captcha.Config{
		Secrets: [][]byte{secret}, Sites: sites, Ledger: captcha.NewMemory(nil, 0), TestKeys: true,
		Sources: map[captcha.Mode]captcha.Source{captcha.Click: maps, captcha.Text: maps, captcha.Sound: audio.Source{}},
	})
	if err != nil {
		return err
	}
	shop := &shop{verify: "http://" + captchaAt}
	for ask, site := range map[captcha.Ask]*customer{captcha.AskRisk: &shop.risk, captcha.AskAlways: &shop.always} {
		s, secret := captcha.NewSite("shop", []string{"localhost"}, time.Now())
		s.Policy.Ask = ask
		if err := sites.AddSite(ctx, s); err != nil {
			return err
		}
		*site = customer{Key: s.Key, Secret: secret}
	}
	front, err := widget.New(widget.Config{Platform: platform, Refused: func(r widget.Refused) {
		fmt.Fprintln(os.Stderr, "refused:", r.Reference, r.Status, r.Code, r.Cause)
	}})
	if err != nil {
		return err
	}
	verify := siteverify.New(siteverify.Config{Checker: platform})
	captchas := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if siteverify.Serves(r.URL.Path) {
			verify.ServeHTTP(w, r)
			return
		}
		front.ServeHTTP(w, r)
	})
	fmt.Fprintf(os.Stderr, "the captcha is at http://%s, the shop at http://%s/\n", captchaAt, shopAt)
	return serve(ctx, maps.Run, platform.Run, listen(captchaAt, captchas), listen(shopAt, shop))
}

// serve runs all parts until one fails or ctx ends, and waits for them.
func serve(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error, len(parts))
	for _, part := range parts {
		go func() { results <- part(ctx) }()
	}
	var all []error
	for range parts {
		if err := <-results; err != nil && !errors.Is(err, context.Canceled) {
			all = append(all, err)
		}
		cancel()
	}
	return errors.Join(all...)
}

func listen(at string, h http.Handler) func(context.Context) error {
	return func(ctx context.Context) error {
		server := &http.Server{Addr: at, Handler: h, ReadHeaderTimeout: 5 * time.Second}
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

// customer is a site as its owner knows it.
type customer struct{ Key, Secret string }

// shop is a page with a form, and the server behind it.
type shop struct {
	risk, always customer
	verify       string
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// contracts as a page uses them: the script, the class, the form's field, and
// where the shop's server asks.
var contracts = map[string]struct{ Script, Class, Field, Verify string }{
	"daero":     {"/daero/captcha/api.js", "daero-captcha", "daero-captcha-response", "/daero/captcha/siteverify"},
	"recaptcha": {"/recaptcha/api.js", "g-recaptcha", "g-recaptcha-response", "/recaptcha/api/siteverify"},
	"hcaptcha":  {"/1/api.js", "h-captcha", "h-captcha-response", "/siteverify"},
	"turnstile": {"/turnstile/v0/api.js", "cf-turnstile", "cf-turnstile-response", "/turnstile/v0/siteverify"},
}

// ServeHTTP implements [http.Handler].
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name := q.Get("contract")
	if _, ok := contracts[name]; !ok {
		name = "daero"
	}
	site := s.risk
	if q.Get("ask") != "" {
		site = s.always
	}
	if key := q.Get("key"); key != "" {
		site.Key = key
	}
	c := contracts[name]
	result := ""
	if r.Method == http.MethodPost {
		result = s.check(r.Context(), s.verify+c.Verify, site.Secret, r.PostFormValue(c.Field))
	}
	// The policy of a careful page: the captcha's host for its script and its frame.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src http://"+captchaAt+"; frame-src http://"+captchaAt+"; style-src 'self'; form-action 'self'")
	if err := page.Execute(w, map[string]any{
		"Contracts": contracts, "Name": name, "This": c, "Site": site, "Host": "http://" + captchaAt, "Result": result, "Query": q,
		"Theme": q.Get("theme"), "Size": q.Get("size"), "HL": q.Get("hl"), "Tall": q.Get("tall") != "",
	}); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
	}
}

// check asks whether a token is good, as any server does that knows a contract.
func (s *shop) check(ctx context.Context, at, secret, token string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	form := url.Values{"secret": {secret}, "response": {token}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return err.Error()
	}
	text, _ := json.Marshal(said)
	return string(text)
}

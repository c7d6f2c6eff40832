package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daero/daero/api"
)

func captchaSiteCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "site",
		Short: "Adds, shows, changes and removes the sites it protects",
		Long: `
A site is a form, an app or an API that the CAPTCHA protects. Its key is public
and stands in its pages; its secret is its server's, and shown once. SITE is a
site's key, or its name where no other has it.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
	}
	group(c, runListSites,
		siteAddCommand(),
		talks(&cobra.Command{Use: "list", Short: "Lists the sites"}, 0, 0, runListSites),
		talks(&cobra.Command{Use: "show SITE", Short: "Shows a site"}, 1, 1, runShowSite),
		siteSetCommand(), siteRotateCommand(), siteRemoveCommand(), siteRestoreCommand(), siteStatsCommand())
	for _, one := range append(c.Commands(), c) {
		one.Annotations = map[string]string{annotationLines: "yes"}
	}
	return c
}

// siteFlags are what can be set at a site.
func siteFlags(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringArray("host", nil, "where pages stand: shop.example.com, *.example.com")
	f.StringSlice("lang", nil, "languages of questions, the first by default: ko,en")
	f.String("ask", "", "whom it asks a question: risk, never, always (risk)")
	f.Int("level", 0, "of the map's hardening, 0 to 4 (2)")
	f.String("work", "", "how long the proof of work takes (400ms)")
	f.Bool("bind-prefix", false, "a token is good for its visitor's network alone")
	f.StringArray("limit", nil, "NAME=N; the names: daero captcha site show SITE")
	f.String("reason", "", "why, for the record")
	return c
}

// siteLimits are the names of limits, as they are written and as the API has
// them.
var siteLimits = []struct{ name, key string }{
	{"challenges", "prefix_challenges"},
	{"misses", "prefix_misses"},
	{"audio", "prefix_audio"},
	{"tokens", "prefix_tokens"},
	{"most", "prefix_most"},
	{"site", "site_challenges"},
}

// siteBody is what was given of a site, as the API takes it.
func (s *session) siteBody() (map[string]any, error) {
	f := s.cmd.Flags()
	body, policy := map[string]any{}, map[string]any{}
	if f.Changed("host") {
		hosts, _ := f.GetStringArray("host") // declared above, as all of them
		body["hosts"] = given(hosts)
	}
	if f.Changed("lang") {
		langs, _ := f.GetStringSlice("lang")
		body["langs"] = given(langs)
	}
	for _, name := range []string{"ask", "work"} {
		if f.Changed(name) {
			policy[name] = s.text(name)
		}
	}
	if f.Changed("level") {
		policy["level"], _ = f.GetInt("level")
	}
	if f.Changed("bind-prefix") {
		policy["bind_prefix"] = s.yes("bind-prefix")
	}
	limits, _ := f.GetStringArray("limit")
	for _, limit := range limits {
		if err := readLimit(limit, policy); err != nil {
			return nil, err
		}
	}
	if len(policy) > 0 {
		body["policy"] = policy
	}
	if why := s.text("reason"); why != "" {
		body["reason"] = why
	}
	return body, nil
}

// given leaves out what is empty: --host "" takes all away.
func given(all []string) []string {
	kept := []string{}
	for _, text := range all {
		if text = strings.TrimSpace(text); text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}

func readLimit(limit string, policy map[string]any) error {
	name, number, _ := strings.Cut(limit, "=")
	var names []string
	for _, l := range siteLimits {
		names = append(names, l.name)
		if l.name != name {
			continue
		}
		n, err := parseCount(number)
		if err != nil {
			return wrongUse("--limit %s: write it like %s=60, or %s=0 for the default", limit, name, name)
		}
		policy[l.key] = n
		return nil
	}
	return wrongUse("--limit %s: unknown limit%s", limit, didYouMean(name, names))
}

func siteAddCommand() *cobra.Command {
	return siteFlags(talks(&cobra.Command{
		Use:   "add NAME --host HOST",
		Short: "Adds a site; prints its key, its secret and the HTML",
		Long: `
Adds a site, and prints its key, its secret, which is not shown again, and what
to put into its pages.

  daero captcha site add shop --host shop.example.com --host '*.example.com'
  daero captcha site add app --host app: --ask never --output json`,
	}, 1, 1, runAddSite))
}

func runAddSite(s *session, args []string) error {
	body, err := s.siteBody()
	if err != nil {
		return err
	}
	if _, given := body["hosts"]; !given {
		return wrongUse("--host: where do its pages stand? Write --host shop.example.com, or --host app: for an app")
	}
	body["name"] = args[0]
	var doc api.SecretOnceDoc
	raw, err := s.ask(s.ctx, http.MethodPost, "captcha/sites", body, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	fmt.Fprintln(s.stderr, "Keep the secret now: it is not shown again.")
	s.writeSecret(doc)
	s.writeHTML(doc)
	return nil
}

func (s *session) writeSecret(doc api.SecretOnceDoc) {
	field(s.stdout, "site key", doc.Key)
	field(s.stdout, "secret", doc.Secret)
}

// writeHTML is what a site's owner pastes, in lines that must stay whole.
func (s *session) writeHTML(doc api.SecretOnceDoc) {
	base := strings.TrimSuffix(doc.Base, "/")
	if base == "" {
		base = "https://CAPTCHA-HOST"
		fmt.Fprintln(s.stderr, "Put the captcha's own host in the place of CAPTCHA-HOST, or set \"base\" in the\ncaptcha block.")
	}
	fmt.Fprintf(s.stdout, `
Into the page, the second line into its form:

  <script src="%[1]s/daero/captcha/api.js" async defer></script>
  <div class="daero-captcha" data-sitekey="%[2]s"></div>
  <noscript>이 양식에는 JavaScript가 필요합니다. This form needs JavaScript.</noscript>

On the server, with the field daero-captcha-response as "response":

  curl %[1]s/daero/captcha/siteverify -d secret=SECRET -d response=TOKEN
`, plain(base), plain(doc.Key))
}

func siteSetCommand() *cobra.Command {
	c := siteFlags(talks(&cobra.Command{
		Use:   "set SITE",
		Short: "Changes what is given of a site; the rest stays",
		Long: `
Changes what is given of a site, everywhere within two seconds. Hosts and
languages are given whole: what is not among them any more is taken away.

  daero captcha site set shop --ask always --level 3 --reason "scalpers"
  daero captcha site set shop --off`,
	}, 1, 1, runSetSite))
	f := c.Flags()
	f.String("name", "", "what people call it")
	f.Bool("off", false, "gives no challenges and verifies nothing")
	f.Bool("on", false, "ends that")
	return c
}

func runSetSite(s *session, args []string) error {
	body, err := s.siteBody()
	if err != nil {
		return err
	}
	f := s.cmd.Flags()
	if f.Changed("name") {
		body["name"] = s.text("name")
	}
	switch on, off := s.yes("on"), s.yes("off"); {
	case on && off:
		return wrongUse("--on and --off: give one of them")
	case on || off:
		body["disabled"] = off
	}
	if len(body) == 0 || len(body) == 1 && body["reason"] != nil {
		return wrongUse("say what is to be different, like --ask always: daero captcha site set --help")
	}
	key, err := s.site(args[0])
	if err != nil {
		return err
	}
	var doc api.SiteDoc
	raw, err := s.ask(s.ctx, http.MethodPatch, "captcha/sites/"+key, body, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	s.writeSite(doc)
	return nil
}

func siteRotateCommand() *cobra.Command {
	c := talks(&cobra.Command{
		Use:   "rotate SITE [--overlap 24h]",
		Short: "Gives a site a new secret; prints it, once",
		Long: `
Gives a site a new secret. The old one stays good for the overlap, so that its
servers can be changed one after the other; after a leak it is --overlap 0s.`,
	}, 1, 1, runRotateSite)
	c.Flags().String("overlap", "24h", "how long the old one stays good")
	c.Flags().String("reason", "", "why, for the record")
	return c
}

func runRotateSite(s *session, args []string) error {
	overlap, err := parseWait(s.text("overlap"))
	if err != nil {
		return wrongUse("--overlap %s: write how long the old secret stays good, like 24h, or 0s", s.text("overlap"))
	}
	key, err := s.site(args[0])
	if err != nil {
		return err
	}
	body := map[string]string{"overlap": overlap.String()}
	if why := s.text("reason"); why != "" {
		body["reason"] = why
	}
	var doc api.SecretOnceDoc
	raw, err := s.ask(s.ctx, http.MethodPost, "captcha/sites/"+key+"/rotate", body, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	fmt.Fprintln(s.stderr, "Keep the secret now: it is not shown again.")
	s.writeSecret(doc)
	s.writeSecrets(doc.SiteDoc)
	return nil
}

func siteRemoveCommand() *cobra.Command {
	c := talks(&cobra.Command{Use: "remove SITE --yes", Short: "Removes a site; within a day it can come back"}, 1, 1, runRemoveSite)
	c.Flags().Bool("yes", false, "it is meant: its pages stop working at once")
	c.Flags().String("reason", "", "why, for the record")
	return c
}

func siteRestoreCommand() *cobra.Command {
	return talks(operating(&cobra.Command{
		Use: `restore KEY --reason "..."`, Short: "Brings a removed site back, with its secrets and counts",
	}, false), 1, 1, func(s *session, args []string) error {
		why, err := s.reason()
		if err != nil {
			return err
		}
		var doc api.SiteDoc
		raw, err := s.ask(s.ctx, http.MethodPost, "captcha/sites/"+url.PathEscape(args[0])+"/restore", map[string]string{"reason": why}, &doc)
		if err != nil {
			return err
		}
		return s.done(raw, "%s is there again, as it was", doc.Name)
	})
}

func runRemoveSite(s *session, args []string) error {
	doc, err := s.siteNamed(args[0])
	if err != nil {
		return err
	}
	if !s.yes("yes") {
		return wrongUse("%s (%s): its pages stop working at once, and after a day its key does not come back: "+
			"add --yes if that is meant; \"set --off\" can be taken back at any time", doc.Name, doc.Key)
	}
	raw, err := s.ask(s.ctx, http.MethodDelete, "captcha/sites/"+doc.Key, map[string]any{"reason": s.text("reason"), "revision": doc.Revision}, nil)
	if err != nil {
		return err
	}
	if err := s.done(raw, "%s is removed: its key and its secrets are not valid any more", doc.Name); err != nil || s.json {
		return err
	}
	_, err = fmt.Fprintf(s.stdout, "For a day it can come back, as it was:\n  daero captcha site restore %s --reason \"...\"\n", doc.Key)
	return err
}

// siteKey is what a site's key looks like.
var siteKey = regexp.MustCompile(`^[A-Za-z0-9_-]{40}$`)

// site returns the key of the site that a word means.
func (s *session) site(word string) (string, error) {
	doc, err := s.siteNamed(word)
	return url.PathEscape(doc.Key), err
}

// siteNamed returns the site that a word means: its key, or its name.
func (s *session) siteNamed(word string) (doc api.SiteDoc, err error) {
	if siteKey.MatchString(word) {
		_, err := s.ask(s.ctx, http.MethodGet, "captcha/sites/"+word, nil, &doc)
		if e, ok := err.(*refusedError); err == nil || !ok || !e.is("not-found") { //nolint:errorlint // ask returns it as it is
			return doc, err
		}
	}
	var found, all api.SitesDoc
	if _, err := s.ask(s.ctx, http.MethodGet, "captcha/sites?name="+url.QueryEscape(word), nil, &found); err != nil {
		return doc, err
	}
	switch len(found.Sites) {
	case 1:
		return found.Sites[0], nil
	case 0:
		if _, err := s.ask(s.ctx, http.MethodGet, "captcha/sites", nil, &all); err != nil {
			return doc, err
		}
		var names []string
		for _, one := range all.Sites {
			names = append(names, one.Name)
		}
		if len(names) == 0 {
			return doc, fmt.Errorf("no site %q: there is none yet: daero captcha site add NAME --host HOST", word)
		}
		return doc, fmt.Errorf("no site %q%s", word, didYouMean(word, names))
	}
	var keys []string
	for _, one := range found.Sites {
		keys = append(keys, "  "+one.Key)
	}
	return doc, fmt.Errorf("%d sites are called %q: say which, by its key:\n%s", len(keys), word, strings.Join(keys, "\n"))
}

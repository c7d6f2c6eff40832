package gateway

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/api"
)

// parseCount reads a number that is not below 0.
func parseCount(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err
}

// parseWait reads how long something lasts, which may be no time at all.
func parseWait(s string) (time.Duration, error) {
	d, err := caddy.ParseDuration(s)
	if err == nil && d < 0 {
		err = strconv.ErrRange
	}
	return d, err
}

func runListSites(s *session, _ []string) error {
	var doc api.SitesDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "captcha/sites", nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	if len(doc.Sites) == 0 {
		fmt.Fprintln(s.stderr, "there is no site yet: daero captcha site add NAME --host HOST")
		return nil
	}
	rows := [][]string{{"NAME", "SITE KEY", "ASK", "HOSTS"}}
	for _, site := range doc.Sites {
		ask := site.Policy.Ask
		if site.Disabled {
			ask = "off"
		}
		// The key must stay whole: 16 + 40 + 6 + 12 letters, with two between, are 80.
		rows = append(rows, []string{fit(plain(site.Name), 16), site.Key, ask, fit(plain(strings.Join(site.Hosts, " ")), 12)})
	}
	table(s.stdout, rows)
	return nil
}

func runShowSite(s *session, args []string) error {
	doc, err := s.siteNamed(args[0])
	if err != nil {
		return err
	}
	if s.json {
		raw, err := s.ask(s.ctx, http.MethodGet, "captcha/sites/"+url.PathEscape(doc.Key), nil, nil)
		if err != nil {
			return err
		}
		return s.printJSON(raw)
	}
	s.writeSite(doc)
	return nil
}

func (s *session) writeSite(doc api.SiteDoc) {
	w, p := s.stdout, doc.Policy
	name := doc.Name
	if doc.Disabled {
		name += " (off: gives no challenges and verifies nothing)"
	}
	field(w, "site", name)
	field(w, "site key", doc.Key)
	field(w, "hosts", cmp.Or(strings.Join(doc.Hosts, " "), "none: apps only"))
	field(w, "langs", strings.Join(doc.Langs, " "))
	bound := ""
	if p.BindPrefix {
		bound = "; tokens are bound to the visitor's network"
	}
	field(w, "asks", map[string]string{"risk": "where something looks automated", "never": "nobody: proof of work alone", "always": "everyone"}[p.Ask]+
		fmt.Sprintf("; level %d, work %s", p.Level, p.Work)+bound)
	field(w, "limits", fmt.Sprintf("challenges=%d misses=%d audio=%d a minute, tokens=%d (with a question most=%d) an hour, per network; site=%d challenges a minute in all",
		p.PrefixChallenges, p.PrefixMisses, p.PrefixAudio, p.PrefixTokens, p.PrefixMost, p.SiteChallenges))
	s.writeSecrets(doc)
	const day = "2006-01-02 15:04"
	field(w, "since", doc.Created.Local().Format(day)+", changed "+doc.Changed.Local().Format(day))
}

func (s *session) writeSecrets(doc api.SiteDoc) {
	const day = "2006-01-02 15:04"
	var all []string
	for i, secret := range doc.Secrets {
		text := "of " + secret.Created.Local().Format(day)
		if !secret.Expires.IsZero() {
			text += " until " + secret.Expires.Local().Format(day)
		}
		if i > 0 {
			text = "the one " + text
		}
		all = append(all, text)
	}
	field(s.stdout, "secrets", cmp.Or(strings.Join(all, ", "), "none: daero captcha site rotate"))
}

func siteStatsCommand() *cobra.Command {
	c := talks(&cobra.Command{Use: "stats SITE [--since 24h]", Short: "Shows what was counted about a site, by the hour"}, 1, 1, runSiteStats)
	c.Flags().String("since", "24h", "how long ago it begins, or a time")
	c.Flags().Bool("hours", false, "also each hour of it")
	return c
}

func runSiteStats(s *session, args []string) error {
	key, err := s.site(args[0])
	if err != nil {
		return err
	}
	since := s.text("since")
	if d, err := caddy.ParseDuration(since); err == nil {
		since = d.String() // the API knows no days
	}
	var doc api.StatisticsDoc
	raw, err := s.ask(s.ctx, http.MethodGet, "captcha/sites/"+key+"/statistics?since="+url.QueryEscape(since), nil, &doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	s.writeStats(doc)
	if s.yes("hours") && len(doc.Hours) > 0 {
		s.writeHours(doc.Hours)
	}
	return nil
}

func (s *session) writeHours(hours []api.StatisticsHourDoc) {
	rows := [][]string{{"HOUR", "ISSUED", "PASSED", "ASKED", "VALID", "INVALID"}}
	for _, h := range hours {
		rows = append(rows, []string{h.Hour.Local().Format("2006-01-02 15:04"), decimal(h.Issued), decimal(h.Passed), percent(h.Asked), decimal(h.Valid), decimal(h.Invalid)})
	}
	fmt.Fprintln(s.stdout)
	table(s.stdout, rows)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func (s *session) writeStats(doc api.StatisticsDoc) {
	w := s.stdout
	field(w, "site", fmt.Sprintf("%s, since %s", doc.Name, doc.Since.Local().Format("2006-01-02 15:04")))
	field(w, "issued", decimal(doc.Issued)+" challenges")
	field(w, "passed", fmt.Sprintf("%d visitors, %s of them asked something", doc.Passed, percent(doc.Asked)))
	field(w, "solved", listed(doc.Solved))
	field(w, "missed", listed(doc.Missed))
	field(w, "shown", listed(doc.Shown))
	if len(doc.Shown) > 0 {
		text := fmt.Sprintf("%d left unanswered, %d put aside for another, %s by sound", doc.Unsolved, doc.Switched, percent(doc.Audio))
		field(w, "", text)
	}
	if doc.SolveTime > 0 {
		most := "nine of ten take longer than 80 s at times"
		if doc.SolveMost > 0 {
			most = fmt.Sprintf("nine of ten within %.0f s", doc.SolveMost)
		}
		field(w, "took", fmt.Sprintf("%.1f s on average, %s", doc.SolveTime, most))
	}
	if doc.Waits > 0 {
		field(w, "waits", decimal(doc.Waits)+" were told to come back later")
	}
	field(w, "tokens", fmt.Sprintf("%d verified, %d refused", doc.Valid, doc.Invalid))
	for _, warning := range doc.Warnings {
		field(w, "! note", warning)
	}
}

// listed writes what was counted by name, most first.
func listed[K ~string](all map[K]int64) string {
	keys := slices.SortedFunc(maps.Keys(all), func(a, b K) int { return cmp.Or(cmp.Compare(all[b], all[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s %d", k, all[k]))
	}
	return strings.Join(parts, ", ")
}

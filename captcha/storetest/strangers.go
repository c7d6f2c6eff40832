package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
)

// texts are what somebody may send to see what happens.
var texts = []string{
	"", " ", "'", `"; DROP TABLE captcha_sites; --`, "%", "_", `\`, "$1", "?", "?1", ":a", "\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80",
	"\u202eexe.kcatta", "한국", "각", "e\u0301\u0301\u0301", "👩‍👩‍👧‍👦", "{}", "null", "[\"\"]", "NaN", "\r\nX: y", strings.Repeat("가", 1<<18),
}

// hostile: what comes from outside finds nothing, breaks nothing, and is not an
// error of the store's; what is kept comes back letter by letter.
func hostile(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1))
	for _, text := range texts {
		_, err := s.Site(t.Context(), text)
		is(t, fmt.Sprintf("site %.20q", text), err, captcha.ErrNoSite)
		is(t, fmt.Sprintf("remove %.20q", text), s.RemoveSite(t.Context(), text), captcha.ErrNoSite)
		stranger := site(2)
		stranger.Key = text
		is(t, fmt.Sprintf("change %.20q", text), s.ChangeSite(t.Context(), stranger, noon), captcha.ErrNoSite)
		if all, err := s.Counts(t.Context(), text, noon.Add(-time.Hour), noon); err != nil || len(all) > 0 {
			t.Errorf("counts of %.20q: %v %v", text, all, err)
		}
	}
	holds(t, s, site(1))
	n := 10
	for _, text := range texts {
		if strings.ContainsAny(text, "\x00") || strings.ToValidUTF8(text, "") != text {
			continue // no site has such a name: captcha.Site.Validate
		}
		n++
		odd := site(n)
		odd.Name, odd.Hosts = text, []string{text, text}
		add(t, s, odd)
		holds(t, s, odd)
	}
}

// cancelled: who has gone away is not waited for, and changes nothing.
func cancelled(t *testing.T, open func(*testing.T) SiteStore) {
	s := open(t)
	add(t, s, site(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	next := site(1)
	next.Name, next.Changed = "other", noon.Add(2*time.Hour)
	_, bySite := s.Site(ctx, site(1).Key)
	_, byHash := s.SiteBySecret(ctx, site(1).Secrets[0].Hash)
	_, all := s.AllSites(ctx)
	_, counts := s.Counts(ctx, site(1).Key, noon.Add(-time.Hour), noon)
	_, pruned := s.PruneCounts(ctx, noon)
	for what, err := range map[string]error{
		"add": s.AddSite(ctx, site(2)), "change": s.ChangeSite(ctx, next, site(1).Changed), "remove": s.RemoveSite(ctx, site(1).Key),
		"site": bySite, "by secret": byHash, "all": all, "counts": counts, "prune": pruned,
		"add counts": s.AddCounts(ctx, []captcha.Count{{Site: site(1).Key, Hour: noon.Truncate(time.Hour), Name: "issued", N: 1}}),
	} {
		is(t, what, err, context.Canceled)
	}
	holds(t, s, site(1))
	_, err := s.Site(t.Context(), site(2).Key)
	is(t, "what was not added", err, captcha.ErrNoSite)
	counted(t, s, site(1).Key, noon.Add(-24*time.Hour), noon.Add(24*time.Hour))
}

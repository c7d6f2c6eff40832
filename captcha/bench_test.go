package captcha_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/pow"
)

// one is a store of one site.
type one struct {
	captcha.Sites
	site captcha.Site
}

func (o one) Site(context.Context, string) (captcha.Site, error)           { return o.site, nil }
func (o one) SiteBySecret(context.Context, [32]byte) (captcha.Site, error) { return o.site, nil }
func (o one) AddCounts(context.Context, []captcha.Count) error             { return nil }

// asks is a source of questions such as a map has: about 400 bytes.
type asks struct{}

func (asks) Next(_ context.Context, w captcha.Want) (captcha.Puzzle, error) {
	return captcha.Puzzle{
		Kind: captcha.KindOrder, Level: w.Level, Lang: w.Lang, Seed: w.Seed, Text: "단비나무약국 → 새봄은행 순서로 누르세요", Clicks: 2, Width: 486, Height: 303,
		Answer: answer.Answer{Spots: []answer.Spot{{X: 123.456789, Y: 98.7654321, R: 24}, {X: 10.25, Y: 20.5, R: 24}}},
	}, nil
}

func (asks) Media(context.Context, *captcha.Puzzle, captcha.Part) (captcha.Media, error) {
	return captcha.Media{}, nil
}

func platform(t testing.TB, ask captcha.Ask) (p *captcha.Platform, site captcha.Site, secret string) {
	site, secret = captcha.NewSite("shop", []string{"shop.example.com"}, time.Now())
	site.Policy = captcha.Policy{
		Ask: ask, Work: 50 * time.Millisecond, PrefixChallenges: 10_000_000, SiteChallenges: 10_000_000, PrefixTokens: 10_000_000,
	}
	p, err := captcha.New(captcha.Config{
		Secrets: [][]byte{[]byte("a secret of the gateways' own")}, Sites: one{site: site}, Ledger: captcha.NewMemory(nil, 2<<30),
		Sources: map[captcha.Mode]captcha.Source{captcha.Click: asks{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, site, secret
}

func opening(site captcha.Site, i int) captcha.Opening {
	return captcha.Opening{
		SiteKey: site.Key, Host: "shop.example.com", Action: "login", CData: "order 7", Lang: "ko-KR",
		Session: "c2Vzc2lvbiBvZiBhIHdpZGdldA", Address: fmt.Sprintf("10.%d.%d.1", i>>8&0xff, i&0xff),
	}
}

// solve goes as far as the work leads, with the real lock.
func solve(t testing.TB, p *captcha.Platform, o captcha.Opening, now time.Time) captcha.Reply {
	r, err := p.Open(t.Context(), o, now)
	if err != nil {
		t.Fatal(err)
	}
	y, err := pow.Solve(r.Work.N, r.Work.X, r.Work.T)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = p.Work(t.Context(), r.ID, o.Session, y, o.Address, now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	return r
}

// A visitor with the real lock and the real answers.
func TestWithRealWork(t *testing.T) {
	p, site, secret := platform(t, captcha.AskAlways)
	now := time.Now()
	o := opening(site, 0)
	r := solve(t, p, o, now)
	if r.Step != captcha.StepQuestion {
		t.Fatal(r.Step, r.Code)
	}
	right := answer.Given{Points: [][2]float64{{120, 100}, {12, 20}}}
	r, err := p.Answer(t.Context(), r.ID, o.Session, right, o.Address, now.Add(5*time.Second))
	if err != nil || r.Step != captcha.StepDone {
		t.Fatal(r, err)
	}
	if c := p.Check(t.Context(), captcha.Check{Secret: secret, Token: r.Token}, now.Add(6*time.Second)); c.Failure != captcha.OK {
		t.Error(c.Failure)
	}
}

// BenchmarkOpen begins challenges from many prefixes.
func BenchmarkOpen(b *testing.B) {
	p, site, _ := platform(b, captcha.AskNever)
	now := time.Now()
	var mu sync.Mutex
	n := 0
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			i := n
			mu.Unlock()
			if r, err := p.Open(context.Background(), opening(site, i), now); err != nil || r.Step != captcha.StepWork {
				b.Error(r, err)
				return
			}
		}
	})
}

// BenchmarkForged is what a stranger's token and id cost.
func BenchmarkForged(b *testing.B) {
	p, site, secret := platform(b, captcha.AskNever)
	token := solve(b, p, opening(site, 0), time.Now()).Token
	forged := token[:40] + "AAAA" + token[44:]
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if c := p.Check(b.Context(), captcha.Check{Secret: secret, Token: forged}, now); c.Failure != captcha.InvalidToken {
			b.Fatal(c.Failure)
		}
	}
}

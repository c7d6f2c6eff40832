package captcha

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/daero/daero/captcha/answer"
)

// wordy asks as a map does.
type wordy struct{ quiz }

func (*wordy) Next(_ context.Context, w Want) (Puzzle, error) {
	return Puzzle{
		Kind: KindRelation, Level: w.Level, Lang: w.Lang, Seed: w.Seed, Text: "역에서 가까운 약국을 누르세요. 단비나무약국은 아닙니다", Clicks: 2,
		Width: 486, Height: 303, Answer: answer.Answer{Spots: []answer.Spot{{X: 123.456789, Y: 98.7654321, R: 24}, {X: 310.123456, Y: 20.554433, R: 24}}},
	}, nil
}

// The bar is 200 MB for 100,000 open questions, with everything that is kept for
// them and for the budgets of 10,000 prefixes. What one takes does not depend on
// how many there are.
func TestRoomOfOpenQuestions(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 4_000
	}
	s := newStage(t, func(c *Config, s *Site) {
		c.Sources = map[Mode]Source{Click: new(wordy)}
		s.Policy = Policy{Ask: AskAlways, SiteChallenges: 1_000_000}
	})
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	s.question(s.opening())
	before, used := heap(), s.ledger.Used()
	for i := range n {
		o := s.opening()
		o.Address = prefixNumber(i)
		r, err := s.Open(t.Context(), o, noon)
		s.must(StepWork, r, err)
		r, err = s.Work(t.Context(), r.ID, session, solved(r), o.Address, noon)
		s.must(StepQuestion, r, err)
	}
	taken, counted := float64(heap()-before)/float64(n), float64(s.ledger.Used()-used)/float64(n)
	t.Logf("%.0f bytes each, %.0f counted: %.0f MB for 100,000", taken, counted, taken/10)
	if taken*100_000 > 200e6 {
		t.Errorf("100,000 take %.0f MB", taken/10)
	}
	if taken > 1.5*counted || counted > 1.5*taken {
		t.Errorf("the ledger counts %.0f bytes where %.0f are taken", counted, taken)
	}
	runtime.KeepAlive(s)
}

func prefixNumber(i int) string { return fmt.Sprintf("10.%d.%d.1", i>>8&0xff, i&0xff) }

// BenchmarkCheck redeems a new token each time: the bar is 10,000 a second on two
// cores.
func BenchmarkCheck(b *testing.B) {
	s := newStage(b, func(c *Config, _ *Site) { c.Ledger = NewMemory(nil, 4<<30) })
	p, err := New(s.cfg)
	if err != nil {
		b.Fatal(err)
	}
	o := s.opening()
	o.Contract = Native
	st, err := p.begin(&o, &s.shop, noon)
	if err != nil {
		b.Fatal(err)
	}
	tokens := make([]string, b.N)
	for i := range tokens {
		token, salt := p.mint.seal(st.passed(&Judgement{Score: 0.9}, noon).encode())
		if err := s.cfg.Ledger.Put(b.Context(), tokenKey(salt), []byte{1}, tokenLife(Native)); err != nil {
			b.Fatal(err)
		}
		tokens[i] = token
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := p.Check(context.Background(), Check{Secret: s.secret, Token: tokens[next.Add(1)-1]}, noon)
			if c.Failure != OK {
				b.Error(c.Failure)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}

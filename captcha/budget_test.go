package captcha

import (
	"fmt"
	"testing"
	"time"
)

// A prefix has its challenges of the minute, and is told when there are more.
func TestAPrefixHasItsChallenges(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy.PrefixChallenges = 5 })
	from := func(address string) (Reply, error) {
		o := s.opening()
		o.Address = address
		return s.Open(t.Context(), o, s.time())
	}
	for i := range 5 {
		r, err := from(fmt.Sprintf("203.0.113.%d", i))
		s.must(StepWork, r, err)
		s.pass(time.Second)
	}
	for _, address := range []string{"203.0.113.99", "::ffff:203.0.113.1", "203.0.113.99:4711"} {
		r, err := from(address)
		if s.must(StepWait, r, err); r.Code != CodeTooManyTries || r.After != 55 || r.ID != "" {
			t.Errorf("%s: %+v", address, r)
		}
	}
	for _, address := range []string{"203.0.112.99", "2001:db8::1", ""} {
		r, err := from(address)
		s.must(StepWork, r, err)
	}
	for i := range 4 {
		r, err := from(fmt.Sprintf("2001:db8:0:%d::1", i))
		s.must(StepWork, r, err)
	}
	r, err := from("2001:db8:0:ffff::1")
	s.must(StepWait, r, err)
	s.pass(55 * time.Second)
	r, err = from("203.0.113.99")
	s.must(StepWork, r, err)
}

// A flood from a million prefixes is bounded by the site's budget, and so is what
// the ledger holds for it.
func TestAFloodFromEverywhere(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy.SiteChallenges = 2000 })
	n, flood := 0, 20_000
	for i := range flood {
		o := s.opening()
		o.Address = fmt.Sprintf("2001:%x:%x::1", i>>8, i&0xff)
		r, err := s.Open(t.Context(), o, s.time())
		if err != nil {
			t.Fatal(err)
		}
		if r.Step == StepWork {
			n++
		} else if r.Code != CodeBusy || r.After != 60 {
			t.Fatalf("%+v", r)
		}
	}
	if n != 2000 || s.ledger.Used() > 2000*1000 {
		t.Errorf("%d challenges, %d bytes", n, s.ledger.Used())
	}
}

// One prefix that asks without end spends its own challenges, not the site's: all
// others come in.
func TestAFloodFromOnePrefix(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy.PrefixChallenges, s.Policy.SiteChallenges = 5, 20 })
	var q Reply
	for i := range 200 {
		r, err := s.Open(t.Context(), s.opening(), s.time())
		want := StepWork
		if i >= 5 {
			want = StepWait
		}
		if s.must(want, r, err); i == 4 {
			q = r
		}
	}
	for range 200 { // nor does who stays at one challenge and asks for others
		r, err := s.Switch(t.Context(), q.ID, session, "", home, s.time())
		s.must(StepWait, r, err)
	}
	for i := range 15 {
		o := s.opening()
		o.Address = fmt.Sprintf("198.51.%d.1", i)
		s.open(o)
	}
}

// What a bot that computes gets out of one prefix in an hour.
func TestTokensOfAnHour(t *testing.T) {
	pass := func(s *stage) (Reply, bool) {
		r, err := s.work(s.open(s.opening()))
		for err == nil && r.Step == StepWork {
			r, err = s.work(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		return r, r.Step == StepDone
	}
	// By risk: sixty for nothing, then every pass needs a question.
	s := newStage(t, nil)
	for i := range 60 {
		if r, ok := pass(s); !ok {
			t.Fatalf("pass %d: %s %s", i+1, r.Step, r.Code)
		}
		s.pass(time.Second)
	}
	r, _ := pass(s)
	if s.must(StepQuestion, r, nil); s.quiz.last().Level != 2 {
		t.Error("who shares an address with many is not asked harder:", s.quiz.last().Level)
	}
	d, err := s.Answer(t.Context(), r.ID, session, rightClick, home, s.time())
	if c := s.check(s.must(StepDone, d, err).Token); !has(c.Reasons, "network-tokens") || c.Score < 0.9 {
		t.Errorf("%+v", c)
	}
	// Where nobody is asked it is more work, then a wait for the rest of the hour.
	s = newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskNever, PrefixTokens: 5, PrefixMost: 8} })
	for i := range 8 {
		r := s.open(s.opening())
		before := s.time()
		r, err := s.work(r)
		for err == nil && r.Step == StepWork {
			r, err = s.work(r)
		}
		s.must(StepDone, r, err)
		if took := s.time().Sub(before); i < 5 && took > time.Second || i >= 5 && took < 2*time.Second {
			t.Errorf("pass %d took %v", i+1, took)
		}
	}
	r, err = s.Open(t.Context(), s.opening(), s.time())
	if s.must(StepWait, r, err); r.Code != CodeTooManyTries || r.After > 3600 || r.After < 3000 {
		t.Errorf("%+v", r)
	}
	s.pass(time.Hour)
	s.open(s.opening())
	// Those who have a question open when the last token goes wait as well.
	s = newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskAlways, PrefixTokens: 1, PrefixMost: 1} })
	first, second := s.question(s.opening()), s.question(s.opening())
	r, err = s.Answer(t.Context(), first.ID, session, rightClick, home, s.time())
	s.must(StepDone, r, err)
	r, err = s.Answer(t.Context(), second.ID, session, rightClick, home, s.time())
	s.must(StepWait, r, err)
}

// Who guesses is stopped by the misses of the prefix, however many challenges it
// spreads them over; those who answer right are not.
func TestMissesOfAPrefix(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskAlways, PrefixMisses: 3} })
	var open []Reply
	for range 6 {
		open = append(open, s.question(s.opening()))
	}
	for i := range 3 {
		r, err := s.Answer(t.Context(), open[i].ID, session, wrong, home, s.time())
		s.must(StepWork, r, err)
	}
	r, err := s.Answer(t.Context(), open[3].ID, session, wrong, home, s.time())
	if s.must(StepWait, r, err); !r.Missed || r.Code != CodeTooManyTries || r.After > 60 {
		t.Errorf("%+v", r)
	}
	r, err = s.Answer(t.Context(), open[4].ID, session, rightClick, home, s.time())
	s.must(StepDone, r, err)
}

// A picture is fetched a few times; a sound is heard again and again, and made
// once.
func TestMediaAreFetchedSoOften(t *testing.T) {
	s := newStage(t, always)
	fetch := func(r Reply, part Part, most int) {
		t.Helper()
		for n := range most {
			if _, err := s.Media(t.Context(), r.ID, part, s.time()); err != nil {
				t.Fatal(part, n, err)
			}
		}
		if _, err := s.Media(t.Context(), r.ID, part, s.time()); refused(err) != CodeTooMany {
			t.Error(part, err)
		}
	}
	fetch(s.question(s.opening()), PartImage, madeMost)
	o := s.opening()
	o.Mode = Sound
	fetch(s.question(o), PartAudio, mediaMost+1)
	if n := s.quiz.made.Load(); n != madeMost+1 {
		t.Errorf("%d media were made", n)
	}
	// Those of many questions in turn are made again, and then no more.
	var all []Reply
	for range soundsKept + 1 {
		s.pass(time.Second)
		all = append(all, s.question(o))
		o.Address = fmt.Sprintf("198.51.%d.1", len(all))
	}
	for n := range madeMost {
		for _, r := range all {
			if _, err := s.Media(t.Context(), r.ID, PartAudio, s.time()); err != nil {
				t.Fatal(n, err)
			}
		}
	}
	if _, err := s.Media(t.Context(), all[0].ID, PartAudio, s.time()); refused(err) != CodeTooMany {
		t.Error(err)
	}
}

// Who was asked once is asked until the answer is right, whatever is over by then.
func TestAQuestionStaysDue(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{PrefixChallenges: 2, PrefixMisses: 1} })
	bad := s.open(s.opening())
	if _, err := s.Work(t.Context(), bad.ID, session, "not it", home, s.time()); err != nil {
		t.Fatal(err)
	}
	r := s.question(s.opening()) // the network is busy, and has missed
	s.pass(90 * time.Second)
	r, err := s.Switch(t.Context(), r.ID, session, Click, home, s.time())
	s.must(StepWork, r, err)
	r, err = s.work(r)
	s.must(StepQuestion, r, err)
	s.token(s.opening()) // another one is not asked by now
	if n := len(s.quiz.want); n != 2 {
		t.Errorf("%d questions", n)
	}
}

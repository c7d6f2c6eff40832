package captcha

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/captcha/answer"
)

func TestNobodyIsAskedWhoSeemsLikeAPerson(t *testing.T) {
	s := newStage(t, nil)
	r := s.open(s.opening())
	if r.Expires != 120 || r.Work.T != 400*340 {
		t.Errorf("expires %d, t %d", r.Expires, r.Work.T)
	}
	r, err := s.work(r)
	r = s.must(StepDone, r, err)
	if r.Expires != 300 || len(r.Token) > 900 {
		t.Errorf("expires %d, a token of %d", r.Expires, len(r.Token))
	}
	c := s.check(r.Token)
	if c.Failure != OK || c.Site != s.shop.Key || c.Host != "shop.example.com" || c.Action != "login" || c.CData != "order 7" ||
		c.Interactive || c.Kind != KindWork || c.Score != 0.9 || len(c.Reasons) != 0 || !c.At.Equal(s.time()) {
		t.Errorf("%+v", c)
	}
}

func TestAQuestionIsAnswered(t *testing.T) {
	s := newStage(t, always)
	r := s.question(s.opening())
	if r.Ask.Mode != Click || r.Ask.Lang != "ko" || r.Expires != 120 || len(r.Ask.Modes) != 2 || r.Ask.Parts[0] != PartImage {
		t.Errorf("%+v", r.Ask)
	}
	if m, err := s.Media(t.Context(), r.ID, PartImage, s.time()); err != nil || m.Type != "image/jpeg" {
		t.Error(m, err)
	}
	r, err := s.Answer(t.Context(), r.ID, session, rightClick, home, s.time())
	c := s.check(s.must(StepDone, r, err).Token)
	if c.Failure != OK || !c.Interactive || c.Kind != KindOrder || c.Score != 1 || !has(c.Reasons, "asked") {
		t.Errorf("%+v", c)
	}
}

// A reply holds no more than it says: neither the answer nor the puzzle's seed.
func TestEachModeHasItsParts(t *testing.T) {
	for mode, parts := range map[Mode][]Part{Click: {PartImage}, Text: {PartImage}, Sound: {PartAudio, PartAudioSlow}} {
		s := newStage(t, always)
		o := s.opening()
		o.Mode = mode
		r := s.question(o)
		if r.Ask.Mode != mode || ModeOf(r.Ask.Kind) != mode || len(r.Ask.Parts) != len(parts) || has(modeNames(r.Ask.Modes), string(mode)) {
			t.Errorf("%s: %+v", mode, r.Ask)
		}
		for _, part := range []Part{PartImage, PartIcon, PartAudio, PartAudioSlow, "../x"} {
			_, err := s.Media(t.Context(), r.ID, part, s.time())
			want := ""
			if !has(partNames(parts), string(part)) {
				want = CodeGone
			}
			if refused(err) != want {
				t.Errorf("%s of %s: %v", part, mode, err)
			}
		}
		given := rightText
		if mode == Click {
			given = rightClick
		}
		d, err := s.Answer(t.Context(), r.ID, session, given, home, s.time())
		s.must(StepDone, d, err)
		if _, err := s.Media(t.Context(), r.ID, parts[0], s.time()); refused(err) != CodeGone {
			t.Error("media of what was answered:", err)
		}
	}
}

func TestAnIDIsGoodForOneAnswer(t *testing.T) {
	s := newStage(t, always)
	work := s.open(s.opening())
	question, err := s.work(work)
	s.must(StepQuestion, question, err)
	if _, err := s.Work(t.Context(), work.ID, session, solved(work), home, s.time()); refused(err) != CodeGone {
		t.Error("the same work twice:", err)
	}
	r, err := s.Answer(t.Context(), question.ID, session, wrong, home, s.time())
	if s.must(StepWork, r, err); !r.Missed {
		t.Error("a miss is not said to be one")
	}
	if _, err := s.Answer(t.Context(), question.ID, session, rightClick, home, s.time()); refused(err) != CodeGone {
		t.Error("a second answer:", err)
	}
	// The work of one challenge is no work of another.
	next := s.open(s.opening())
	r, err = s.Work(t.Context(), next.ID, session, solved(work), home, s.time())
	if s.must(StepWork, r, err); r.ID == next.ID || r.Work.X == next.Work.X || r.Missed {
		t.Error("work that is not right is asked for anew, and is no missed question")
	}
	if r.Work.T <= next.Work.T {
		t.Error("nor for nothing")
	}
}

func TestBoundToAPrefix(t *testing.T) {
	for name, c := range map[string]struct {
		bind bool
		from string
		want string
	}{
		"bound, near":     {true, "203.0.113.200", ""},
		"bound, mapped":   {true, "::ffff:203.0.113.1", ""},
		"bound, far":      {true, "203.0.114.7", CodeGone},
		"bound, not said": {true, "", CodeGone},
		"unbound, far":    {false, "198.51.100.1", ""},
		"unbound, v6":     {false, "2001:db8::1", ""},
	} {
		s := newStage(t, func(_ *Config, s *Site) { s.Policy.BindPrefix, s.Policy.Ask = c.bind, AskAlways })
		work := s.open(s.opening())
		question := s.question(s.opening())
		r, err := s.Work(t.Context(), work.ID, session, solved(work), c.from, s.time())
		if refused(err) != c.want || err == nil && r.Step != StepQuestion {
			t.Errorf("work, %s: %v %v", name, r, err)
		}
		if r, err := s.Answer(t.Context(), question.ID, session, rightClick, c.from, s.time()); refused(err) != c.want || err == nil && r.Step != StepDone {
			t.Errorf("answer, %s: %v %v", name, r, err)
		}
	}
}

func TestMissesCostWorkThenALevelThenAWait(t *testing.T) {
	s := newStage(t, always)
	r := s.question(s.opening())
	work := 400
	for miss := 1; miss <= mostMisses; miss++ {
		level := 2 + (miss-1)/stepMisses
		if got := s.quiz.last().Level; got != level {
			t.Errorf("before miss %d: level %d, want %d", miss, got, level)
		}
		next, err := s.Answer(t.Context(), r.ID, session, wrong, home, s.time())
		if miss == mostMisses {
			s.must(StepWait, next, err)
			if next.Code != CodeTooManyTries || next.After != 30 || !next.Missed || next.ID != "" {
				t.Errorf("%+v", next)
			}
			break
		}
		s.must(StepWork, next, err)
		if got := next.Work.T / 340; got < work || got > 10_000 || got == work && work < 10_000 {
			t.Errorf("after miss %d: %d ms of work, it was %d", miss, got, work)
		}
		work = next.Work.T / 340
		r, err = s.work(next)
		s.must(StepQuestion, r, err)
	}
}

// What one would like to be asked is not for sale: whoever puts questions aside
// pays more each time, and may say a mode, but no kind and no level.
func TestResetShopping(t *testing.T) {
	s := newStage(t, always)
	r := s.question(s.opening())
	paid, resets, last := 0, 0, 0
	for {
		next, err := s.Switch(t.Context(), r.ID, session, Click, home, s.time())
		if err != nil {
			t.Fatal(err)
		}
		if next.Step == StepWait {
			if next.Code != CodeTooManyTries || next.After < 1 || next.After > 60 {
				t.Errorf("%+v", next)
			}
			break
		}
		if next.Work.T < last {
			t.Fatalf("reset %d costs less than the one before", resets)
		}
		last = next.Work.T
		paid += next.Work.T / 340
		resets++
		if next, err = s.work(next); err != nil || next.Step != StepQuestion {
			t.Fatal(next, err)
		}
		if w := s.quiz.last(); w.Kind != "" || w.Level != 2 {
			t.Fatalf("asked for %+v", w)
		}
		r = next
		if resets > 200 {
			break // work slows it to less than the budget of a minute
		}
	}
	if mean := paid / resets; mean < 8000 {
		t.Errorf("%d resets cost %d ms each", resets, mean)
	}
	// Who asks for many at once, without doing the work, gets no question at all.
	s = newStage(t, always)
	r = s.open(s.opening())
	for n := 1; ; n++ {
		next, err := s.Switch(t.Context(), r.ID, session, "", home, s.time())
		if err != nil {
			t.Fatal(err)
		}
		if next.Step == StepWait {
			if n != 60 {
				t.Errorf("the budget of 60 ended after %d", n)
			}
			break
		}
		r = next
	}
	if len(s.quiz.want) != 0 {
		t.Error("a question without work")
	}
}

func TestAnotherModeIsNeverRefused(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskAlways, PrefixChallenges: 1} })
	r := s.question(s.opening())
	wait, err := s.Switch(t.Context(), r.ID, session, Click, home, s.time())
	s.must(StepWait, wait, err)
	work, err := s.Switch(t.Context(), r.ID, session, Sound, home, s.time()) // the question is still open
	if s.must(StepWork, work, err); work.Work.T != 10_000*340 {
		t.Errorf("t %d", work.Work.T)
	}
	q, err := s.work(work)
	if s.must(StepQuestion, q, err); q.Ask.Mode != Sound {
		t.Error(q.Ask.Mode)
	}
	if _, err := s.Switch(t.Context(), q.ID, session, "telepathy", home, s.time()); refused(err) != CodeBadMode {
		t.Error(err)
	}
}

// A sound becomes dearer when the prefix has had many, and is asked all the same.
func TestAudioIsPricedNotRefused(t *testing.T) {
	s := newStage(t, func(_ *Config, s *Site) { s.Policy = Policy{Ask: AskAlways, PrefixAudio: 2} })
	o := s.opening()
	o.Mode = Sound
	for i := range 6 {
		r, err := s.work(s.open(o))
		if i >= 2 {
			if s.must(StepWork, r, err); r.Work.T != 4*400*340 {
				t.Errorf("t %d", r.Work.T)
			}
			r, err = s.work(r)
		}
		if s.must(StepQuestion, r, err); r.Ask.Mode != Sound {
			t.Error(r.Ask.Mode)
		}
		d, err := s.Answer(t.Context(), r.ID, session, rightText, home, s.time())
		if c := s.check(s.must(StepDone, d, err).Token); c.Score < 0.9 {
			t.Error("hearing costs score:", c.Score)
		}
	}
}

func TestMoreTime(t *testing.T) {
	s := newStage(t, always)
	r := s.question(s.opening())
	for at := 90 * time.Second; at < 9*time.Minute; at += 90 * time.Second {
		s.pass(90 * time.Second)
		e, err := s.Extend(t.Context(), r.ID, session, s.time())
		if s.must(StepQuestion, e, err); e.Expires != int(min(2*time.Minute, 10*time.Minute-at)/time.Second) || e.ID != r.ID {
			t.Errorf("at %v: %+v", at, e)
		}
	}
	s.pass(59 * time.Second)
	if e, err := s.Extend(t.Context(), r.ID, session, s.time()); err != nil || e.Expires > 97 {
		t.Error(e, err)
	}
	s.pass(98 * time.Second)
	if _, err := s.Extend(t.Context(), r.ID, session, s.time()); err == nil {
		t.Error("more than ten minutes")
	}
	if _, err := s.Answer(t.Context(), r.ID, session, rightClick, home, s.time()); refused(err) != CodeGone {
		t.Error(err)
	}
	r = s.question(s.opening())
	s.pass(121 * time.Second)
	if _, err := s.Extend(t.Context(), r.ID, session, s.time()); refused(err) != CodeGone {
		t.Error("more time for what is over:", err)
	}
}

func TestNoQuestionIsReady(t *testing.T) {
	s := newStage(t, always)
	s.quiz.busy[Click] = true
	if r := s.question(s.opening()); r.Ask.Mode != Text {
		t.Error("another one is ready:", r.Ask.Mode)
	}
	// Who cannot see waits for a sound rather than be shown a picture.
	s.quiz.busy[Sound] = true
	o := s.opening()
	o.Mode = Sound
	r, err := s.work(s.open(o))
	if s.must(StepWait, r, err); r.Code != CodeBusy || r.After < 1 || r.After > 2 || r.ID == "" {
		t.Errorf("%+v", r)
	}
	s.pass(time.Second)
	r, err = s.Work(t.Context(), r.ID, session, "", home, s.time())
	s.must(StepWait, r, err)
	s.quiz.busy[Sound] = false
	if _, err := s.Work(t.Context(), r.ID, "other", "", home, s.time()); refused(err) != CodeGone {
		t.Error("work that is done is for its own session:", err)
	}
	q, err := s.Work(t.Context(), r.ID, session, "", home, s.time())
	if s.must(StepQuestion, q, err); q.Ask.Mode != Sound {
		t.Error(q.Ask.Mode)
	}
	s.quiz.fail = errors.New("the fonts are gone")
	r, err = s.work(s.open(s.opening()))
	if s.must(StepWait, r, err); r.Code != CodeBusy {
		t.Error(r.Code)
	}
}

func TestAnswersThatAreTooLarge(t *testing.T) {
	s := newStage(t, always)
	r := s.question(s.opening())
	for _, g := range []answer.Given{{Text: strings.Repeat("a", 1<<20)}, {Points: make([][2]float64, 1000)}} {
		if _, err := s.Answer(t.Context(), r.ID, session, g, home, s.time()); refused(err) != CodeTooLarge {
			t.Error(err)
		}
	}
	w := s.open(s.opening())
	if _, err := s.Work(t.Context(), w.ID, session, strings.Repeat("f", 1<<20), home, s.time()); refused(err) != CodeTooLarge {
		t.Error(err)
	}
	d, err := s.Answer(t.Context(), r.ID, session, rightClick, home, s.time())
	s.must(StepDone, d, err) // nothing was used up
}

func TestPressOnlyRaises(t *testing.T) {
	s := newStage(t, nil)
	for press, want := range map[time.Duration]int{
		0: 400, time.Millisecond: 400, 2 * time.Second: 2000, time.Hour: 30_000, -time.Second: 400,
	} {
		s.Press(press)
		if got := s.open(s.opening()).Work.T / 340; got != want {
			t.Errorf("pressed for %v: %d ms, want %d", press, got, want)
		}
	}
	// Nobody is asked anything for it.
	s.Press(5 * time.Second)
	r, err := s.work(s.open(s.opening()))
	s.must(StepDone, r, err)
}

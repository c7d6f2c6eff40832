package captcha

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/captcha/answer"
)

// walker is somebody who tries everything that he has an id for, at either of two
// gateways, right and wrong, early and late, as himself and as others.
type walker struct {
	*stage
	r     *rand.Rand
	gates []*Platform
	ids   []Reply         // whatever was replied, spent or not
	spent map[string]bool // ids that were answered
}

// Whatever order things come in: a token takes a right answer to a question that
// was open, an id is good for one answer, and a token is redeemed once.
func TestWalks(t *testing.T) {
	walks, steps := 40, 150
	if testing.Short() {
		walks = 10
	}
	tokens := 0
	for seed := range uint64(walks) {
		s := newStage(t, func(_ *Config, s *Site) {
			s.Policy = Policy{Ask: AskAlways, PrefixChallenges: 10_000, PrefixMisses: 10_000, PrefixTokens: 10_000, PrefixMost: 10_000}
		})
		w := &walker{stage: s, r: rand.New(rand.NewPCG(seed, 5)), gates: []*Platform{s.Platform, s.another()}, spent: map[string]bool{}}
		for range steps {
			tokens += w.step()
		}
		if t.Failed() {
			t.Fatalf("walk %d", seed)
		}
	}
	if tokens < walks {
		t.Errorf("only %d tokens: the walks go nowhere", tokens)
	}
}

func (w *walker) gate() *Platform { return w.gates[w.r.IntN(len(w.gates))] }

// step does something, and returns how many tokens it brought.
func (w *walker) step() int {
	if w.r.IntN(4) == 0 {
		w.pass(time.Duration(w.r.IntN(40)) * time.Second)
	}
	if len(w.ids) == 0 || w.r.IntN(6) == 0 {
		o := w.opening()
		o.Mode = append([]Mode{""}, allModes...)[w.r.IntN(4)]
		r, err := w.gate().Open(w.t.Context(), o, w.time())
		w.ids = append(w.ids, w.must(StepWork, r, err))
		return 0
	}
	from := w.ids[max(0, len(w.ids)-1-w.r.IntN(8))]
	who, at := session, w.time()
	if w.r.IntN(10) == 0 {
		who = "somebody else"
	}
	good := who == session && !w.spent[from.ID]
	var r Reply
	var err error
	right := false
	switch k := w.r.IntN(10); {
	case k == 0:
		r, err = w.gate().Switch(w.t.Context(), from.ID, who, allModes[w.r.IntN(3)], home, at)
	case k == 1:
		_, err = w.gate().Extend(w.t.Context(), from.ID, who, at)
		if err == nil && !good {
			w.t.Error("more time for nothing")
		}
		return 0
	case from.Step == StepWork && k < 9:
		y := solved(from)
		if right = w.r.IntN(5) > 0; !right {
			y += "0"
		}
		r, err = w.gate().Work(w.t.Context(), from.ID, who, y, home, at)
	case from.Step == StepQuestion && k < 9:
		right = w.r.IntN(2) == 0
		r, err = w.gate().Answer(w.t.Context(), from.ID, who, w.given(from.Ask.Mode, right), home, at)
	default: // what is not due
		if from.Step == StepWork {
			r, err = w.gate().Answer(w.t.Context(), from.ID, who, rightText, home, at)
		} else {
			r, err = w.gate().Work(w.t.Context(), from.ID, who, "", home, at)
		}
		if refused(err) != CodeGone {
			w.t.Error("what is not due is done:", r.Step, err)
		}
		return 0
	}
	return w.judge(from, r, err, good, right)
}

func (w *walker) given(m Mode, right bool) answer.Given {
	switch {
	case !right:
		return wrong
	case m == Click:
		return rightClick
	}
	return rightText
}

// judge holds what was replied against what may be.
func (w *walker) judge(from, r Reply, err error, good, right bool) int {
	if err != nil {
		if refused(err) != CodeGone {
			w.t.Error(err)
		}
		return 0
	}
	if !good {
		w.t.Error("somebody who may not was replied to:", r.Step)
	}
	w.spent[from.ID] = true
	switch r.Step {
	case StepQuestion:
		if from.Step != StepWork || !right {
			w.t.Error("a question without work")
		}
		w.ids = append(w.ids, r)
	case StepWork:
		w.ids = append(w.ids, r)
	case StepDone:
		if from.Step != StepQuestion || !right {
			w.t.Error("a token without a right answer")
		}
		for i := range 3 {
			c := w.gate().Check(w.t.Context(), Check{Secret: w.secret, Token: r.Token}, w.time())
			if (i == 0) != (c.Failure == OK) || i > 0 && c.Failure != SpentToken {
				w.t.Errorf("check %d: %q", i+1, c.Failure)
			}
		}
		return 1
	}
	return 0
}

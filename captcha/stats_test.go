package captcha

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What happens is in the store a few seconds later, also when the store was away
// meanwhile, and when the process ends.
func TestRunCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		told := map[string]int{}
		s := newStage(t, func(c *Config, s *Site) {
			s.Policy.Ask = AskAlways
			c.Tell = func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				told[e.Name]++
			}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		s.check(s.token(s.opening()))
		q := s.question(s.opening())
		if _, err := s.Answer(t.Context(), q.ID, session, wrong, home, s.time()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		for name, want := range map[string]int64{
			"issued": 2, "work": 2, "shown.click": 2, "solved.order": 1, "missed.order": 1, "verified.valid": 1, "took.10s": 1, "took-ms": 5000, "verified.invalid": 0,
		} {
			if got := s.shelf.count(s.shop.Key, name); got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
		if told["issued"] != 2 || told["solved.order"] != 1 || told["verified.valid"] != 1 {
			t.Error(told)
		}
		s.away(errAway)
		s.tell(s.shop.Key, Event{Name: CountIssued}, s.time())
		time.Sleep(time.Minute)
		s.away(nil)
		time.Sleep(6 * time.Second)
		if got := s.shelf.count(s.shop.Key, "issued"); got != 3 {
			t.Errorf("after the store was away: %d", got)
		}
		// A site that is removed takes its counts with it, not those of others.
		for i := range 40 {
			s.tell(fmt.Sprint("removed ", i), Event{Name: CountIssued}, s.time())
		}
		s.tell(s.shop.Key, Event{Name: CountIssued}, s.time())
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := s.shelf.count(s.shop.Key, "issued"); got != 4 {
			t.Errorf("after the end: %d", got)
		}
	})
}

// away sets what the store of sites says.
func (s *stage) away(err error) {
	s.shelf.Lock()
	defer s.shelf.Unlock()
	s.shelf.away = err
}

func TestRunSweepsTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.open(s.opening())
		if s.ledger.Used() == 0 {
			t.Fatal("nothing is open")
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		s.pass(2 * time.Hour)
		time.Sleep(9 * time.Second)
		if n := s.ledger.Used(); n != 0 {
			t.Errorf("%d bytes are left", n)
		}
		stop()
		<-ended
	})
}

func TestCountsAreBounded(t *testing.T) {
	c := newCounts(&shelf{away: errAway})
	for i := range 2 * maxCounts {
		c.add("site", fmt.Sprint(i), 1, noon)
	}
	c.add("site", "0", 1, noon) // what is known counts on
	if len(c.m) != maxCounts || c.m[countKey{"site", "0", noon.Unix() / 3600}] != 2 {
		t.Error(len(c.m))
	}
	if err := c.flush(t.Context()); err == nil {
		t.Error("a store that is away took it")
	}
	if len(c.m) != maxCounts {
		t.Errorf("%d are kept", len(c.m))
	}
}

func TestSummarise(t *testing.T) {
	count := func(name string, n int64) Count { return Count{Site: "s", Hour: noon, Name: name, N: n} }
	got := Summarise([]Count{
		count("issued", 100), count("issued", 20), count("work", 130), count("shown.click", 60), count("shown.audio", 20), count("solved.work", 50),
		count("solved.order", 30), count("solved.words", 10), count("missed.order", 15), count("missed.work", 3), count("switched.audio", 5),
		count("waits.busy", 2), count("waits.too-many-tries", 3), count("verified.valid", 80), count("verified.invalid", 4),
		count("took.5s", 10), count("took.10s", 26), count("took.more", 4), count("took-ms", 320_000), count("something else", 9),
	})
	want := Summary{
		Issued: 120, Work: 130, Shown: map[Mode]int64{Click: 60, Sound: 20},
		Solved: map[Kind]int64{KindWork: 50, KindOrder: 30, KindWords: 10}, Missed: map[Kind]int64{KindOrder: 15, KindWork: 3},
		Switched: 5, Unsolved: 20, Waits: 5, Passed: 90, Valid: 80, Invalid: 4, Asked: 40.0 / 90, Audio: 0.25,
		SolveTime: 8 * time.Second, SolveMost: 10 * time.Second,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want\n%+v", got, want)
	}
	for want, counts := range map[string][]Count{
		"ever verified":   {count("solved.work", 20)},
		"10 were":         {count("solved.work", 30), count("verified.valid", 10)},
		"were not valid":  {count("verified.valid", 5), count("verified.invalid", 20)},
		"left unanswered": {count("shown.click", 30), count("solved.order", 10), count("verified.valid", 10)},
		"":                {count("solved.work", 19), count("shown.click", 1)},
	} {
		if got := Summarise(counts).Warnings; want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("%q: %q", want, got)
		}
	}
	if got := Summarise(nil); got.Asked != 0 || got.SolveTime != 0 || len(got.Warnings) != 0 {
		t.Errorf("%+v", got)
	}
}

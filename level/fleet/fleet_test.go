package fleet_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

func TestWhatAMajorityMeasures(t *testing.T) {
	for _, c := range []struct {
		name    string
		own     float64
		others  []float64
		weights []float64 // own first; all 1 if nil
		want    float64
	}{
		{name: "nobody else", own: 1.5, want: 1.5},
		{name: "one other is no majority", others: []float64{5}, want: 0},
		{name: "two of two", own: 2.5, others: []float64{5}, want: 2.5},
		{name: "two of three", others: []float64{3.25, 4.5}, want: 3.25},
		{name: "one of three", others: []float64{5, 0}, want: 0},
		{name: "two of four", others: []float64{5, 5, 0}, want: 0},
		{name: "three of four", others: []float64{5, 4.25, 3.5}, want: 3.5},
		{name: "own saturation is not lowered", own: 4.5, others: []float64{0, 0, 0, 0, 0}, want: 4.5},
		{name: "own pressure is raised inside a level", own: 2.25, others: []float64{2.5, 2.75}, want: 2.5},
		{name: "weight of 1e9 raises nobody", others: []float64{5, 0, 0}, weights: []float64{1, 1e9, 1, 1}, want: 0},
		{name: "weight without heads", others: []float64{5, 5, 0, 0}, weights: []float64{1, 8, 8, 1, 1}, want: 0},
		{name: "heads need weight as well", others: []float64{3, 3, 3}, weights: []float64{100, 1, 1, 1}, want: 0},                     // 3 of 4 + 3
		{name: "weight ends at 4 times the median", others: []float64{3, 3, 3, 3, 3}, weights: []float64{100, 1, 1, 1, 1, 1}, want: 3}, // 5 of 4 + 5
		{name: "nobody weighs anything", others: []float64{3, 3}, weights: []float64{0, 0, 0}, want: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, fleet.Config{})
			l.own = standing(c.own)
			all := voices(c.others...)
			l.f.Weigh(1)
			if c.weights != nil {
				l.f.Weigh(c.weights[0])
				for i, v := range all {
					v.weight = c.weights[i+1]
				}
			}
			got := l.pass(5*time.Second, all...)
			if !near(of(got), c.want) || got.Level != got.Acting {
				t.Errorf("acts on %+v, want a load of %v", got, c.want)
			}
		})
	}
}

// TestWhatStaysAGatewaysOwn: warnings, what its own readings permit, and
// pins stay a gateway's own.
func TestWhatStaysAGatewaysOwn(t *testing.T) {
	all := voices(4.5, 4.5, 4.5)
	l := listen(t, fleet.Config{})
	l.own = level.Standing{Level: level.Caution, Armed: level.Caution, Ease: level.Attention}
	want := level.Standing{Level: level.Serious, Acting: level.Serious, Armed: level.Caution, Ease: level.Attention, Pressure: 0.5}
	if got := l.pass(5*time.Second, all...); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	l.own = level.Standing{Level: level.Normal, Pinned: true}
	if got := l.pass(time.Second, all...); got != l.own {
		t.Errorf("pinned, and acts on %+v", got)
	}
}

// TestAPinRaisesNobody: it is a person's word about one gateway.
func TestAPinRaisesNobody(t *testing.T) {
	l := listen(t, fleet.Config{})
	all := voices(4, 4, 4)
	for _, v := range all {
		v.pinned = true
	}
	if got := l.pass(5*time.Second, all...); got != (level.Standing{}) {
		t.Errorf("%+v", got)
	}
}

// TestAloneWithoutTheLog: what nobody repeats ends, and own stays what it is.
func TestAloneWithoutTheLog(t *testing.T) {
	l := listen(t, fleet.Config{})
	l.own = standing(0.5)
	if got := l.pass(10*time.Second, voices(3.5, 3.5, 3.5)...); got.Acting != level.Alert {
		t.Fatalf("was not raised: %+v", got)
	}
	if got := l.pass(fleet.DefaultStale + fleet.DefaultHold - 2*time.Second); got.Acting != level.Alert {
		t.Errorf("not held: %+v", got)
	}
	l.pass(3 * time.Second)
	for i := range 50 {
		l.own = standing(float64(i) / 10)
		if got := l.pass(level.Interval); got != l.own {
			t.Fatalf("alone, measures %+v and acts on %+v", l.own, got)
		}
	}
}

// TestUpAtOnce: a majority that is pressed raises the others within the step
// after its words arrive.
func TestUpAtOnce(t *testing.T) {
	l := listen(t, fleet.Config{})
	all := voices(0, 0, 0)
	l.pass(10*time.Second, all...)
	for _, v := range all {
		v.load = 3
		l.f.Hear(l.now, v.say(l.now))
	}
	if got := l.step(); got.Acting != level.Alert {
		t.Errorf("%+v", got)
	}
}

// TestNewVoicesDoNotRaise: who just started believes nobody at once, and who
// just came counts among those that measure nothing.
func TestNewVoicesDoNotRaise(t *testing.T) {
	l := listen(t, fleet.Config{})
	if got := l.pass(fleet.DefaultSettle, voices(4, 4)...); got.Acting != level.Normal {
		t.Errorf("just started: %+v", got)
	}
	l = listen(t, fleet.Config{})
	three := voices(2, 2)
	if got := l.pass(10*time.Second, three...); got.Acting != level.Caution {
		t.Fatalf("%+v", got)
	}
	many := voices(2, 2, 4, 4, 4, 4, 4, 4)
	copy(many, three)
	if got := l.pass(2*time.Second, many...); got.Acting != level.Caution {
		t.Errorf("raised by who just came: %+v", got)
	}
	if got := l.pass(2*time.Second, many...); got.Acting != level.Serious {
		t.Errorf("not raised by who has settled: %+v", got)
	}
}

// TestOnlyNewsCounts: copies, old ones and older runs keep nobody alive.
func TestOnlyNewsCounts(t *testing.T) {
	l := listen(t, fleet.Config{})
	v := voices(1)[0]
	v.run, v.seq = 7, 10
	hear := func(run, seq uint64, want fleet.Heard) {
		t.Helper()
		v.run, v.seq = run, seq-1
		if got := l.f.Hear(l.now, v.say(l.now)); got != want {
			t.Errorf("run %d, number %d: %d, want %d", run, seq, got, want)
		}
	}
	hear(7, 11, fleet.Counted)
	hear(7, 11, fleet.Repeated) // a copy
	hear(7, 9, fleet.Repeated)  // out of order
	hear(7, 15, fleet.Counted)  // with a gap
	hear(6, 99, fleet.Repeated) // a run that is over
	hear(8, 1, fleet.Counted)   // started anew
	hear(7, 16, fleet.Repeated)
	for range 60 {
		l.now = l.now.Add(100 * time.Millisecond)
		hear(8, 1, fleet.Repeated)
	}
	l.step()
	if s := l.f.State(l.now, "", ""); s.Heard != 0 || s.Silent != 1 {
		t.Errorf("copies kept it alive: %+v", s)
	}
	hear(8, 1, fleet.Repeated) // silent, and still no news
	hear(2, 1, fleet.Counted)  // its clock was set back and it started anew
	l.now = l.now.Add(fleet.DefaultForget)
	hear(2, 1, fleet.Counted) // forgotten
}

// TestNobodysClockCounts: neither a sender's, nor this gateway's that is set.
func TestNobodysClockCounts(t *testing.T) {
	l := listen(t, fleet.Config{})
	all := voices(3, 3, 3)
	for i := range 100 {
		for k, v := range all {
			r := v.say(l.now)
			r.At = l.now.Add(time.Duration(k-1) * 24 * time.Hour)
			l.f.Hear(l.now, r)
		}
		if got := l.pass(time.Second); i > 3 && got.Acting != level.Alert {
			t.Fatalf("after %d s: %+v", i, got)
		}
	}
	for _, by := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		l.now = l.now.Add(by)
		// Nothing that was heard before counts for a day.
		if got := l.pass(fleet.DefaultHold+fleet.DefaultStale, voices(0, 0, 0)...); got.Acting != level.Normal {
			t.Errorf("clock moved by %s: %+v", by, got)
		}
		if got := l.pass(10*time.Second, all...); got.Acting != level.Alert {
			t.Errorf("clock moved by %s, and not raised again: %+v", by, got)
		}
	}
}

// TestAFloodOfNames evicts nobody who lives, and takes no more room than there
// is.
func TestAFloodOfNames(t *testing.T) {
	l := listen(t, fleet.Config{Most: 100})
	all := voices(3, 3, 3, 3)
	l.pass(10*time.Second, all...)
	names := 0
	for range 60 {
		for range 10_000 {
			names++
			l.f.Hear(l.now, (&voice{node: fmt.Sprint("flood", names), run: 1}).say(l.now))
		}
		l.pass(time.Second, all...)
		s := l.f.State(l.now, "", "")
		if len(s.Members) > 100 {
			t.Fatalf("%d are kept", len(s.Members))
		}
		alive := 0
		for _, m := range s.Members {
			if strings.HasPrefix(m.Node, "n") && m.Fresh {
				alive++
			}
		}
		if alive != len(all) {
			t.Fatalf("%d of %d are left", alive, len(all))
		}
	}
	if s := l.f.State(l.now, "", ""); s.Counts.Full == 0 || s.Raised != level.Normal {
		t.Errorf("%+v", s.Counts)
	}
	// When it is over, all is as before.
	if got := l.pass(10*time.Second, all...); got.Acting != level.Alert {
		t.Errorf("after the flood: %+v", got)
	}
}

// TestOnlyMembers: with their names in the configuration, made-up names are
// nothing at all.
func TestOnlyMembers(t *testing.T) {
	l := listen(t, fleet.Config{Members: []string{"own", "n0", "n1"}})
	all := voices(2, 2, 5, 5, 5, 5, 5)
	if got := l.pass(10*time.Second, all...); got.Acting != level.Caution {
		t.Errorf("%+v", got)
	}
	if s := l.f.State(l.now, "", ""); s.Heard != 2 || s.Counts.Strangers == 0 || len(s.Members) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestTwins: two gateways with one name are one vote, and it is seen.
func TestTwins(t *testing.T) {
	l := listen(t, fleet.Config{Run: 5})
	for run, want := range map[uint64]fleet.Heard{4: fleet.Own, 5: fleet.Own, 6: fleet.Twin} {
		if got := l.f.Hear(l.now, (&voice{node: "own", run: run, load: 5}).say(l.now)); got != want {
			t.Errorf("run %d: %d, want %d", run, got, want)
		}
	}
	l.step()
	if s := l.f.State(l.now, "", ""); s.Counts.Twins != 1 || s.Heard != 0 {
		t.Errorf("%+v", s)
	}
}

// TestSpeak: what is told is what was measured, never what was agreed on.
func TestSpeak(t *testing.T) {
	l := listen(t, fleet.Config{Run: 9})
	if _, ok := l.f.Speak(l.now, fleet.Reading{}); ok {
		t.Error("says something before there was a step")
	}
	l.own = standing(1.25)
	l.pass(5*time.Second, voices(4, 4)...)
	want := fleet.Reading{Node: "own", Run: 9, Seq: 1, At: l.now, Acting: level.Attention, Pressure: 0.25, Weight: 12, Build: "b"}
	got, ok := l.f.Speak(l.now, fleet.Reading{Node: "x", Acting: level.Serious, Weight: 12, Build: "b"})
	if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, _ := l.f.Speak(l.now, fleet.Reading{Weight: math.NaN()}); got.Seq != 2 || got.Weight != 0 {
		t.Errorf("%+v", got)
	}
	if _, ok := l.f.Speak(l.now.Add(time.Minute), fleet.Reading{}); ok {
		t.Error("says something though nothing is measured any more")
	}
}

func TestConfig(t *testing.T) {
	_, err := fleet.New(fleet.Config{
		Stale: time.Second, Settle: time.Hour, Hold: -1, Forget: 25 * time.Hour, Most: -1, Members: []string{"a\n"},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"node: no name", "stale 1s", "settle 1h", "hold -1ns", "forget 25h", "-1 gateways", "member: name", "not among the members"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q:\n%v", want, err)
		}
	}
}

func TestAgreeAllocatesNothing(t *testing.T) {
	l := listen(t, fleet.Config{})
	var all []*voice
	for i := range 200 {
		all = append(all, &voice{node: fmt.Sprint("n", i), run: 1, load: float64(i%50) / 10, weight: float64(i)})
	}
	l.pass(5*time.Second, all...)
	if n := testing.AllocsPerRun(100, func() {
		l.now = l.now.Add(time.Millisecond)
		l.step()
	}); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

func BenchmarkAgree(b *testing.B) {
	for _, n := range []int{2, 10, 100, 999} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := listen(b, fleet.Config{})
			for i := range n {
				l.f.Hear(l.now, (&voice{node: fmt.Sprint("n", i), run: 1, load: float64(i*7919%500) / 100, weight: float64(i * 31 % 97)}).say(l.now))
			}
			b.ReportAllocs()
			for b.Loop() {
				l.step()
			}
		})
	}
}

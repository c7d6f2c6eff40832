package surge_test

import (
	"math"
	"testing"
	"time"

	"github.com/daero/daero/surge"
)

func TestClientNext(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		client     surge.Client
		attempt    int
		outcome    surge.Outcome
		retryAfter time.Duration
		low, high  time.Duration
		again      bool
	}{
		"honouring comes when told":         {surge.Honouring{}, 1, surge.Refused, 7 * s, 7 * s, 7*s + 50*ms, true},
		"honouring with its own jitter":     {surge.Honouring{Jitter: s}, 1, surge.Refused, 7 * s, 7 * s, 8 * s, true},
		"honouring is done":                 {surge.Honouring{}, 1, surge.OK, 7 * s, 0, 0, false},
		"honouring gives up":                {surge.Honouring{Tries: 3}, 3, surge.Refused, s, 0, 0, false},
		"honouring told nothing":            {surge.Honouring{}, 2, surge.Refused, 0, s, 3 * s, true},
		"honouring after a failure":         {surge.Honouring{}, 1, surge.Failed, 9 * s, s / 2, s + s/2, true},
		"honouring after a time-out":        {surge.Honouring{}, 3, surge.TimedOut, 0, 2 * s, 6 * s, true},
		"honouring told never":              {surge.Honouring{}, 1, surge.Refused, surge.Never, surge.Never, surge.Never, true},
		"honouring, the doubling is capped": {surge.Honouring{Tries: math.MaxInt, Cap: 10 * s}, math.MaxInt - 1, surge.Failed, 0, 5 * s, 15 * s, true},
		"naive does not listen":             {surge.Naive{}, 1, surge.Refused, time.Hour, 900 * ms, 1100 * ms, true},
		"naive after a time-out":            {surge.Naive{Every: 2 * s, Spread: 0.5}, 50, surge.TimedOut, 0, s, 3 * s, true},
		"naive is done":                     {surge.Naive{}, 1, surge.OK, 0, 0, 0, false},
		"naive gives up at last":            {surge.Naive{}, 100, surge.Failed, 0, 0, 0, false},
		"naive doubling":                    {surge.Naive{Double: true}, 4, surge.Failed, 0, 7200 * ms, 8800 * ms, true},
		"naive doubling is capped":          {surge.Naive{Double: true, Tries: math.MaxInt}, 1 << 40, surge.Failed, 0, 27 * s, 33 * s, true},
		"naive, spread out of range":        {surge.Naive{Spread: 50}, 1, surge.Failed, 0, 0, 2 * s, true},
		"impatient at the latest":           {surge.Impatient{}, 1, surge.Refused, 60 * s, s / 2, 60*s + 200*ms, true},
		"impatient never later than told":   {surge.Impatient{Early: 1}, 1, surge.Refused, 100 * ms, 100 * ms, 100 * ms, true},
		"impatient told nothing":            {surge.Impatient{}, 1, surge.Failed, 0, s / 2, 5 * s, true},
		"impatient is done":                 {surge.Impatient{}, 1, surge.OK, 0, 0, 0, false},
		"impatient gives up":                {surge.Impatient{}, 10, surge.Refused, s, 0, 0, false},
		"impatient, order of bounds wrong":  {surge.Impatient{Min: 5 * s, Max: s}, 1, surge.Failed, 0, 5 * s, 5 * s, true},
	} {
		t.Run(name, func(t *testing.T) {
			rng := seeded(3)
			for range 200 {
				wait, again := c.client.Next(c.attempt, c.outcome, c.retryAfter, rng)
				if again != c.again || wait < c.low || wait > c.high {
					t.Fatalf("got %s, %v; want %s to %s, %v", wait, again, c.low, c.high, c.again)
				}
			}
		})
	}
}

func TestClientMeans(t *testing.T) {
	for name, c := range map[string]struct {
		client  surge.Client
		attempt int
		after   time.Duration
		want    float64 // seconds
	}{
		"naive":              {surge.Naive{}, 1, 0, 1},
		"honouring":          {surge.Honouring{Jitter: s}, 1, 4 * s, 4.5},
		"honouring told not": {surge.Honouring{}, 2, 0, 2},
		// 0.3 presses at 2.75 s on average, 0.7 waits 60.1 s
		"impatient": {surge.Impatient{}, 1, 60 * s, 0.3*2.75 + 0.7*60.1},
	} {
		rng, sum := seeded(11), 0.0
		const n = 20000
		for range n {
			wait, _ := c.client.Next(c.attempt, surge.Refused, c.after, rng)
			sum += wait.Seconds()
		}
		if got := sum / n; math.Abs(got-c.want) > 0.02*c.want {
			t.Errorf("%s: mean wait %.3f s, want %.3f s", name, got, c.want)
		}
	}
}

func TestPopulationPick(t *testing.T) {
	p := surge.Population{
		{Weight: 3, Client: surge.Naive{}},
		{Weight: math.NaN(), Client: surge.Impatient{}},
		{Weight: -1, Client: surge.Impatient{}},
		{Weight: 1, Client: surge.Honouring{}},
	}
	rng, naive := seeded(5), 0
	for range 10000 {
		switch p.Pick(rng).(type) {
		case surge.Naive:
			naive++
		case surge.Impatient:
			t.Fatal("picked a part without weight")
		}
	}
	if naive < 7300 || naive > 7700 {
		t.Errorf("%d of 10000 are naive, want about 7500", naive)
	}
	if _, ok := (surge.Population{}).Pick(rng).(surge.Honouring); !ok {
		t.Error("an empty population is not honouring")
	}
}

func TestOutcomeWords(t *testing.T) {
	if surge.TimedOut.String() != "timed out" || surge.Outcome(9).String() != "outcome(9)" {
		t.Error("outcomes have no words")
	}
}

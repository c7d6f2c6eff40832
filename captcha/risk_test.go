package captcha

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestWhoIsAsked(t *testing.T) {
	three, four := 3, 4
	ms := time.Millisecond
	for name, c := range map[string]struct {
		policy Policy
		known  Known
		ask    bool
		level  int
		work   time.Duration
		score  float64
		names  []string
	}{
		"a person":            {Policy{}, Known{Took: 400 * ms, Work: 400 * ms}, false, 2, 400 * ms, 0.9, nil},
		"never":               {Policy{Ask: AskNever}, Known{Probes: ReasonAutomation}, false, 3, 800 * ms, 0.4, []string{"automation", "nobody-asked"}},
		"always":              {Policy{Ask: AskAlways}, Known{}, true, 2, 400 * ms, 0.9, nil},
		"driven":              {Policy{}, Known{Probes: probed([]string{"webdriver"})}, true, 3, 800 * ms, 0.4, []string{"automation"}},
		"driven, solved":      {Policy{}, Known{Probes: ReasonAutomation, Solved: true}, true, 3, 800 * ms, 0.45, []string{"automation", "asked"}},
		"one hint":            {Policy{}, Known{Probes: probed([]string{"no-focus"})}, false, 2, 400 * ms, 0.75, []string{"no-focus"}},
		"two hints":           {Policy{}, Known{Probes: probed([]string{"no-focus", "no-worker"})}, true, 3, 800 * ms, 0.6, []string{"no-worker", "no-focus"}},
		"what nobody knows":   {Policy{}, Known{Probes: probed([]string{"", "person", "webdriver "})}, false, 2, 400 * ms, 0.9, nil},
		"a slow device":       {Policy{}, Known{Probes: probed([]string{"slow"})}, true, 2, 100 * ms, 0.9, []string{"slow"}},
		"slow, and missed":    {Policy{}, Known{Probes: ReasonSlow, Misses: 2}, true, 2, 400 * ms, 0.75, []string{"misses", "slow"}},
		"slow, nobody asked":  {Policy{Ask: AskNever}, Known{Probes: ReasonSlow}, false, 2, 400 * ms, 0.9, []string{"nobody-asked", "slow"}},
		"slow in a surge":     {Policy{}, Known{Probes: ReasonSlow, Press: 2 * time.Second}, false, 2, 2 * time.Second, 0.9, []string{"slow"}},
		"a native program":    {Policy{}, Known{Took: 60 * ms, Work: 400 * ms}, true, 3, 800 * ms, 0.6, []string{"fast-work"}},
		"a fast desktop":      {Policy{}, Known{Took: 180 * ms, Work: 400 * ms}, false, 2, 400 * ms, 0.9, nil},
		"an app":              {Policy{}, Known{App: true, Took: 60 * ms, Work: 400 * ms}, false, 2, 400 * ms, 0.9, []string{"app"}},
		"fast before":         {Policy{}, Known{Fast: true, Took: time.Second, Work: 400 * ms}, true, 3, 800 * ms, 0.6, []string{"fast-work"}},
		"a busy network":      {Policy{}, Known{Challenges: 0.9}, false, 2, 800 * ms, 0.8, []string{"busy-network"}},
		"a guessing network":  {Policy{}, Known{Challenges: 0.9, Missed: 0.9}, true, 3, 1600 * ms, 0.6, []string{"busy-network", "network-misses"}},
		"all its misses":      {Policy{}, Known{Missed: 1}, false, 2, 1600 * ms, 0.7, []string{"network-misses"}},
		"a great office":      {Policy{}, Known{Tokens: 1}, true, 2, 800 * ms, 0.8, []string{"network-tokens"}},
		"the same, solved":    {Policy{}, Known{Tokens: 3, Solved: true}, true, 2, 800 * ms, 0.95, []string{"network-tokens", "asked"}},
		"one miss":            {Policy{Ask: AskAlways}, Known{Misses: 1}, true, 2, 800 * ms, 0.8, []string{"misses"}},
		"three misses":        {Policy{Ask: AskAlways}, Known{Misses: 3}, true, 3, 3200 * ms, 0.7, []string{"misses"}},
		"work is bounded":     {Policy{Ask: AskAlways}, Known{Misses: 5, Resets: 50}, true, 4, 10 * time.Second, 0.6, []string{"misses", "resets"}},
		"the level as well":   {Policy{Level: &four, Ask: AskAlways}, Known{Misses: 5, Probes: ReasonAutomation}, true, 4, 10 * time.Second, 0.15, []string{"automation", "misses"}},
		"a level of its own":  {Policy{Level: &three}, Known{}, false, 3, 400 * ms, 0.9, nil},
		"pressed":             {Policy{}, Known{Press: 2 * time.Second}, false, 2, 2 * time.Second, 0.9, nil},
		"pressed, own longer": {Policy{Work: 5 * time.Second}, Known{Press: 2 * time.Second}, false, 2, 5 * time.Second, 0.9, nil},
		"first work, driven":  {Policy{Work: 2 * time.Second}, Known{Probes: ReasonAutomation}, true, 3, 3 * time.Second, 0.4, []string{"automation"}},
	} {
		j := Judge(c.policy, c.known)
		if j.Ask != c.ask || j.Level != c.level || j.Work != c.work || j.Score != c.score || !slices.Equal(j.Reasons.Names(), c.names) {
			t.Errorf("%s: %+v %v", name, j, j.Reasons.Names())
		}
	}
}

// Whatever is known, what follows is within its bounds; and what speaks against
// somebody never helps.
func TestJudgementsStayInBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 20_000 {
		level := r.IntN(maxLevel + 1)
		p := Policy{
			Ask: []Ask{AskRisk, AskNever, AskAlways}[r.IntN(3)], Level: &level,
			Work: leastWork + time.Duration(r.Int64N(int64(mostWork-leastWork))),
		}
		k := Known{
			Probes: Reasons(r.Uint32()) & (ReasonAutomation | ReasonNoWorker | ReasonInstant | ReasonNoFocus), App: r.IntN(2) == 0,
			Challenges: r.Float64() * 2, Missed: r.Float64() * 2, Tokens: r.Float64() * 2,
			Misses: r.IntN(8), Resets: r.IntN(1000), Took: time.Duration(r.Int64N(int64(time.Minute))),
			Work: time.Duration(r.Int64N(int64(mostWork))), Solved: r.IntN(2) == 0, Press: time.Duration(r.Int64N(int64(mostPress))),
		}
		j := Judge(p, k)
		if j.Score < 0 || j.Score > 1 || j.Level < level || j.Level > maxLevel || j.Work < max(p.Work, k.Press) || j.Work > max(mostWork, k.Press) {
			t.Fatalf("%+v\n%+v\n%+v", p, k, j)
		}
		worse := k
		worse.Misses++
		worse.Probes |= ReasonNoFocus
		if w := Judge(p, worse); w.Score > j.Score || w.Level < j.Level || w.Work < j.Work || j.Ask && !w.Ask {
			t.Fatalf("worse is better: %+v\n%+v\n%+v\n%+v", p, k, j, w)
		}
	}
}

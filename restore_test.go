package daero_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// deaf is an effect that is never called: nothing is started in these tests.
type deaf struct{}

func (deaf) Do(context.Context, playbook.Notice) error { return nil }

// standing is all that lanes are told, and what they are.
func standing(d *daero.Daero) (plan []string, ordered []string) {
	for _, backend := range []string{"default", "other"} {
		snap := d.Snapshot().Backends[backend]
		for _, l := range snap.Lanes {
			plan = append(plan, fmt.Sprintf("%s/%s %s limit %d of %d streams %t", backend, l.Name, l.Tier, l.Limit, snap.Limit, l.Streams))
			if l.Orders != (lane.Orders{}) {
				ordered = append(ordered, fmt.Sprintf("%s/%s %+v", backend, l.Name, l.Orders))
			}
			road := d.Admission(daero.AdmissionConfig{Backend: backend}).Road(l.Name)
			if p := road.Posted(); p != nil {
				ordered = append(ordered, fmt.Sprintf("%s/%s %+v", backend, l.Name, *p))
			}
		}
	}
	return plan, ordered
}

// history is one random life of a gateway.
type history struct {
	t     *testing.T
	seed  uint64
	r     *rand.Rand
	d     *daero.Daero
	now   time.Time
	loads [2]*dial
	undo  []func() // of responses
	plans []func() // of plans
	clock time.Duration
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 5)), loads: [2]*dial{{}, {}}}
	h.now = time.Date(2026, 9, 12, 11, 0, 0, 0, time.UTC)
	backends := map[string]lane.Config{}
	for name, limit := range map[string]int{"default": 10, "other": 20} {
		cfg := lanesOf(limit)
		cfg.Clock = func() time.Duration { return h.clock }
		backends[name] = cfg
	}
	d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: backends}})
	if err != nil {
		t.Fatal(err)
	}
	h.d = d
	return h
}

// response makes a random one.
func (h *history) response() daero.Response {
	r := daero.Response{Dwell: time.Second, Forget: time.Second, Effects: map[string]daero.Effect{"ops": deaf{}}}
	for i, load := range h.loads {
		r.Signals = append(r.Signals, daero.Signal{Signal: level.Signal{Name: fmt.Sprint("s", i), At: [4]float64{10, 20, 30, 40}}, Source: load})
	}
	r.Playbook.Shadow = h.r.IntN(8) == 0
	r.Playbook.Ramp = playbook.Ramp{Step: 0.2 + 0.8*h.r.Float64(), Every: time.Duration(1+h.r.IntN(5)) * level.Interval}
	taken := map[string]bool{}
	for range 4 + h.r.IntN(12) {
		kinds := []playbook.Kind{playbook.Shed, playbook.Slow, playbook.Ceiling, playbook.Stale, playbook.Respond, playbook.Flag, playbook.Notify}
		a := playbook.Action{
			At: level.Level(1 + h.r.IntN(4)), Kind: kinds[h.r.IntN(len(kinds))], From: 1, To: 1, For: time.Minute,
			Shadow: h.r.IntN(6) == 0, Status: 503, Body: "later",
		}
		if a.Kind.OfLane() {
			a.Lane = []string{"login", "message", "rest"}[h.r.IntN(3)]
			a.Backend = []string{"", "default", "other"}[h.r.IntN(3)]
		} else {
			a.Target, a.Value = "ops", "off"
		}
		if a.Kind.Refuses() {
			a.To = 0.1 + 0.8*h.r.Float64()
			a.From = a.To * h.r.Float64()
		}
		if a.Kind != playbook.Ceiling {
			a.Who = playbook.Who(h.r.IntN(3))
		}
		if key := a.At.String() + a.Slot(); !taken[key] {
			taken[key] = true
			r.Playbook.Actions = append(r.Playbook.Actions, a)
		}
	}
	return r
}

// load puts a response in force, as a reload does.
func (h *history) load() {
	undo, _, err := h.d.Control().Load(h.response())
	if err != nil {
		h.t.Fatalf("seed %d: %v", h.seed, err)
	}
	h.undo = append(h.undo, undo)
}

// end withdraws one of those that were put in force.
func (h *history) end(all *[]func()) {
	i := h.r.IntN(len(*all))
	(*all)[i]()
	*all = append((*all)[:i], (*all)[i+1:]...)
}

// happen does, now and then, what happens to a gateway.
func (h *history) happen() {
	c, until := h.d.Control(), h.now.Add(time.Duration(1+h.r.IntN(60))*level.Interval)
	pause := playbook.Pause{Until: until, By: "kim", Reason: "drill"}
	switch h.r.IntN(60) {
	case 0:
		h.load()
	case 1:
		if len(h.undo) > 1 {
			h.end(&h.undo)
		}
	case 2:
		_ = c.Pin(h.now, level.Pin{Level: level.Level(h.r.IntN(level.Count)), Until: until, By: "kim", Reason: "drill"})
	case 3:
		c.Unpin(h.now, "kim", "done")
	case 4:
		_ = c.Pause(h.now, pause)
	case 5:
		c.Resume(h.now, "kim", "done")
	case 6, 7:
		if in := c.State(h.now).Actions; len(in) > 0 {
			_ = c.StopAction(h.now, in[h.r.IntN(len(in))].ID, pause)
		}
	case 8:
		undo, err := h.d.Apply(daero.Plan{Backends: map[string]lane.Config{"other": {FixedLimit: 30, Lanes: []lane.LaneConfig{{Name: "sync", Tier: lane.Normal}}}}})
		if err != nil {
			h.t.Fatalf("seed %d: %v", h.seed, err)
		}
		h.plans = append(h.plans, undo)
	case 9:
		if len(h.plans) > 0 {
			h.end(&h.plans)
		}
	case 10, 11, 12, 13, 14, 15:
		h.loads[h.r.IntN(2)].set(50 * h.r.Float64())
	}
}

func (h *history) step() {
	h.d.Control().Step(h.now)
	h.now = h.now.Add(level.Interval)
}

// visit sends one request through each lane: lanes count their permits when
// somebody comes.
func (h *history) visit() {
	for _, backend := range []string{"default", "other"} {
		for _, name := range []string{"login", "message"} {
			h.clock += time.Second
			if p, err := h.d.Lane(backend, name).Enter(h.t.Context(), lane.Request{User: 1}); err == nil {
				p.Drop()
			}
		}
	}
}

// calm takes the load away and gives the ladder time: four levels, each kept
// for eight dwells at most, and a ramp.
func (h *history) calm() {
	for _, l := range h.loads {
		l.set(0)
	}
	h.d.Control().Unpin(h.now, "kim", "done")
	for range 4*8*10 + 200 {
		h.step()
	}
}

// TestLeavingEveryLevelRestoresTheLanes: after any history every lane is told
// exactly nothing and the plan is what it was, with the response in force and
// after it was withdrawn.
func TestLeavingEveryLevelRestoresTheLanes(t *testing.T) {
	most := 0
	for seed := range uint64(60) {
		h := newHistory(t, seed)
		h.visit()
		before, _ := standing(h.d)
		h.load()
		for range 250 {
			h.happen()
			h.step()
			if h.r.IntN(20) == 0 {
				_, ordered := standing(h.d)
				most = max(most, len(ordered))
			}
		}
		for len(h.plans) > 0 {
			h.end(&h.plans)
		}
		if withdraw := seed%2 == 0; withdraw { // amid the storm
			for len(h.undo) > 0 {
				h.end(&h.undo)
			}
		} else {
			h.calm()
		}
		h.visit()
		after, ordered := standing(h.d)
		if len(ordered) > 0 {
			t.Fatalf("seed %d: still told: %v", seed, ordered)
		}
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("seed %d: the plan was\n%v\nand is\n%v", seed, before, after)
		}
		for len(h.undo) > 0 {
			h.end(&h.undo)
		}
		if st := h.d.Control().State(h.now); len(st.Actions) > 0 || len(st.Flags) > 0 {
			t.Fatalf("seed %d: in force without a response: %+v", seed, st.Actions)
		}
	}
	if most < 4 {
		t.Errorf("at most %d lanes were told something: the property was hardly tried", most)
	}
}

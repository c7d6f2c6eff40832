package daero_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// order orders the lane login for ten minutes.
func (k *desk) order(change func(*daero.LaneOrder)) daero.LaneOrder {
	o := daero.LaneOrder{Backend: "default", Lane: "login", Until: k.now.Add(10 * time.Minute), By: "kim", Reason: "x"}
	change(&o)
	return o
}

func (k *desk) orders(change func(*daero.LaneOrder)) {
	k.t.Helper()
	if err := k.c.OrderLane(k.now, k.order(change)); err != nil {
		k.t.Fatal(err)
	}
	k.step(level.Interval)
}

func TestLaneOrderMerges(t *testing.T) {
	half := [2]float64{0.5, 0.5}
	for name, tt := range map[string]struct {
		order func(*daero.LaneOrder)
		want  lane.Orders
	}{
		"the stronger of two": {
			func(o *daero.LaneOrder) { o.Shed = half }, // the playbook sheds 0.4 of the background, and bounds
			lane.Orders{Shed: [2]float64{0.5, 0.5}, Challenge: [2]float64{0.3, 0.3}, Ceiling: 0.25},
		},
		"the playbook's where it is stronger": {
			func(o *daero.LaneOrder) {
				o.Shed = [2]float64{lane.Foreground: 0.1}
				o.Challenge = [2]float64{0.2, 0.6}
			},
			lane.Orders{Shed: [2]float64{0.1, 0.4}, Challenge: [2]float64{0.3, 0.6}, Ceiling: 0.25},
		},
		"closed": {
			func(o *daero.LaneOrder) { o.Shed = [2]float64{1, 1} },
			lane.Orders{Shed: [2]float64{1, 1}, Challenge: [2]float64{0.3, 0.3}, Ceiling: 0.25},
		},
		"open": {
			func(o *daero.LaneOrder) { o.Open = true },
			lane.Orders{WouldShed: [2]float64{lane.Background: 0.4}, WouldChallenge: [2]float64{0.3, 0.3}},
		},
		"a share of its own instead": {
			func(o *daero.LaneOrder) { o.Open, o.Shed = true, [2]float64{0.2, 0.2} },
			lane.Orders{Shed: [2]float64{0.2, 0.2}, WouldShed: [2]float64{lane.Background: 0.4}, WouldChallenge: [2]float64{0.3, 0.3}},
		},
		"permits": {
			func(o *daero.LaneOrder) { o.Ceiling = 3 },
			lane.Orders{Shed: [2]float64{lane.Background: 0.4}, Challenge: [2]float64{0.3, 0.3}, Ceiling: 0.25, Max: 3},
		},
		"a ramp": {
			func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{From: 0.2, Add: 0.1, Every: time.Minute} },
			lane.Orders{Shed: [2]float64{0.8, 0.8}, Challenge: [2]float64{0.3, 0.3}, Ceiling: 0.25},
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newDesk(t,
				playbook.Action{At: level.Caution, Kind: playbook.Challenge, Lane: "login", From: 0.3, To: 0.3},
				playbook.Action{At: level.Caution, Kind: playbook.Ceiling, Lane: "login", From: 0.75, To: 0.75})
			k.load.set(2.5)
			k.step(time.Second)
			before := loginOrders(k.d)
			k.orders(tt.order)
			if is := loginOrders(k.d); is != tt.want {
				t.Errorf("told %+v,\nwant %+v", is, tt.want)
			}
			if is := k.d.Lane("default", "message").Orders(); is != (lane.Orders{}) {
				t.Errorf("another lane is told %+v", is)
			}
			k.step(11 * time.Minute)
			if is := loginOrders(k.d); is != before {
				t.Errorf("after its time: told %+v, want %+v", is, before)
			}
			if e, ok := k.rec.find(audit.LaneReleased); !ok || e.Who != audit.By || e.Target != "default/login" || !strings.Contains(e.Why, "kim") {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}

func TestLaneOrderMistakes(t *testing.T) {
	k := newDesk(t)
	for want, change := range map[string]func(*daero.LaneOrder){
		"orders nothing":          func(*daero.LaneOrder) {},
		"shed: shares are":        func(o *daero.LaneOrder) { o.Shed[0] = math.NaN() },
		"defer: shares are":       func(o *daero.LaneOrder) { o.Defer[1] = 1.1 },
		"challenge: shares are":   func(o *daero.LaneOrder) { o.Challenge[0] = -0.1 },
		"ceiling -1":              func(o *daero.LaneOrder) { o.Ceiling = -1 },
		"ceiling 1000001":         func(o *daero.LaneOrder) { o.Ceiling = lane.MaxLimit + 1 },
		"ramp from 100%":          func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{From: 1, Add: 0.1, Every: time.Second} },
		"ramp adds 0%":            func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{From: 0.1, Every: time.Second} },
		"ramp every 1ms":          func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{Add: 0.1, Every: time.Millisecond} },
		"without a reason":        func(o *daero.LaneOrder) { o.Open, o.Reason = true, "" },
		"must end after now":      func(o *daero.LaneOrder) { o.Open, o.Until = true, k.now },
		"within 168h":             func(o *daero.LaneOrder) { o.Open, o.Until = true, k.now.AddDate(0, 0, 8) },
		`no lane "default/typo"`:  func(o *daero.LaneOrder) { o.Open, o.Lane = true, "typo" },
		`no lane "default/ login`: func(o *daero.LaneOrder) { o.Open, o.Lane = true, " login" },
	} {
		if err := k.c.OrderLane(k.now, k.order(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	if len(k.c.State(k.now).Lanes) != 0 || len(k.rec.of(audit.LaneOrdered)) != 0 {
		t.Error("one of them is in force")
	}
	undo, _, err := k.c.Load(daero.Response{Playbook: playbook.Config{
		Able: []playbook.Kind{playbook.Shed, playbook.Defer}, Lanes: []playbook.Lane{{Backend: "default", Name: "login"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	for want, change := range map[string]func(*daero.LaneOrder){
		"no CAPTCHA":    func(o *daero.LaneOrder) { o.Challenge = [2]float64{1, 1} },
		"a defer block": func(o *daero.LaneOrder) { o.Defer = [2]float64{1, 1} },
	} {
		if err := k.c.OrderLane(k.now, k.order(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// TestLaneOrderOutlivesReloads, as a pin does, and waits for a lane that went.
func TestLaneOrderOutlivesReloads(t *testing.T) {
	k := newDesk(t)
	extra := daero.Plan{Backends: map[string]lane.Config{"other": {FixedLimit: 5, Lanes: []lane.LaneConfig{{Name: "sync", Tier: lane.Normal}}}}}
	withdraw, err := k.d.Apply(extra)
	if err != nil {
		t.Fatal(err)
	}
	k.orders(func(o *daero.LaneOrder) { o.Shed = [2]float64{1, 1} })
	k.orders(func(o *daero.LaneOrder) { o.Backend, o.Lane, o.Shed = "other", "sync", [2]float64{0.5, 0.5} })
	undo, _, err := k.c.Load(responding(k.load))
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	again, err := k.d.Apply(daero.Plan{Backends: map[string]lane.Config{"default": lanesOf(20)}})
	if err != nil {
		t.Fatal(err)
	}
	defer again()
	k.step(time.Second)
	if loginOrders(k.d).Shed != [2]float64{1, 1} {
		t.Errorf("after a reload: %+v", loginOrders(k.d))
	}
	withdraw()
	k.step(time.Second)
	if st := k.c.State(k.now).Lanes; len(st) != 2 || !st[1].Absent || st[0].Absent {
		t.Errorf("%+v", st)
	}
	if !k.c.ReleaseLane(k.now, "default", "login", "lee", "over") {
		t.Error("not released")
	}
	back, err := k.d.Apply(extra)
	if err != nil {
		t.Fatal(err)
	}
	k.step(time.Second)
	if is := k.d.Lane("other", "sync").Orders().Shed; is != [2]float64{0.5, 0.5} {
		t.Errorf("a lane that came back is told %+v", is)
	}
	back()
	k.step(time.Second)
	if !k.c.ReleaseLane(k.now, "other", "sync", "lee", "over") || k.c.ReleaseLane(k.now, "other", "sync", "lee", "over") {
		t.Error("the order of a lane that is not there ends once")
	}
	err = k.c.OrderLane(k.now, k.order(func(o *daero.LaneOrder) { o.Backend, o.Lane, o.Open = "other", "sync", true }))
	if e, ok := errors.AsType[*daero.UnknownLaneError](err); !ok || len(e.Known) == 0 {
		t.Errorf("ordered a lane that is not there: %v", err)
	}
}

// served lets n requests through the lane message, with an outcome.
func (k *desk) served(n int, o lane.Outcome) {
	k.t.Helper()
	for range n {
		p, err := k.d.Lane("default", "message").Enter(k.t.Context(), lane.Request{})
		if err != nil {
			k.t.Fatal(err)
		}
		p.Done(o)
	}
}

func TestRamp(t *testing.T) {
	k := newDesk(t)
	k.orders(func(o *daero.LaneOrder) {
		o.Ramp, o.Until = daero.LaneRamp{From: 0.5, Add: 0.1, Every: 30 * time.Second}, k.now.Add(time.Hour)
	})
	let := func(want float64) {
		t.Helper()
		if is := 1 - loginOrders(k.d).Shed[lane.Foreground]; math.Abs(is-want) > 1e-9 || math.Abs(k.c.State(k.now).Lanes[0].Admits-want) > 1e-9 {
			t.Errorf("%s: %.2f get in, want %.2f", k.now.Format("04:05"), is, want)
		}
	}
	let(0.5)
	k.step(29 * time.Second)
	let(0.5)
	k.step(time.Second)
	let(0.6)
	k.load.set(1.5) // attention: the readings rose
	k.step(30 * time.Second)
	let(0.5)
	k.step(30 * time.Second) // they stay
	let(0.6)
	k.served(100, lane.Served)
	k.served(5, lane.Overloaded)
	k.step(30 * time.Second)
	let(0.5)
	k.served(1000, lane.Served)
	k.served(5, lane.Overloaded) // one in two hundred is somebody's quota
	k.step(30 * time.Second)
	let(0.6)
	k.load.set(3.5) // alert
	k.step(30 * time.Second)
	let(0.5)
	k.step(5 * time.Minute) // still there: it waits, and does not begin anew
	let(0.5)
	k.load.set(0)
	k.step(30 * time.Second)
	let(0.5) // the worst since the last step counts
	k.step(150 * time.Second)
	let(1)
	k.step(time.Minute)
	let(1)
	told := []string{}
	for _, e := range k.rec.all {
		if e.What == audit.LaneRamped {
			told = append(told, e.After)
			if e.Who != audit.By || e.Target != "default/login" || e.Why == "" || e.Until.IsZero() {
				t.Errorf("recorded %+v", e)
			}
		}
	}
	if got := strings.Join(told, " "); got != "60% 50% 60% 50% 60% 50% 60% 70% 80% 90% 100%" {
		t.Errorf("told %s", got)
	}
	if o := k.c.State(k.now).Lanes[0]; o.Ramp.From != 0.5 {
		t.Errorf("%+v", o)
	}
}

// TestRampNeverBelowItsBeginning, and an undo goes on from where it was.
func TestRampNeverBelowItsBeginning(t *testing.T) {
	k := newDesk(t)
	k.orders(func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{From: 0.3, Add: 0.2, Every: time.Second} })
	for i := range 5 {
		k.load.set(0.5 + float64(i))
		k.served(10, lane.Overloaded)
		k.served(10, lane.Served)
		k.step(time.Second)
	}
	if is := k.c.State(k.now).Lanes[0].Admits; math.Abs(is-0.3) > 1e-9 {
		t.Errorf("%v get in, want 0.3", is)
	}
	k.load.set(0)
	k.step(3 * time.Second)
	reached := k.c.State(k.now).Lanes[0].Admits
	if reached <= 0.3 {
		t.Fatalf("the ramp does not move: %v", reached)
	}
	d := k.must(daero.Change{Held: daero.Held{What: daero.HoldsLane, ID: "default/login"}, By: "lee", Reason: "x"})
	if _, err := k.c.Undo(k.now, d.Revision, daero.Change{By: "kim", Reason: "y"}); err != nil {
		t.Fatal(err)
	}
	if is := k.c.State(k.now).Lanes[0].Admits; is != reached {
		t.Errorf("after release and undo %v get in, want %v", is, reached)
	}
}

func TestPredictLane(t *testing.T) {
	k := newDesk(t)
	enter := func(name string, i lane.Intent, n int) {
		for range n {
			if p, err := k.d.Lane("default", name).Enter(t.Context(), lane.Request{Intent: i}); err == nil {
				p.Done(lane.Served)
			}
		}
	}
	if alone, _ := k.c.PredictLane(k.now, k.order(func(o *daero.LaneOrder) { o.Shed = [2]float64{1, 1} })); alone != (daero.Refusing{}) {
		t.Errorf("with no traffic: %+v", alone)
	}
	enter("login", lane.Foreground, 30)
	enter("login", lane.Background, 30)
	enter("message", lane.Foreground, 40)
	k.step(2 * time.Second)
	for name, tt := range map[string]struct {
		change func(*daero.LaneOrder)
		want   float64
	}{
		"closed":     {func(o *daero.LaneOrder) { o.Shed = [2]float64{1, 1} }, 0.6},
		"one intent": {func(o *daero.LaneOrder) { o.Shed = [2]float64{lane.Background: 0.5} }, 0.15},
		"the strongest": {func(o *daero.LaneOrder) {
			o.Shed, o.Defer, o.Challenge = [2]float64{0.1, 0.1}, [2]float64{0.5, 0.5}, [2]float64{0.2, 0.2}
		}, 0.3},
		"a ramp":           {func(o *daero.LaneOrder) { o.Ramp = daero.LaneRamp{From: 0.75, Add: 0.1, Every: time.Second} }, 0.15},
		"opened":           {func(o *daero.LaneOrder) { o.Open = true }, 0},
		"permits it needs": {func(o *daero.LaneOrder) { o.Ceiling = 5 }, 0},
	} {
		alone, together := k.c.PredictLane(k.now, k.order(tt.change))
		if math.Abs(alone.Share-tt.want) > 0.001 || together != alone || math.Abs(alone.PerSecond-tt.want*k.c.Arrivals()) > 0.01 {
			t.Errorf("%s: %+v, %+v, want %v", name, alone, together, tt.want)
		}
	}
	k.orders(func(o *daero.LaneOrder) { o.Lane, o.Shed = "message", [2]float64{0.5, 0.5} })
	alone, together := k.c.PredictLane(k.now, k.order(func(o *daero.LaneOrder) { o.Shed = [2]float64{0.5, 0.5} }))
	if math.Abs(alone.Share-0.3) > 0.001 || math.Abs(together.Share-0.5) > 0.001 {
		t.Errorf("with another lane's: %+v, %+v", alone, together)
	}
	replaced, _ := k.c.PredictLane(k.now, k.order(func(o *daero.LaneOrder) { o.Lane, o.Open = "message", true }))
	if replaced.Share != 0 {
		t.Errorf("one that replaces another: %+v", replaced)
	}
}

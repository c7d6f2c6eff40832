package daero_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
)

// watched is a Daero whose lane signals are read in virtual time.
type watched struct {
	t    *testing.T
	d    *daero.Daero
	h    http.Handler
	undo func()
}

// watch applies signals that never ask for a level, so that only reading them
// matters. A request lasts as long as its query says, and fails with ?status.
func watch(t *testing.T, limit int) *watched {
	t.Helper()
	d := newDaero(t, lane.Config{FixedLimit: limit, Lanes: []lane.LaneConfig{
		{Name: "login", Tier: lane.Sheddable}, {Name: "message", Tier: lane.Critical}, {Name: "live", Tier: lane.Normal, Streams: true},
	}})
	h := d.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if took, err := time.ParseDuration(r.URL.Query().Get("took")); err == nil {
			time.Sleep(took)
		}
		if r.URL.Query().Has("fails") {
			w.WriteHeader(500)
		}
	}), daero.HandlerConfig{Classify: byPath})
	x := &watched{t: t, d: d, h: h}
	var r daero.Response
	for _, name := range daero.LaneSignalNames() {
		source, unit, err := d.Control().LaneSignal(name, "")
		if err != nil {
			t.Fatal(err)
		}
		r.Signals = append(r.Signals, daero.Signal{Signal: level.Signal{Name: name, Unit: unit, At: [4]float64{1e6, 2e6, 3e6, 4e6}}, Source: source})
	}
	x.undo = apply(t, d, r)
	return x
}

// send sends n requests, one each every, without waiting for their end.
func (x *watched) send(n int, every time.Duration, path string, headers ...string) {
	for range n {
		go do(x.h, get(path, headers...))
		time.Sleep(every)
	}
}

func (x *watched) reads(name string) float64 {
	x.t.Helper()
	for _, s := range x.d.Control().State(time.Now()).Level.Signals {
		if s.Name == name {
			if !s.Fresh {
				x.t.Errorf("signal %s is not fresh: %s", name, s.Note)
			}
			return s.Value
		}
	}
	x.t.Fatalf("no signal %s", name)
	return 0
}

func TestLaneSignals(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		signal    string
		storm     func(x *watched)
		calm      func(x *watched) // before it
		low, high float64
	}{
		"busy, half the limit": {signal: "busy", low: 0.35, high: 0.65, storm: func(x *watched) { x.send(100, 10*ms, "/v1/message?took=50ms") }},
		"busy, all of it":      {signal: "busy", low: 0.95, high: 1, storm: func(x *watched) { x.send(300, 3*ms, "/v1/login?took=200ms") }},
		"waiting":              {signal: "queue_wait", low: 0.02, high: 0.25, storm: func(x *watched) { x.send(300, 3*ms, "/v1/message?took=100ms") }},
		"refused":              {signal: "refused", low: 0.6, high: 0.75, storm: func(x *watched) { x.send(600, 3*ms, "/v1/login?took=100ms") }},
		"errors":               {signal: "errors", low: 0.99, high: 1, storm: func(x *watched) { x.send(100, 10*ms, "/v1/message?fails") }},
		"slower than when calm": {
			signal: "latency", low: 3, high: 6,
			calm:  func(x *watched) { x.send(2000, 10*ms, "/v1/message?took=10ms") },
			storm: func(x *watched) { x.send(200, 10*ms, "/v1/message?took=50ms") },
		},
		"connections begin anew": {
			signal: "reconnects", low: 8, high: 11,
			calm:  func(x *watched) { x.send(300, 100*ms, "/v1/live?took=1s") },
			storm: func(x *watched) { x.send(150, 10*ms, "/v1/live?took=1s") },
		},
		"more than usual at this hour": {
			signal: "surge", low: 8, high: 11,
			calm:  func(x *watched) { x.send(3600*10, 100*ms, "/v1/message") },
			storm: func(x *watched) { x.send(150, 10*ms, "/v1/message") },
		},
		"few are no share": {signal: "refused", low: 0, high: 0, storm: func(x *watched) {
			x.send(10, ms, "/v1/login?took=1s")
			x.send(9, 15*ms, "/v1/login")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := watch(t, 10)
				defer x.undo()
				if c.calm != nil {
					c.calm(x)
					if v := x.reads(c.signal); v > 1.5 {
						t.Errorf("%s reads %.2f when calm", c.signal, v)
					}
				}
				c.storm(x)
				if v := x.reads(c.signal); v < c.low || v > c.high {
					t.Errorf("%s reads %.3f, want %.2f to %.2f", c.signal, v, c.low, c.high)
				}
				time.Sleep(3 * time.Second)
				if v := x.reads(c.signal); c.signal != "latency" && v > 0.1 {
					t.Errorf("%s reads %.3f when all is over", c.signal, v)
				}
			})
		})
	}
}

// What is refused by order still counts as refused: an action that works must
// not look like the end of the storm.
func TestShedCountsAsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := watch(t, 10)
		defer x.undo()
		x.d.Lane("default", "login").Order(lane.Orders{})
		for _, o := range []lane.Orders{{Shed: [2]float64{1, 1}}, {WouldShed: [2]float64{1, 1}}} {
			for range 100 {
				x.d.Lane("default", "login").Order(o) // the control clears it at each step
				do(x.h, get("/v1/login"))
				time.Sleep(10 * time.Millisecond)
			}
			if v := x.reads("refused"); v < 0.9 {
				t.Errorf("ordered %+v: refused reads %.2f", o, v)
			}
		}
	})
}

func TestLaneSignalOfOneLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := watch(t, 10)
		defer x.undo()
		for of, want := range map[string]bool{"login": true, "default/login": true, "message": false, "other/login": false} {
			source, _, err := x.d.Control().LaneSignal("refused", of)
			if err != nil {
				t.Fatal(err)
			}
			undo := apply(t, x.d, daero.Response{Signals: []daero.Signal{{Signal: level.Signal{Name: "refused", At: [4]float64{1e6, 2e6, 3e6, 4e6}}, Source: source}}})
			x.send(300, 3*time.Millisecond, "/v1/login?took=1s")
			if v := x.reads("refused"); v > 0.5 != want {
				t.Errorf("of %s: %.2f", of, v)
			}
			undo()
			time.Sleep(5 * time.Second)
		}
		if _, _, err := x.d.Control().LaneSignal("bussy", ""); err == nil || !strings.Contains(err.Error(), "busy, queue_wait") {
			t.Errorf("unknown signal: %v", err)
		}
		for _, name := range daero.LaneSignalNames() {
			if daero.LaneSignalDoc(name) == "" {
				t.Errorf("lanes.%s is not documented", name)
			}
		}
	})
}

// What is usual outlives a restart.
func TestHabitsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := watch(t, 10)
		x.send(3600, time.Second, "/v1/message")
		kept := x.d.Control().Habits()
		x.undo()
		if len(kept) == 0 {
			t.Fatal("nothing was learned in an hour")
		}
		y := watch(t, 10)
		defer y.undo()
		kept["nonsense"] = kept["default/message"]
		bad := kept["default/message"]
		bad.Mean = bad.Mean[:3]
		kept["default/login"] = bad
		y.d.Control().Remember(kept)
		time.Sleep(time.Second)
		y.send(200, 5*time.Millisecond, "/v1/message")
		if v := y.reads("surge"); v < 100 {
			t.Errorf("200 a second where one is usual: surge reads %.1f", v)
		}
	})
}

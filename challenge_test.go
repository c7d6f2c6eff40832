package daero_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// asker is a Challenger that knows a clearance by its header.
type asker struct {
	mute  bool
	asked []string
	looks int
}

func (k *asker) Cleared(r *http.Request, _ uint64) (cleared, known bool) {
	k.looks++
	c := r.Header.Get("Daero-Clearance")
	return c == "good", c == "old"
}

func (k *asker) Challenge(w http.ResponseWriter, r *http.Request, lane string, user uint64) bool {
	if k.mute {
		return false
	}
	k.asked = append(k.asked, lane)
	w.WriteHeader(http.StatusForbidden)
	return true
}

// challengeAll asks everyone, or every new device, in the lane login.
func challengeAll(d *daero.Daero, fresh bool) {
	o := lane.Orders{Challenge: [2]float64{1, 1}}
	if fresh {
		o = lane.Orders{ChallengeNew: [2]float64{1, 1}}
	}
	d.Lane("default", "login").Order(o)
}

func TestChallenge(t *testing.T) {
	for name, c := range map[string]struct {
		clearance string
		path      string
		fresh     bool
		mute      bool
		none      bool
		code      int
	}{
		"who is not cleared":    {path: "login", code: 403},
		"who is":                {path: "login", clearance: "good", code: 200},
		"who was":               {path: "login", clearance: "old", code: 403},
		"a new device":          {path: "login", fresh: true, code: 403},
		"a known device":        {path: "login", fresh: true, clearance: "old", code: 200},
		"another lane":          {path: "message", code: 200},
		"who cannot be asked":   {path: "login", mute: true, code: 429},
		"where nobody can ask":  {path: "login", none: true, code: 429},
		"and cannot be cleared": {path: "login", none: true, clearance: "good", code: 429},
	} {
		t.Run(name, func(t *testing.T) {
			d, k := newDaero(t, lanesOf(10)), &asker{mute: c.mute}
			challengeAll(d, c.fresh)
			cfg := daero.HandlerConfig{Classify: byPath, Challenger: k}
			if c.none {
				cfg.Challenger = nil
			}
			w := do(d.Handler(newService(), cfg), get("/v1/"+c.path, "X-User-Id", "kim", "Daero-Clearance", c.clearance))
			l := laneOf(d, "login")
			if w.Code != c.code || (len(k.asked) == 1) != (c.code == 403) || (l.Challenged[lane.Foreground] == 1) != (c.code == 403) ||
				(l.Refused[lane.Foreground][lane.ReasonPlaybook] == 1) != (c.code == 429) {
				t.Errorf("%d, asked %v, counted %v challenged, %v refused", w.Code, k.asked, l.Challenged, l.Refused)
			}
			if c.code == 429 && w.Header().Get("Daero-Appointment") == "" {
				t.Errorf("refused without a time: %v", w.Header())
			}
			noneOut(t, d)
		})
	}
}

// TestPreflightsAreNotAsked: a browser's question on behalf of a page elsewhere
// brings no clearance, so that page would be cut off, whoever is cleared.
func TestPreflightsAreNotAsked(t *testing.T) {
	d, k := newDaero(t, lanesOf(10)), &asker{}
	challengeAll(d, false)
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Challenger: k})
	ask := func(method string, headers ...string) int {
		return do(h, with(httptest.NewRequest(method, "/v1/login", nil), append(headers, "X-User-Id", "kim")...)).Code
	}
	origin, wants := []string{"Origin", "https://app.example.com"}, []string{"Access-Control-Request-Method", "POST"}
	got := []int{ask("OPTIONS", append(origin, wants...)...), ask("POST", append(origin, wants...)...), ask("OPTIONS", origin...), ask("OPTIONS")}
	if !slices.Equal(got, []int{200, 403, 403, 403}) {
		t.Errorf("%v", got)
	}
	noneOut(t, d)
}

// TestNobodyIsLookedAtWithoutAnOrder: clearances cost nothing while nothing is
// challenged.
func TestNobodyIsLookedAtWithoutAnOrder(t *testing.T) {
	d, k := newDaero(t, lanesOf(10)), &asker{}
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Challenger: k})
	do(h, get("/v1/login", "Daero-Clearance", "good"))
	if k.looks != 0 {
		t.Errorf("looked %d times", k.looks)
	}
}

// TestTheClearedAreStillLimited: a clearance is no permit.
func TestTheClearedAreStillLimited(t *testing.T) {
	d, s := newDaero(t, lanesOf(1)), newService()
	h := d.Handler(s, daero.HandlerConfig{Classify: byPath, Challenger: &asker{}})
	release := fill(t, h, s)
	defer release()
	challengeAll(d, false)
	if w := do(h, get("/v1/login", "Daero-Clearance", "good")); w.Code != 503 {
		t.Errorf("%d", w.Code)
	}
}

// TestWhoStandsBehindIsAskedToo: that something of a user's waits is no way
// around the question.
func TestWhoStandsBehindIsAskedToo(t *testing.T) {
	d := newDaero(t, lanesOf(10))
	k, a := &keeper{waiting: map[uint64]bool{lane.HashUser("kim"): true}}, &asker{}
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k, Challenger: a})
	send := func(clearance string) int {
		return do(h, with(httptest.NewRequest("POST", "/v1/login", nil), "X-User-Id", "kim", "Daero-Clearance", clearance)).Code
	}
	before := send("")
	challengeAll(d, false)
	if got := []int{before, send(""), send("good")}; !slices.Equal(got, []int{202, 403, 202}) {
		t.Errorf("before, without and with a clearance: %v", got)
	}
}

// TestWorkFollowsThePlaybook: a warning presses a little, load more, and what is
// over presses no more.
func TestWorkFollowsThePlaybook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := &dial{}
		var told []time.Duration
		d, err := daero.New(daero.Config{
			Plan:     daero.Plan{Backends: map[string]lane.Config{"default": lanesOf(10)}},
			Listener: daero.Tee(daero.Listener{Pressed: func(least time.Duration) { told = append(told, least) }}, daero.Listener{}),
		})
		if err != nil {
			t.Fatal(err)
		}
		work := func(at level.Level, from float64, for1 time.Duration, shadow bool) playbook.Action {
			return playbook.Action{At: at, Kind: playbook.Work, For: for1, From: from, To: 1, Shadow: shadow}
		}
		undo := apply(t, d, responding(load, work(level.Caution, 1, time.Second, false), work(level.Alert, 0.5, 4*time.Second, false), work(level.Serious, 1, 9*time.Second, true),
			playbook.Action{At: level.Serious, Kind: playbook.Challenge, Lane: "login", NewDevice: true, Who: playbook.Foreground, From: 1, To: 1},
			playbook.Action{At: level.Serious, Kind: playbook.Challenge, Lane: "login", From: 0.5, To: 0.5, Shadow: true}))
		at := func(v float64) time.Duration {
			load.set(v)
			time.Sleep(time.Second)
			return d.Control().Work()
		}
		for _, step := range []struct {
			load float64
			want time.Duration
		}{{0, 0}, {2.5, time.Second}, {3.5, 3 * time.Second}, {4.5, 0}} {
			if got := at(step.load); got != step.want {
				t.Errorf("at load %g: %s, want %s", step.load, got, step.want)
			}
		}
		if o := loginOrders(d); o.ChallengeNew != [2]float64{1, 0} || o.Challenge != [2]float64{} || o.WouldChallenge != [2]float64{0.5, 0.5} || o.WouldChallengeNew != [2]float64{} {
			t.Errorf("orders %+v", o)
		}
		undo()
		if d.Control().Work() != 0 || len(told) < 3 || told[0] != time.Second || told[len(told)-1] != 0 {
			t.Errorf("after it %s, told %v", d.Control().Work(), told)
		}
	})
}

// BenchmarkPassChallenger compares the way through where callers could be
// challenged, and none is, with the way where none could.
func BenchmarkPassChallenger(b *testing.B) {
	for name, k := range map[string]daero.Challenger{"without": nil, "with": &asker{}} {
		b.Run(name, func(b *testing.B) {
			d := newDaero(b, lanesOf(100))
			h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Challenger: k})
			r := with(httptest.NewRequest("POST", "/v1/login", nil), "X-User-Id", "kim")
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

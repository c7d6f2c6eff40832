package daero_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// keeper is a Deferrer that remembers what it was given.
type keeper struct {
	kept    []string // lane, user and body
	waiting map[uint64]bool
	full    bool
	doubt   bool
}

func (k *keeper) Waiting(_ string, user uint64) bool { return k.waiting[user] }

func (k *keeper) Defer(w http.ResponseWriter, r *http.Request, lane string, user uint64) (bool, error) {
	if k.full {
		return false, errors.New("full")
	}
	b, err := io.ReadAll(r.Body)
	if err != nil || int64(len(b)) != r.ContentLength {
		return false, fmt.Errorf("%d bytes, said %d: %w", len(b), r.ContentLength, err)
	}
	if k.doubt {
		w.WriteHeader(503)
		return true, errors.New("unknown")
	}
	k.kept = append(k.kept, fmt.Sprintf("%s %t %s", lane, user != 0, b))
	w.Header().Set("Location", "/daero/deferred/x")
	w.WriteHeader(202)
	return true, nil
}

// deferAll defers everyone in the lane login.
func deferAll(d *daero.Daero) {
	d.Lane("default", "login").Order(lane.Orders{Defer: [2]float64{1, 1}})
}

func TestDeferWhatCanWait(t *testing.T) {
	slowly := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s), strings.NewReader("")) } // no length
	for name, c := range map[string]struct {
		r    *http.Request
		code int // 202 deferred, 429 shed, 200 let in
	}{
		"a form":                         {httptest.NewRequest("POST", "/v1/login", strings.NewReader("a=1")), 202},
		"without a body":                 {httptest.NewRequest("DELETE", "/v1/login", nil), 202},
		"of no length":                   {httptest.NewRequest("PUT", "/v1/login", slowly("abc")), 202},
		"another lane":                   {httptest.NewRequest("POST", "/v1/message", strings.NewReader("a=1")), 200},
		"a question":                     {httptest.NewRequest("GET", "/v1/login", nil), 429},
		"its head":                       {httptest.NewRequest("HEAD", "/v1/login", nil), 429},
		"what is allowed":                {httptest.NewRequest("OPTIONS", "/v1/login", nil), 429},
		"too large":                      {httptest.NewRequest("POST", "/v1/login", strings.NewReader(strings.Repeat("x", daero.DefaultDeferBody+1))), 429},
		"too large, and does not say so": {httptest.NewRequest("POST", "/v1/login", slowly(strings.Repeat("x", daero.DefaultDeferBody+1))), 429},
		"just not too large":             {httptest.NewRequest("POST", "/v1/login", slowly(strings.Repeat("x", daero.DefaultDeferBody))), 202},
		"gRPC":                           {with(httptest.NewRequest("POST", "/v1/login", nil), "Content-Type", "application/grpc"), 200}, // in which the refusal stands
		"an upgrade without Connection":  {with(httptest.NewRequest("POST", "/v1/login", nil), "Upgrade", "h2c"), 429},
	} {
		t.Run(name, func(t *testing.T) {
			d, k := newDaero(t, lanesOf(10)), &keeper{}
			deferAll(d)
			h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k})
			w := do(h, with(c.r, "X-User-Id", "kim"))
			l := laneOf(d, "login")
			if w.Code != c.code || (len(k.kept) == 1) != (c.code == 202) || (l.Deferred[lane.Foreground] == 1) != (c.code == 202) ||
				(l.Refused[lane.Foreground][lane.ReasonPlaybook] == 1) != (c.code == 429 || name == "gRPC") {
				t.Errorf("%d, kept %.80q, counted %v deferred, %v refused", w.Code, k.kept, l.Deferred, l.Refused)
			}
			if c.code == 202 && (w.Header().Get("Location") == "" || w.Header().Get("Daero-Appointment") != "" || !strings.HasPrefix(k.kept[0], "login true ")) {
				t.Errorf("%v %.80q", w.Header(), k.kept)
			}
			if c.code == 429 && w.Header().Get("Daero-Appointment") == "" {
				t.Errorf("refused without a time: %v", w.Header())
			}
			noneOut(t, d)
		})
	}
}

// TestDeferWithoutAKeeper: a playbook's defer sheds where nobody keeps anything,
// and where the keeper cannot.
func TestDeferWithoutAKeeper(t *testing.T) {
	for name, k := range map[string]daero.Deferrer{"none": nil, "full": &keeper{full: true}} {
		d := newDaero(t, lanesOf(10))
		deferAll(d)
		h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k})
		w := do(h, with(httptest.NewRequest("POST", "/v1/login", strings.NewReader("a")), "X-User-Id", "kim"))
		l := laneOf(d, "login")
		if w.Code != 429 || w.Header().Get("Retry-After") == "" || l.Refused[lane.Foreground][lane.ReasonPlaybook] != 1 || l.Deferred != [2]uint64{} {
			t.Errorf("%s: %d %v, %+v", name, w.Code, w.Header(), l)
		}
		noneOut(t, d)
	}
}

func TestDeferInDoubtIsAnswered(t *testing.T) {
	d := newDaero(t, lanesOf(10))
	deferAll(d)
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: &keeper{doubt: true}})
	w := do(h, httptest.NewRequest("POST", "/v1/login", strings.NewReader("a")))
	if l := laneOf(d, "login"); w.Code != 503 || l.Deferred != [2]uint64{} || len(l.Refused[0]) != 0 {
		t.Errorf("%d, %+v", w.Code, l)
	}
}

// TestLaterRequestsStandBehind: while something of a user's waits, what comes
// later waits too, although nothing is ordered any more; questions do not.
func TestLaterRequestsStandBehind(t *testing.T) {
	d, k := newDaero(t, lanesOf(10)), &keeper{waiting: map[uint64]bool{lane.HashUser("kim"): true}}
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k})
	send := func(method, user string) int {
		return do(h, with(httptest.NewRequest(method, "/v1/login", nil), "X-User-Id", user)).Code
	}
	if got := []int{send("POST", "kim"), send("GET", "kim"), send("POST", "lee"), send("POST", "")}; !slices.Equal(got, []int{202, 200, 200, 200}) {
		t.Errorf("kim posts and asks, lee and nobody post: %v", got)
	}
	// It may not pass by because it cannot be kept.
	k.full = true
	if got := send("POST", "kim"); got != 429 {
		t.Errorf("not kept, and behind others: %d", got)
	}
	k.waiting = nil
	if got := send("POST", "kim"); got != 200 {
		t.Errorf("after it: %d", got)
	}
}

// TestABodyThatBreaksOffIsNotKept: what the client did not send in full is not
// delivered as if it were.
func TestABodyThatBreaksOffIsNotKept(t *testing.T) {
	d, k := newDaero(t, lanesOf(10)), &keeper{}
	deferAll(d)
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k, BodyBuffer: -1})
	body := io.MultiReader(strings.NewReader("half"), brokenOff{})
	if w := do(h, httptest.NewRequest("POST", "/v1/login", body)); w.Code != 400 || len(k.kept) != 0 {
		t.Errorf("%d, kept %q", w.Code, k.kept)
	}
	noneOut(t, d)
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func drain(at level.Level, rate float64) playbook.Action {
	return playbook.Action{At: at, Kind: playbook.Drain, Lane: "login", Rate: rate, From: 1, To: 1}
}

// TestPaceFollowsThePlaybook: nothing while the lane is deferred, unless a drain
// says how fast; a drain alone bounds; and the ramp keeps the drain that went
// with the deferral.
func TestPaceFollowsThePlaybook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{}
		var told []daero.Drain
		l := rec.listener()
		l.Drained = func(dr daero.Drain) { told = append(told, dr) }
		d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": lanesOf(10)}}, Listener: l})
		if err != nil {
			t.Fatal(err)
		}
		topic := playbook.Action{At: level.Serious, Kind: playbook.Drain, Target: "orders", Rate: 5, From: 1, To: 1}
		undo := apply(t, d, responding(load,
			drain(level.Caution, 100),
			playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 0.5, To: 0.5}, drain(level.Alert, 20), topic))
		at := func(v float64, for1 time.Duration) float64 {
			load.set(v)
			time.Sleep(for1)
			return d.Pace("login")
		}
		defer undo()
		for _, step := range []struct{ load, want float64 }{{0, daero.Unbounded}, {1.5, daero.Unbounded}, {2.5, 100}, {3.5, 20}, {4.5, 20}} {
			if got := at(step.load, time.Second); got != step.want {
				t.Errorf("at load %g: %g/s, want %g/s", step.load, got, step.want)
			}
		}
		if o := loginOrders(d); o.Defer != [2]float64{0.5, 0.5} || o.Shed != [2]float64{} {
			t.Errorf("orders %+v", o)
		}
		if got := d.Control().Drains(); !slices.Equal(got, []daero.Drain{{Lane: "login", Rate: 20}, {Topic: "orders", Rate: 5}}) {
			t.Errorf("drains %v", got)
		}
		// On the way down the drains end at once and the deferral by ramp: until it
		// has ended, what the rows that stand say counts, and then the last that was
		// said.
		load.set(0)
		for range 600 {
			time.Sleep(time.Second)
			deferring, pace := loginOrders(d).Defer != [2]float64{}, d.Pace("login")
			if deferring && pace != 20 && pace != 100 || !deferring && pace == 20 {
				t.Fatalf("deferring %t at %g/s", deferring, pace)
			}
		}
		undo()
		want := []daero.Drain{{Lane: "login", Rate: 100}, {Lane: "login", Rate: 20}, {Topic: "orders", Rate: 5}, {Topic: "orders", Rate: -1}, {Lane: "login", Rate: 100}, {Lane: "login", Rate: -1}}
		if !slices.Equal(told, want) {
			t.Errorf("told %v\nwant %v", told, want)
		}
		if d.Pace("login") != daero.Unbounded || len(d.Control().Drains()) != 0 {
			t.Errorf("after it: %g/s, %v", d.Pace("login"), d.Control().Drains())
		}
		if entered := rec.of(audit.ActionEntered); !slices.Contains(entered, "defer login") || !slices.Contains(entered, "drain topic orders") {
			t.Errorf("recorded %v", entered)
		}
	})
}

// TestTheRampKeepsTheDrain: the drain ends with its row; what it let through
// goes on until the lane is open again, instead of nothing.
func TestTheRampKeepsTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{v: 3.5}
		d := recorded(t, rec)
		r := responding(load, playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 0.5, To: 0.5}, drain(level.Alert, 20))
		r.Playbook.Ramp = playbook.Ramp{Step: 0.1, Every: time.Minute}
		defer apply(t, d, r)()
		time.Sleep(time.Second)
		load.set(0)
		kept := 0
		for loginOrders(d).Defer != [2]float64{} {
			if got := d.Pace("login"); got != 20 {
				t.Fatalf("at level %s: %g/s, want 20/s", d.Control().Level(), got)
			}
			if d.Control().Level() < level.Alert {
				kept++
			}
			time.Sleep(time.Second)
		}
		if kept < 60 || d.Pace("login") != daero.Unbounded {
			t.Errorf("for %d s below alert; then %g/s", kept, d.Pace("login"))
		}
	})
}

// TestDeferAloneHolds: without a drain nothing is delivered while the lane is
// deferred, and everything again when a person pauses the playbook; in shadow
// nothing is held, and it is counted.
func TestDeferAloneHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, load := &record{}, &dial{v: 3.5}
		d := recorded(t, rec)
		defer apply(t, d, responding(load, playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 1, To: 1}))()
		time.Sleep(time.Second)
		if got := d.Pace("login"); got != 0 {
			t.Errorf("%g/s while the lane is deferred", got)
		}
		k := &keeper{}
		h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k})
		send := func() int {
			return do(h, with(httptest.NewRequest("POST", "/v1/login", nil), "X-User-Id", "kim")).Code
		}
		if got := send(); got != 202 {
			t.Errorf("answered %d", got)
		}
		if err := d.Control().Pause(time.Now(), playbook.Pause{Until: time.Now().Add(time.Minute), By: "kim", Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := d.Pace("login"); got != daero.Unbounded || send() != 200 {
			t.Errorf("paused: %g/s", got)
		}
		if l := laneOf(d, "login"); l.WouldDefer[lane.Foreground] != 1 || l.Deferred[lane.Foreground] != 1 {
			t.Errorf("%+v", l)
		}
	})
}

func TestDeliver(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	deferAll(d)
	p, after, err := d.Deliver(t.Context(), "login", 7)
	if p == nil || after != 0 || err != nil {
		t.Fatal(p, after, err)
	}
	if p2, after, err := d.Deliver(t.Context(), "login", 7); p2 != nil || after <= 0 || err != nil {
		t.Errorf("a second one: %v %s %v", p2, after, err)
	}
	p.Done(lane.Served)
	for _, id := range []string{"logn", "other/login", ""} {
		if p, _, err := d.Deliver(t.Context(), id, 7); p != nil || err == nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, after, err := d.Deliver(ctx, "message", 7); p != nil && err == nil {
		p.Drop()
	} else if after == 0 && err == nil {
		t.Errorf("%v %s %v", p, after, err)
	}
	noneOut(t, d)
}

// BenchmarkPassDeferrer compares the way through where requests could be
// deferred, and none is, with the way where none could.
func BenchmarkPassDeferrer(b *testing.B) {
	for name, k := range map[string]daero.Deferrer{"without": nil, "with": &keeper{}} {
		b.Run(name, func(b *testing.B) {
			d := newDaero(b, lanesOf(100))
			h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath, Deferrer: k})
			r := with(httptest.NewRequest("POST", "/v1/login", nil), "X-User-Id", "kim")
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

package daero_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

func TestPlaybookRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := &dial{v: 3.5}
		d, s := newDaero(t, lanesOf(10)), newService()
		h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
		defer apply(t, d, responding(load,
			shed(level.Alert, playbook.Everyone, 1, 1),
			playbook.Action{At: level.Alert, Kind: playbook.Slow, Lane: "login", From: 1, To: 1, For: 30 * time.Second},
			playbook.Action{At: level.Alert, Kind: playbook.Respond, Lane: "message", Who: playbook.Background, From: 1, To: 1, Status: 503, Body: `{"off":true}`},
		))()
		time.Sleep(time.Second)
		w := do(h, get("/v1/login", "X-User-Id", "kim"))
		var doc struct {
			Type, Reason string
			Status       int
			Poll         int `json:"poll_seconds"`
			After        int `json:"retry_after_seconds"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatalf("%v\n%s", err, w.Body)
		}
		if w.Code != 429 || doc.Reason != "playbook" || doc.Poll != 30 || doc.After < 1 || w.Header().Get(daero.SlowHeader) != "30" {
			t.Errorf("%d %+v, header %q", w.Code, doc, w.Header().Get(daero.SlowHeader))
		}
		w = do(h, get("/v1/message", "X-User-Id", "kim", "X-App-State", "background"))
		if w.Code != 503 || w.Body.String() != `{"off":true}` || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
		if w = do(h, get("/v1/message", "X-User-Id", "kim")); w.Code != 200 || w.Header().Get(daero.SlowHeader) != "" {
			t.Errorf("another lane: %d %v", w.Code, w.Header())
		}
		noneOut(t, d)
	})
}

// Half of the users are refused, always the same ones, and of those who come
// without a name every other.
func TestShedIsByUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := &dial{v: 3.5}
		d := newDaero(t, lanesOf(10))
		h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), daero.HandlerConfig{Classify: byPath})
		defer apply(t, d, responding(load, shed(level.Alert, playbook.Everyone, 0.5, 0.5)))()
		time.Sleep(time.Second)
		served := 0
		for i := range 2000 {
			user := "user-" + strconv.Itoa(i)
			first := do(h, get("/v1/login", "X-User-Id", user)).Code
			if again := do(h, get("/v1/login", "X-User-Id", user)).Code; again != first {
				t.Fatalf("%s: %d, then %d", user, first, again)
			}
			if first == 200 {
				served++
			}
		}
		if served < 900 || served > 1100 {
			t.Errorf("%d of 2000 users served, want about half", served)
		}
		served = 0
		for range 1000 {
			if do(h, get("/v1/login")).Code == 200 {
				served++
			}
		}
		if served < 480 || served > 520 {
			t.Errorf("%d of 1000 anonymous requests served, want half", served)
		}
		sn := d.Snapshot().Backends["default"].Lanes
		if i := slices.IndexFunc(sn, func(l lane.LaneSnapshot) bool { return l.Name == "login" }); sn[i].Refused[lane.Foreground][lane.ReasonPlaybook] == 0 {
			t.Error("refusals of the playbook are not counted as such")
		}
	})
}

// Who was refused holds an appointment, and gets in with it.
func TestShedHonoursAppointments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := &dial{v: 3.5}
		d := newDaero(t, lanesOf(10))
		h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), daero.HandlerConfig{Classify: byPath})
		defer apply(t, d, responding(load, shed(level.Alert, playbook.Everyone, 0.9, 0.9)))()
		time.Sleep(time.Second)
		for i := range 50 {
			user := "user-" + strconv.Itoa(i)
			w := do(h, get("/v1/login", "X-User-Id", user))
			if w.Code == 200 {
				continue
			}
			after, err := strconv.Atoi(w.Header().Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(after) * time.Second)
			if code := do(h, get("/v1/login", "X-User-Id", user, "Daero-Appointment", w.Header().Get("Daero-Appointment"))).Code; code != 200 {
				t.Fatalf("%s came back at the time given: %d", user, code)
			}
		}
	})
}

func TestPredictedShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDaero(t, lanesOf(10))
		h := d.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), daero.HandlerConfig{Classify: byPath})
		defer apply(t, d, responding(&dial{}))()
		for range 30 {
			do(h, get("/v1/login", "X-App-State", "background"))
			for range 3 {
				do(h, get("/v1/message"))
			}
			time.Sleep(time.Second)
		}
		got := d.Control().Predict(shed(level.Alert, playbook.Background, 0, 1), 0.5)
		if got < 0.12 || got > 0.13 {
			t.Errorf("half of the background logins, a quarter of the traffic: predicted %.3f, want 0.125", got)
		}
	})
}

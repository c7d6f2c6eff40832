package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/history"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
)

const nowPath, historyPath = api.Prefix + "now", api.Prefix + "history"

// lanesOf returns the lanes of a document by name, and their order.
func lanesOf(doc map[string]any) (by map[string]map[string]any, order []string) {
	by = map[string]map[string]any{}
	for _, l := range doc["lanes"].([]any) {
		l := l.(map[string]any)
		by[l["name"].(string)] = l
		order = append(order, l["name"].(string))
	}
	return by, order
}

// TestNow: rates are those of the last five seconds, the lane in trouble is
// first, and what people feel is said.
func TestNow(t *testing.T) {
	watch(t, func(w *tower) {
		time.Sleep(50 * time.Millisecond) // between two steps of the control, which takes the order back
		for range 70 {
			w.daero.Lane("default", "login").Order(lane.Orders{Shed: [2]float64{0.75, 0.75}})
			w.serve("login", 20)
			w.serve("message", 10)
			time.Sleep(100 * time.Millisecond)
		}
		doc := w.get(nowPath, http.StatusOK)
		by, order := lanesOf(doc)
		if order[0] != "login" {
			t.Errorf("order %v", order)
		}
		near := func(what string, got any, want float64) {
			t.Helper()
			if v := got.(float64); v < want*0.9 || v > want*1.1 {
				t.Errorf("%s: %g, want about %g", what, v, want)
			}
		}
		login, message := by["login"], by["message"]
		near("login in", login["in"], 200)
		near("login shed", login["outcome"].(map[string]any)["shed"], 150)
		near("by the playbook", login["reasons"].(map[string]any)["playbook"], 150)
		near("message through", message["through"], 100)
		near("all that passed", doc["totals"].(map[string]any)["passed"], 150)
		if felt := login["felt"].(map[string]any); login["state"] != "shedding" || felt["kind"] != "shed" || felt["n"] != 3.0 || felt["of"] != 4.0 {
			t.Errorf("login is %v, felt %v", login["state"], felt)
		}
		if message["state"] != "ok" || message["felt"].(map[string]any)["kind"] != "none" || message["tier"] != "critical" {
			t.Errorf("message %v", message)
		}
		coming := doc["coming"].([]any)
		if len(coming) != 1 || coming[0].(map[string]any)["level"] != "caution" {
			t.Errorf("coming %v", coming)
		}
		if nodes := doc["nodes"].(map[string]any); nodes["reporting"] != 1.0 || nodes["known"] != 1.0 {
			t.Errorf("nodes %v", nodes)
		}
	})
}

// TestNowIsTheSameForAll: who asks gets what was measured for all, and something
// newer if that is old or if something was changed since.
func TestNowIsTheSameForAll(t *testing.T) {
	watch(t, func(w *tower) {
		time.Sleep(1300 * time.Millisecond)
		synctest.Wait()
		first, second := w.pulse.Now(time.Now()), w.pulse.Now(time.Now())
		if first != second {
			t.Error("measured twice")
		}
		pin := level.Pin{Level: level.Alert, Until: time.Now().Add(time.Hour), By: "kim", Reason: "drill"}
		if err := w.daero.Control().Pin(time.Now(), pin); err != nil {
			t.Fatal(err)
		}
		if doc := w.pulse.Now(time.Now()); doc.Revision <= first.Revision || doc.Level.Pin == nil {
			t.Errorf("revision %d after %d, pin %v", doc.Revision, first.Revision, doc.Level.Pin)
		}
		w.stop()
		time.Sleep(time.Minute)
		if doc := w.pulse.Now(time.Now()); time.Since(doc.At) > time.Second {
			t.Errorf("%s old", time.Since(doc.At))
		}
	})
}

// TestNowHasItsRole: who has no token sees nothing.
func TestNowHasItsRole(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{nowPath, historyPath, streamPath} {
		w.expect(w.do("", "GET", path, ""), http.StatusUnauthorized)
	}
	w.expect(w.do(store.Viewer, "GET", nowPath, ""), http.StatusOK)
}

// TestHistory: what was is there, second by second, with what happened.
func TestHistory(t *testing.T) {
	watch(t, func(w *tower) {
		for i := range 300 {
			if i == 150 {
				w.set(func() { w.load = 0.95 })
			}
			w.serve("login", 10)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		doc := w.get(historyPath+"?since=1h&lanes=default/login,default/nothing", http.StatusOK)
		n := int(doc["n"].(float64))
		if n < 30 || n > 32 || doc["step_seconds"] != 1.0 {
			t.Fatalf("%d points of %v s", n, doc["step_seconds"])
		}
		lanes := doc["lanes"].(map[string]any)
		login := lanes["default/login"].(map[string]any)
		if len(lanes) != 1 {
			t.Errorf("lanes %v", lanes)
		}
		for _, name := range []string{"in", "through", "passed", "waited", "deferred", "challenged", "shed", "failed", "limit", "in_flight", "waiting", "wait_seconds", "recent_seconds", "shed_order"} {
			if got := len(login[name].([]any)); got != n {
				t.Errorf("%s has %d points of %d", name, got, n)
			}
		}
		levels := doc["level"].([]any)
		if levels[5] != 0.0 || levels[n-1] == 0.0 {
			t.Errorf("levels %v", levels)
		}
		if in := login["in"].([]any); in[10].(float64) < 90 || in[10].(float64) > 110 {
			t.Errorf("in %v", in)
		}
		events := doc["events"].([]any)
		if len(events) == 0 || events[0].(map[string]any)["what"] != "level.changed" {
			t.Errorf("events %v", events)
		}
		if bare := w.get(historyPath, http.StatusOK); len(bare["lanes"].(map[string]any)) != 0 || len(bare["known"].([]any)) < 2 {
			t.Errorf("without lanes: %v of %v", bare["lanes"], bare["known"])
		}
	})
}

func TestHistoryBadRequests(t *testing.T) {
	watch(t, func(w *tower) {
		many := "?lanes=a/b"
		for range 60 {
			many += ",a/b" + many[len(many)-1:]
		}
		for _, q := range []string{"?since=x", "?since=1h&since=2h", "?step=0", "?step=-1s", "?step=1ms", "?step=3h", "?lanes=login", "?lanes=,", "?what=1"} {
			w.get(historyPath+q, http.StatusBadRequest)
		}
		w.get(historyPath+"?step=1m&since=10m", http.StatusOK)
	})
}

// TestAnswersAreBounded: two hundred lanes and a full feed are one document that
// a phone can take every second.
func TestNowIsBounded(t *testing.T) {
	lanes := make([]live.Lane, 200)
	doc := api.NowDoc{Feed: make([]live.Event, 50)}
	for i := range lanes {
		doc.Lanes = append(doc.Lanes, api.NowLaneDoc{Lane: lanes[i]})
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if most := 400 << 10; len(data) > most {
		t.Errorf("%d bytes, at most %d", len(data), most)
	}
}

func FuzzHistoryQuery(f *testing.F) {
	for _, q := range []string{"", "since=2h&step=auto", "step=5s&lanes=default/login,default/message", "since=2026-01-01T00:00:00Z&until=1m", "lanes=/&step=9999999h", "step=NaN"} {
		f.Add(q)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		h, err := api.HistoryQueryOf(q, now)
		if err != nil {
			return
		}
		if h.Step < 0 || h.Step > history.Span || len(h.Lanes) > 50 {
			t.Errorf("%q: %+v", text, h)
		}
		if a := history.New().Query(h); a.N != 0 {
			t.Errorf("%q: %d points of nothing", text, a.N)
		}
	})
}

func FuzzStreamQuery(f *testing.F) {
	f.Add("topics=now,jobs", "12")
	f.Add("last=5", "")
	f.Add("topics=,", "-1")
	f.Fuzz(func(t *testing.T, query, header string) {
		about, after, err := api.StreamQueryOf(query, header)
		if err == nil && (about == 0 || after < 0) {
			t.Errorf("%q %q: about %d after %d", query, header, about, after)
		}
	})
}

// BenchmarkPulse is what a second of the console costs a gateway of twenty
// lanes, with none, one and fifty who watch: of a core, a hundredth of what it
// takes in 10 ms.
func BenchmarkPulse(b *testing.B) {
	for _, n := range []int{0, 1, 50} {
		b.Run(fmt.Sprintf("watched by %d", n), func(b *testing.B) {
			cfg := lane.Config{FixedLimit: 10}
			for i := range 20 {
				cfg.Lanes = append(cfg.Lanes, lane.LaneConfig{Name: fmt.Sprintf("lane-%02d", i), Tier: lane.Normal})
			}
			d, err := daero.New(daero.Config{Plan: daero.Plan{Backends: map[string]lane.Config{"default": cfg}}})
			if err != nil {
				b.Fatal(err)
			}
			p, err := api.NewPulse(api.Config{Daero: d, Record: nobody{}, Operators: nobody{}, Logins: nobody{}, Tokens: token.NewVerifier(nil)}, "gw-1")
			if err != nil {
				b.Fatal(err)
			}
			for i := range 50 {
				p.Heard(entry(i))
			}
			stop, now := p.Watchers(n), time.Now()
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Second)
				p.Beat(now)
			}
			stop()
		})
	}
}

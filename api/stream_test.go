package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

const streamPath = api.Prefix + "stream"

// TestStream: who watches is greeted, sees what is once a second, and is beaten
// to in between.
func TestStream(t *testing.T) {
	watch(t, func(w *tower) {
		s := w.look(streamPath)
		defer s.cancel()
		first := s.seen()
		if got := names(first); s.status != 200 || !slices.Equal(got, []string{"hello", "now"}) {
			t.Fatalf("%d %v", s.status, got)
		}
		if hello := first[0].data; hello["build"] != "b1" || hello["now_id"] == nil {
			t.Errorf("hello %v", hello)
		}
		if now := first[1].data; now["node"] != "gw-1" || len(now["lanes"].([]any)) < 2 || first[1].id != "" {
			t.Errorf("now %v", now)
		}
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"} {
			if got := s.header.Get(name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		events := s.seen()
		if now, beats := len(only(slices.Clone(events), "now")), len(only(events, "")); now != 10 || beats != 2 {
			t.Errorf("%d documents and %d beats in ten seconds", now, beats)
		}
	})
}

// TestStreamTellsAtOnce: what is controlled shows within a quarter of a second.
func TestStreamTellsAtOnce(t *testing.T) {
	watch(t, func(w *tower) {
		control := w.daero.Control()
		for _, c := range []struct {
			name string
			act  func()
		}{
			{"a pin", func() {
				_ = control.Pin(time.Now(), level.Pin{Level: level.Alert, Until: time.Now().Add(time.Hour), By: "kim", Reason: "drill"})
			}},
			{"its end", func() { control.Unpin(time.Now(), "kim", "over") }},
			{"a pause", func() {
				_ = control.Pause(time.Now(), playbook.Pause{Until: time.Now().Add(time.Hour), By: "kim", Reason: "drill"})
			}},
			{"going on", func() { control.Resume(time.Now(), "kim", "over") }},
		} {
			time.Sleep(2300 * time.Millisecond)
			s := w.look(streamPath)
			s.seen()
			c.act()
			time.Sleep(250 * time.Millisecond)
			synctest.Wait()
			if got := names(s.seen()); !slices.Contains(got, "audit") || !slices.Contains(got, "now") {
				t.Errorf("%s: %v", c.name, got)
			}
			s.cancel()
		}
	})
}

// TestStreamShowsTheLevel: the level shows within a quarter of a second of the
// control's own change, with why in both languages.
func TestStreamShowsTheLevel(t *testing.T) {
	watch(t, func(w *tower) {
		s := w.look(streamPath)
		defer s.cancel()
		w.set(func() { w.load = 0.95 })
		for w.daero.Control().Level() == level.Normal {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		events := s.seen()
		changes := only(slices.Clone(events), "audit")
		if len(changes) == 0 || changes[0].data["kind"] != "auto" || changes[0].data["why_ko"] == "" || changes[0].id == "" {
			t.Fatalf("%+v", changes)
		}
		now := only(events, "now")
		last := now[len(now)-1].data
		if got := last["level"].(map[string]any)["number"].(float64); got == 0 {
			t.Errorf("the document still says %v", last["level"])
		}
		feed := last["feed"].([]any)
		if got := fmt.Sprintf("%.0f", feed[len(feed)-1].(map[string]any)["id"]); got != changes[0].id {
			t.Errorf("the feed's oldest is %s, the stream's first %s", got, changes[0].id)
		}
	})
}

func entry(i int) audit.Entry {
	return audit.Entry{At: time.Now(), Who: "kim", What: audit.RelayPaused, Target: fmt.Sprint(i)}
}

// TestStreamGoesOn: who comes back gets what they missed, and is told if that is
// not all.
func TestStreamGoesOn(t *testing.T) {
	watch(t, func(w *tower) {
		s := w.look(streamPath)
		w.pulse.Heard(entry(0))
		synctest.Wait()
		first := only(s.seen(), "audit")
		s.cancel()
		if !s.over() || len(first) != 1 {
			t.Fatalf("over %t, %v", s.over(), first)
		}
		for i := range 5 {
			w.pulse.Heard(entry(1 + i))
		}
		missed := func(path string, headers ...string) string {
			s := w.look(path, headers...)
			defer s.cancel()
			var got []string
			for _, e := range s.seen() {
				switch e.name {
				case "audit":
					got = append(got, e.data["entry"].(map[string]any)["target"].(string))
				case "gap":
					got = append(got, fmt.Sprintf("gap %.0f", e.data["from"]))
				}
			}
			return strings.Join(got, " ")
		}
		id := first[0].id
		if got := missed(streamPath, "Last-Event-ID", id); got != "1 2 3 4 5" {
			t.Errorf("after the first: %q", got)
		}
		if got := missed(streamPath + "?last=" + id); got != "1 2 3 4 5" {
			t.Errorf("by the query: %q", got)
		}
		if got := missed(streamPath); got != "" {
			t.Errorf("without an ID: %q", got)
		}
		if got := missed(streamPath, "Last-Event-ID", "7"); got != "gap 7 0 1 2 3 4 5" {
			t.Errorf("of an earlier process: %q", got)
		}
		for i := range 2000 {
			w.pulse.Heard(entry(i))
		}
		if got := missed(streamPath, "Last-Event-ID", id); !strings.HasPrefix(got, "gap "+id+" 1000 1001") || len(strings.Fields(got)) != 1002 {
			t.Errorf("after two thousand: %.60q", got)
		}
	})
}

// TestStreamTopics: who asks for less gets less.
func TestStreamTopics(t *testing.T) {
	watch(t, func(w *tower) {
		for topics, want := range map[string][]string{
			"now": {"audit", "now"}, "audit": {"audit"}, "jobs": {"job"}, "now,jobs": {"audit", "job", "now"}, "": {"audit", "job", "now"},
		} {
			s := w.look(streamPath + "?topics=" + topics)
			s.seen()
			w.pulse.Job(map[string]any{"id": "1"})
			w.pulse.Heard(entry(1))
			time.Sleep(time.Second)
			synctest.Wait()
			got := names(s.seen())
			slices.Sort(got)
			got = slices.DeleteFunc(slices.Compact(got), func(n string) bool { return n == "" })
			if !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", topics, got, want)
			}
			s.cancel()
		}
		synctest.Wait()
		if n := w.pulse.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
}

// TestStreamBadRequests are answered as such.
func TestStreamBadRequests(t *testing.T) {
	watch(t, func(w *tower) {
		w.get(streamPath+"?topics=all", http.StatusBadRequest)
		w.get(streamPath+"?last=x", http.StatusBadRequest)
		w.get(streamPath+"?last=-1", http.StatusBadRequest)
	})
}

// TestSlowReaderIsDropped: who does not read holds up nobody, and is let go.
func TestSlowReaderIsDropped(t *testing.T) {
	watch(t, func(w *tower) {
		slow, quick := w.look(streamPath), w.look(streamPath)
		defer quick.cancel()
		stuck := make(chan struct{})
		slow.mu.Lock()
		slow.stuck = stuck
		slow.mu.Unlock()
		for i := range 100 {
			began := time.Now()
			w.pulse.Heard(entry(i))
			if time.Since(began) != 0 {
				t.Fatal("telling waited")
			}
			synctest.Wait()
		}
		if n := w.pulse.Streams(); n != 1 {
			t.Errorf("%d streams, one of them stuck", n)
		}
		if got := len(only(quick.seen(), "audit")); got != 100 {
			t.Errorf("who reads saw %d of 100", got)
		}
		time.Sleep(11 * time.Second) // the deadline of a write
		if !slow.over() || quick.over() {
			t.Errorf("the slow one is over: %t, the quick one: %t", slow.over(), quick.over())
		}
	})
}

// TestSlowReaderIsTold: one that was slow and reads again hears why it ended.
func TestSlowReaderIsTold(t *testing.T) {
	watch(t, func(w *tower) {
		slow := w.look(streamPath)
		stuck := make(chan struct{})
		slow.mu.Lock()
		slow.stuck = stuck
		slow.mu.Unlock()
		for i := range 100 {
			w.pulse.Heard(entry(i))
		}
		close(stuck)
		if !slow.over() {
			t.Fatal("the stream goes on")
		}
		events := slow.seen()
		if last := events[len(events)-1]; last.name != "bye" || last.data["reason"] != "slow" || last.data["retry_ms"].(float64) < 3000 {
			t.Errorf("%v", last)
		}
	})
}

// TestStreamEnds: the server, the pulse, the session; each says bye.
func TestStreamEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*tower)
		within time.Duration
		reason string
	}{
		"the server shuts down":   {func(w *tower) { close(w.ending) }, 0, "shutdown"},
		"the pulse ends":          {func(w *tower) { w.stop() }, 0, "shutdown"},
		"the operator is removed": {func(w *tower) { w.set(func() { w.removed = true }) }, 15 * time.Second, "session"},
		"the store is away":       {func(w *tower) { w.set(func() { w.down = true }) }, time.Minute, ""},
		"nothing happens":         {func(*tower) {}, 5 * time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			watch(t, func(w *tower) {
				s := w.look(streamPath + "?topics=jobs")
				defer s.cancel()
				c.end(w)
				time.Sleep(c.within)
				if over := s.over(); over != (c.reason != "") {
					t.Fatalf("over: %t", over)
				}
				if c.reason == "" {
					return
				}
				events := s.seen()
				if last := events[len(events)-1]; last.name != "bye" || last.data["reason"] != c.reason {
					t.Errorf("%v", last)
				}
			})
		})
	}
}

// TestTooManyStreams: one session has twenty, and then is told so.
func TestTooManyStreams(t *testing.T) {
	watch(t, func(w *tower) {
		var all []*screen
		for range 20 {
			all = append(all, w.look(streamPath))
		}
		more := w.look(streamPath)
		if !more.over() || more.status != http.StatusServiceUnavailable || more.header.Get("Retry-After") == "" {
			t.Errorf("the 21st: over %t, %d", more.over(), more.status)
		}
		all[0].cancel()
		synctest.Wait()
		again := w.look(streamPath)
		if again.over() {
			t.Error("there is no room for one in the place of another")
		}
		for _, s := range append(all, again) {
			s.cancel()
		}
	})
}

// TestNoStreamAfterTheEnd: who comes when all ends is sent away at once.
func TestNoStreamAfterTheEnd(t *testing.T) {
	watch(t, func(w *tower) {
		w.stop()
		if s := w.look(streamPath); !s.over() || s.status != http.StatusServiceUnavailable {
			t.Errorf("over %t, %d", s.over(), s.status)
		}
	})
}

// TestStreamOverHTTP: events arrive as they are sent, not when there are enough.
func TestStreamOverHTTP(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { w.cfg.Pulse.Run(ctx) })
	defer func() { cancel(); ran.Wait() }()
	server := httptest.NewServer(w.api)
	defer server.Close()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+streamPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token("viewer"))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for _, want := range []string{"event: hello", "event: now", "event: audit"} {
		if want == "event: audit" {
			w.cfg.Pulse.Heard(entry(1))
		}
		for lines.Scan() && lines.Text() != want {
			continue
		}
		if lines.Text() != want {
			t.Fatalf("no %s: %v", want, lines.Err())
		}
	}
}

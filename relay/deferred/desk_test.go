package deferred_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// TestTheWayOfARequest: taken, waiting, delivered as it came, and its answer
// given to whoever has the ticket.
func TestTheWayOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *deferred.Config, l *deferred.Lane) {
			c.User, l.Keep = byHeader, []string{"authorization", "X-User-Id"}
		})
		r.service.header = http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"s=secret"}, "X-App-Shard": {"7"}}
		r.service.body = `{"session":1}`
		kim := user("kim")
		w := r.put(post("/v1/login%2Fa?x=1;2", `{"pw":"x"}`, "Content-Type", "application/json", "X-User-Id", "kim",
			"Authorization", "Bearer abc", "Cookie", "session=1", "X-App-State", "background", "Daero-Deferred", "forged",
			"Idempotency-Key", "k-1", "Connection", "X-App-State", "User-Agent", "app/1"), kim)
		doc, location := read(t, w), w.Header().Get("Location")
		if w.Code != 202 || doc.State != "waiting" || doc.URL != location || !strings.HasPrefix(location, "/daero/deferred/") ||
			!strings.Contains(doc.Detail, "Do not send it again") || doc.Until.Sub(doc.Received) != time.Hour {
			t.Errorf("%d %s: %+v", w.Code, location, doc)
		}
		if doc.Estimate != nil || doc.Ahead == nil || *doc.Ahead != 0 || doc.RetryAfter < 20 || doc.RetryAfter > 30 {
			t.Errorf("nothing has been delivered yet, so nothing is known: %+v", doc)
		}
		if !r.Waiting("login", kim) || r.Waiting("login", user("lee")) || r.Waiting("other", kim) {
			t.Error("who waits is not who waits")
		}
		if got := read(t, r.ask(location, "X-User-Id", "kim")); got.State != "waiting" || got.Status != 202 {
			t.Errorf("asked: %+v", got)
		}

		time.Sleep(10 * time.Second)
		m := r.shelf.next(t)
		if string(m.Value) != `{"pw":"x"}` || m.Topic != "daero.deferred.login" || strings.Contains(string(m.Header("daero-deferred-request")), "session=1") {
			t.Errorf("kept: %s %s", m.Value, m.Headers)
		}
		if res := r.Handle(t.Context(), m); res.Verb != relay.Acked {
			t.Fatalf("%+v", res)
		}
		got := r.service.asked[0]
		if got.Method != "POST" || got.URL.String() != "http://service:9000/app/v1/login%2Fa?x=1;2" || got.Host != "example.com" || r.service.bodies[0] != `{"pw":"x"}` {
			t.Errorf("%s %s at %s: %s", got.Method, got.URL, got.Host, r.service.bodies[0])
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Authorization": "Bearer abc", "X-User-Id": "kim", "Cookie": "", "X-App-State": "background",
			"Idempotency-Key": "k-1", "Daero-Deferred": strings.TrimPrefix(location, deferred.Prefix),
			"Daero-Deferred-At": doc.Received.Format(time.RFC3339), "Connection": "", "User-Agent": "app/1",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
			}
		}
		if r.Waiting("login", kim) {
			t.Error("still waiting")
		}

		w = r.ask(location, "X-User-Id", "kim")
		if w.Code != 201 || w.Body.String() != r.service.body || w.Header().Get("Daero-Deferred") != "done" || w.Header().Get("Set-Cookie") != "" ||
			w.Header().Get("X-App-Shard") != "7" || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
		if w := r.ask(location, "X-User-Id", "lee"); w.Code != 404 || read(t, w).State != "unknown" {
			t.Errorf("somebody else: %d %s", w.Code, w.Body)
		}
		time.Sleep(24*time.Hour + time.Second)
		if w := r.ask(location, "X-User-Id", "kim"); w.Code == 201 {
			t.Error("the answer is still there after its time")
		}
	})
}

// TestTheSameRequestSentAgain: one ticket, one delivery. Another request with
// the same key is another one.
func TestTheSameRequestSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		kim := user("kim")
		login := func(body, key string) string {
			return r.put(post("/v1/login", body, "Idempotency-Key", key), kim).Header().Get("Location")
		}
		first := login("a", "k")
		time.Sleep(3 * time.Second)
		if again := login("a", "k"); again != first {
			t.Errorf("sent again: %s, want %s", again, first)
		}
		other, without := login("b", "k"), login("a", "")
		if other == first || without == first {
			t.Error("another request has the same ticket")
		}
		// A ticket as the key is the request that it was given for.
		if by := login("a", strings.TrimPrefix(without, deferred.Prefix)); by != without {
			t.Errorf("by its ticket: %s, want %s", by, without)
		}
		if n := len(r.shelf.row); n != 3 {
			t.Errorf("%d kept, want 3", n)
		}
		if res := r.Handle(t.Context(), r.shelf.next(t)); res.Verb != relay.Acked {
			t.Fatalf("%+v", res)
		}
		// After it was done, too.
		w := r.put(post("/v1/login", "a", "Idempotency-Key", "k"), kim)
		if w.Code != 202 || w.Header().Get("Location") != first || read(t, w).State != "done" || len(r.shelf.row) != 2 {
			t.Errorf("%d %s %s, %d kept", w.Code, w.Header().Get("Location"), w.Body, len(r.shelf.row))
		}
		// Somebody else with the same key has no part in it.
		if by := r.put(post("/v1/login", "a", "Idempotency-Key", "k"), user("lee")).Header().Get("Location"); by == first {
			t.Error("a stranger was given the ticket")
		}
		if sn := r.Snapshot(); sn.Taken != 4 || sn.Repeated != 3 || sn.Delivered != 1 || sn.Waiting["login"] != 3 ||
			sn.Delivering["login"] != 0 || !sn.Oldest["login"].Equal(time.Now()) {
			t.Errorf("%+v", sn)
		}
	})
}

func TestWhatIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		fail   error
		change func(*deferred.Config, *deferred.Lane)
		body   string
		lane   string
		count  string
	}{
		"the log is away":      {fail: relay.ErrAway, count: "away"},
		"the log is full":      {fail: relay.ErrFull, count: "full"},
		"the log says too big": {fail: relay.ErrTooLarge, count: "large"},
		"too many headers":     {fail: &relay.InvalidError{Kind: "headers"}, count: "other"},
		"too big":              {body: "12345", change: func(_ *deferred.Config, l *deferred.Lane) { l.MaxBytes = 4 }, count: "large"},
		"another lane":         {lane: "signup", count: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.change)
			r.shelf.fail = c.fail
			lane := "login"
			if c.lane != "" {
				lane = c.lane
			}
			w := httptest.NewRecorder()
			w.Code = 0
			answered, err := r.Defer(w, post("/v1/login", c.body), lane, 7)
			if answered || err == nil || len(w.Header()) != 0 || w.Code != 0 {
				t.Errorf("answered %t (%d %v): %v", answered, w.Code, w.Header(), err)
			}
			if r.Waiting("login", 7) {
				t.Error("who was refused waits")
			}
			if sn := r.Snapshot(); sn.NotKept[c.count] != 1 || sn.Waiting["login"] != 0 {
				t.Errorf("%+v", sn)
			}
		})
	}
}

func TestBoundsOfWaiting(t *testing.T) {
	r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.Waiting, c.PerUser = 3, 2 })
	take := func(user uint64) bool {
		ok, _ := r.Defer(httptest.NewRecorder(), post("/v1/login", "x"), "login", user)
		return ok
	}
	got := []bool{take(1), take(1), take(1), take(2), take(3), take(0)}
	want := []bool{true, true, false, true, false, false}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("request %d: taken %t, want %t", i+1, got[i], want[i])
		}
	}
}

// TestUnknownOutcome: nobody knows whether the log has it. The client is told
// so, with what to send it again with, and is not told to go away.
func TestUnknownOutcome(t *testing.T) {
	for _, landed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			ran := make(chan error, 1)
			go func() { ran <- r.Run(ctx) }()
			defer func() { cancel(); <-ran }()
			kim := user("kim")
			r.shelf.fail, r.shelf.keep = relay.ErrUnknown, landed
			w := httptest.NewRecorder()
			answered, err := r.Defer(w, post("/v1/login", "a"), "login", kim)
			doc := read(t, w)
			if !answered || !errors.Is(err, relay.ErrUnknown) || w.Code != 503 || doc.State != "unknown" || doc.Key == "" || doc.RetryAfter == 0 {
				t.Fatalf("%t %v: %d %+v", answered, err, w.Code, doc)
			}
			if !r.Waiting("login", kim) {
				t.Error("later ones could overtake it")
			}
			if got := read(t, r.ask(doc.URL, "X-User-Id", "kim")); got.State != "unknown" || got.Key != doc.Key {
				t.Errorf("asked: %+v", got)
			}
			r.shelf.fail = nil
			w = r.put(post("/v1/login", "a", "Idempotency-Key", doc.Key), kim)
			if again := read(t, w); w.Code != 202 || again.State != "waiting" || len(r.shelf.row) != 1 {
				t.Errorf("sent again: %d %+v, %d kept", w.Code, again, len(r.shelf.row))
			}
			time.Sleep(2 * time.Minute)
			if !r.Waiting("login", kim) {
				t.Error("once it is known it waits as long as others")
			}
			if res := r.Handle(t.Context(), r.shelf.next(t)); res.Verb != relay.Acked {
				t.Fatalf("%+v", res)
			}
			for _, location := range []string{doc.URL, w.Header().Get("Location")} {
				if w := r.ask(location, "X-User-Id", "kim"); w.Code != 201 || w.Header().Get("Daero-Deferred") != "done" {
					t.Errorf("%s: %d %s", location, w.Code, w.Body)
				}
			}
		})
	}
}

// TestDoubtEnds: who was never kept, and never comes again, holds up nobody for
// long, and is not told that it waits.
func TestDoubtEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- r.Run(ctx) }()
		defer func() { cancel(); <-ran }()
		r.shelf.fail = relay.ErrUnknown
		w := httptest.NewRecorder()
		if _, err := r.Defer(w, post("/v1/login", "a"), "login", 7); err == nil {
			t.Fatal("it is known")
		}
		time.Sleep(40 * time.Second)
		if r.Waiting("login", 7) {
			t.Error("it still holds up others")
		}
		if got := r.ask(w.Header().Get("Location")); got.Code != 404 || !strings.Contains(read(t, got).Detail, "not known whether") || read(t, got).State != "unknown" {
			t.Errorf("asked: %d %s", got.Code, got.Body)
		}
	})
}

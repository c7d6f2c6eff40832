package deferred_test

import (
	"context"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// TestForgedTickets: what is not ours is not looked up, however it looks.
func TestForgedTickets(t *testing.T) {
	store := &counting{Memory: deferred.NewMemory(0)}
	r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.Answers = store })
	location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
	r.Handle(t.Context(), r.shelf.next(t))
	if w := r.ask(location); w.Code != 201 {
		t.Fatalf("%d", w.Code)
	}
	id := strings.TrimPrefix(location, deferred.Prefix)
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	before := store.gets
	for i := range raw {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		if w := r.ask(deferred.Prefix + base64.RawURLEncoding.EncodeToString(changed)); w.Code != 404 || read(t, w).State != "unknown" {
			t.Errorf("byte %d changed: %d", i, w.Code)
		}
	}
	for _, bad := range []string{"", "x", id[:len(id)-1], id + "A", id + "/", strings.Repeat("A", 1<<16), id[:len(id)-1] + "%00", strings.ToLower(id), "%2e%2e/" + id} {
		if w := r.ask(deferred.Prefix + bad); w.Code != 404 {
			t.Errorf("%.80q: %d", bad, w.Code)
		}
	}
	if w := r.ask("/other/" + id); w.Code != 404 {
		t.Errorf("elsewhere: %d", w.Code)
	}
	if store.gets != before {
		t.Errorf("the Store was asked %d times", store.gets-before)
	}
	// Another gateway's secret is not ours; one that we had before is.
	old := r.cfg.Secrets[0]
	r.cfg.Secrets = [][]byte{[]byte(strings.Repeat("n", 32))}
	if err := r.Reload(r.cfg); err != nil {
		t.Fatal(err)
	}
	if w := r.ask(location); w.Code != 404 {
		t.Errorf("another secret: %d", w.Code)
	}
	r.cfg.Secrets = append(r.cfg.Secrets, old)
	if err := r.Reload(r.cfg); err != nil {
		t.Fatal(err)
	}
	if w := r.ask(location); w.Code != 201 {
		t.Errorf("a new secret besides: %d", w.Code)
	}
}

type counting struct {
	*deferred.Memory
	gets int
}

func (c *counting) Get(ctx context.Context, id string) (deferred.Answer, error) {
	c.gets++
	return c.Memory.Get(ctx, id)
}

func TestOnlyItsOwnUserMayAsk(t *testing.T) {
	r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.User = byHeader })
	kims := r.put(post("/v1/login", "x"), user("kim")).Header().Get("Location")
	nobodys := r.put(post("/v1/login", "x"), 0).Header().Get("Location")
	for _, c := range []struct {
		location, user string
		code           int
	}{{kims, "kim", 202}, {kims, "lee", 404}, {kims, "", 404}, {nobodys, "", 202}, {nobodys, "lee", 202}} {
		if w := r.ask(c.location, "X-User-Id", c.user); w.Code != c.code {
			t.Errorf("%q asks: %d, want %d", c.user, w.Code, c.code)
		}
	}
}

func TestMethodsAndHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
		ask := func(method string, headers ...string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r.ServeHTTP(w, with(httptest.NewRequest(method, location, nil), headers...))
			return w
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			if w := ask(method); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s: %d", method, w.Code)
			}
		}
		for range 2 { // waiting, then done
			get, head := ask("GET"), ask("HEAD")
			if head.Code != get.Code || head.Body.Len() != 0 || get.Body.Len() == 0 || head.Header().Get("Content-Length") != get.Header().Get("Content-Length") {
				t.Errorf("HEAD %d %v, GET %d %v", head.Code, head.Header(), get.Code, get.Header())
			}
			tag := get.Header().Get("ETag")
			if w := ask("GET", "If-None-Match", tag); tag == "" || w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("Daero-Deferred") == "" {
				t.Errorf("unchanged: %d %v", w.Code, w.Header())
			}
			if w := ask("GET", "If-None-Match", tag, "Accept-Language", "ko", "Accept", "text/html"); get.Code == 202 && w.Code != 202 {
				t.Errorf("unchanged, and another form of it: %d", w.Code)
			}
			if len(r.shelf.row) > 0 {
				r.service.body = "done"
				r.Handle(t.Context(), r.shelf.next(t))
				if w := ask("GET", "If-None-Match", tag); w.Code != 201 {
					t.Errorf("changed: %d", w.Code)
				}
			}
		}
	})
}

// TestPoll: who waits is told the moment it ends, and not much later than was
// asked for when it does not.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
		for prefer, want := range map[string]time.Duration{
			"wait=3": 3 * time.Second, "respond-async, wait=2": 2 * time.Second, "wait=9999": 25 * time.Second, "wait=0": 0,
			"wait=-1": 0, "wait=x": 0, "wait=99999999999999999999": 0, "": 0,
		} {
			begin := time.Now()
			if w := r.ask(location, "Prefer", prefer); w.Code != 202 || time.Since(begin) != want || (w.Header().Get("Preference-Applied") != "") != (want > 0 || prefer == "wait=0") {
				t.Errorf("%q: %d after %s, want %s; %v", prefer, w.Code, time.Since(begin), want, w.Header())
			}
		}
		var wg sync.WaitGroup
		begin := time.Now()
		for range 100 {
			wg.Go(func() {
				w := r.ask(location, "Prefer", "wait=20")
				if w.Code != 201 || time.Since(begin) != 5*time.Second {
					t.Errorf("%d after %s", w.Code, time.Since(begin))
				}
			})
		}
		time.Sleep(5 * time.Second)
		if n := r.Snapshot().Polls; n != 100 {
			t.Errorf("%d wait", n)
		}
		r.Handle(t.Context(), r.shelf.next(t))
		wg.Wait()
		if n := r.Snapshot().Polls; n != 0 {
			t.Errorf("%d still wait", n)
		}
		// Who goes away is not waited for.
		location = r.put(post("/v1/login", "y"), 7).Header().Get("Location")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		r.ServeHTTP(httptest.NewRecorder(), with(httptest.NewRequest("GET", location, nil).WithContext(ctx), "Prefer", "wait=20"))
		if took := time.Since(begin); took != time.Second {
			t.Errorf("after %s", took)
		}
	})
}

// TestEstimates: nothing is promised before something is known, what is known
// is about right, and what would run out of time before is not promised.
func TestEstimates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.Within = 5 * time.Minute })
		var locations []string
		for i := range 400 {
			locations = append(locations, r.put(post("/v1/login", "x"), uint64(i+1)).Header().Get("Location"))
		}
		last := locations[len(locations)-1]
		if got := read(t, r.ask(last)); got.Estimate != nil || *got.Ahead != 399 {
			t.Errorf("before the first delivery: %+v", got)
		}
		deliver := func(n int, every time.Duration) {
			for range n {
				r.Handle(t.Context(), r.shelf.next(t))
				time.Sleep(every)
			}
		}
		deliver(2, 100*time.Millisecond)
		if got := read(t, r.ask(last)); got.Estimate != nil {
			t.Errorf("after two: %d s", *got.Estimate)
		}
		deliver(98, 100*time.Millisecond)
		if got := read(t, r.ask(last)); got.Estimate == nil || *got.Ahead != 299 || *got.Estimate < 27 || *got.Estimate > 40 || got.RetryAfter != *got.Estimate {
			t.Errorf("300 to go at 10/s: %+v", got)
		}
		if got := read(t, r.ask(locations[110])); got.Estimate == nil || *got.Estimate > 3 || got.RetryAfter != 2 {
			t.Errorf("10 to go at 10/s: %+v", got)
		}
		// A new one is told the same.
		if got := read(t, r.put(post("/v1/login", "new"), 9999)); got.Estimate == nil || *got.Ahead != 300 || *got.Estimate < 27 || *got.Estimate > 40 {
			t.Errorf("at the end: %+v", got)
		}
		// It slows down to one in two seconds: 270 need nine minutes, and have four.
		deliver(30, 2*time.Second)
		if got := read(t, r.ask(last)); got.Estimate != nil || *got.Ahead != 269 || got.RetryAfter < 20 {
			t.Errorf("too late for it: %+v", got)
		}
		if got := read(t, r.ask(locations[140])); got.Estimate == nil || *got.Estimate < 15 || *got.Estimate > 30 {
			t.Errorf("11 to go at 0.5/s: %+v", got)
		}
		// And stops.
		time.Sleep(30 * time.Second)
		if got := read(t, r.ask(locations[140])); got.Estimate != nil {
			t.Errorf("nothing is delivered any more: %d s", *got.Estimate)
		}
	})
}

// TestSeveralGateways: what another has delivered is known here within
// seconds, and its answer at once.
func TestSeveralGateways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		share := func(c *deferred.Config, _ *deferred.Lane) { c.Shared = true }
		a, b := newRig(t, share), newRig(t, share)
		b.cfg.Answers = a.answers
		if err := b.Reload(b.cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- a.Run(ctx) }()
		location := a.put(post("/v1/login", "x"), 7).Header().Get("Location")
		if w := b.ask(location); w.Code != 202 || read(t, w).Ahead != nil {
			t.Errorf("the other knows that it waits, and not how long: %d %s", w.Code, w.Body)
		}
		polled := make(chan time.Duration)
		begin := time.Now()
		go func() {
			b.ask(location, "Prefer", "wait=25")
			polled <- time.Since(begin)
		}()
		time.Sleep(10 * time.Second)
		b.Handle(t.Context(), a.shelf.next(t))
		if took := <-polled; took > 11*time.Second {
			t.Errorf("polled for %s", took)
		}
		if w := b.ask(location); w.Code != 201 {
			t.Errorf("there: %d", w.Code)
		}
		time.Sleep(8 * time.Second)
		if a.Waiting("login", 7) {
			t.Error("here it still waits")
		}
		if w := a.ask(location); w.Code != 201 {
			t.Errorf("here: %d", w.Code)
		}
		cancel()
		<-ran
	})
}

// TestAfterARestart: what waited goes on waiting, and who comes back stands
// behind it; with the same secret the tickets are good.
func TestAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newRig(t, nil), newRig(t, nil)
		location := before.put(post("/v1/login", "x"), 7).Header().Get("Location")
		m := before.shelf.next(t)
		if got := read(t, after.ask(location)); got.State != "waiting" || got.Ahead != nil {
			t.Errorf("before it was told: %+v", got)
		}
		after.Remember(m)
		after.Remember(m)
		after.Remember(&relay.Message{Value: []byte("somebody's")})
		if !after.Waiting("login", 7) || after.Snapshot().Waiting["login"] != 1 {
			t.Errorf("%+v", after.Snapshot())
		}
		if got := read(t, after.ask(location)); got.Ahead == nil {
			t.Errorf("%+v", got)
		}
		after.Handle(t.Context(), m)
		if w := after.ask(location); after.Waiting("login", 7) || w.Code != 201 {
			t.Errorf("%d", w.Code)
		}
	})
}

// TestReload: what waits goes on waiting, and a mistake changes nothing.
func TestReload(t *testing.T) {
	r := newRig(t, nil)
	r.put(post("/v1/login", "x"), 7)
	good := r.cfg
	r.cfg.Lanes = map[string]deferred.Lane{}
	if err := r.Reload(r.cfg); err != nil || !r.Waiting("login", 7) {
		t.Fatalf("waiting %t: %v", r.Waiting("login", 7), err)
	}
	m := r.shelf.next(t)
	if res := r.Handle(t.Context(), m); res.Verb != relay.Deferred || !strings.Contains(res.Reason, "lane login is not configured") {
		t.Errorf("%+v", res)
	}
	if answered, _ := r.Defer(httptest.NewRecorder(), post("/v1/login", "x"), "login", 7); answered {
		t.Error("taken without a lane")
	}
	if err := r.Reload(deferred.Config{}); err == nil {
		t.Error("a mistake was taken")
	}
	if err := r.Reload(good); err != nil {
		t.Fatal(err)
	}
	if res := r.Handle(t.Context(), m); res.Verb != relay.Acked {
		t.Errorf("%+v", res)
	}
}

func TestValidate(t *testing.T) {
	r := newRig(t, nil)
	r.cfg.Accept, r.cfg.Answers, r.cfg.Waiting, r.cfg.Secrets = nil, nil, -1, [][]byte{[]byte("short")}
	r.cfg.Lanes["login"] = deferred.Lane{Within: time.Millisecond, AnswersFor: 1000 * time.Hour, MaxBytes: 1 << 40, Tries: -1}
	_, err := deferred.New(r.cfg)
	for _, want := range []string{
		"nothing accepts messages", "nothing keeps answers", "secret 1 has 5 bytes", "how many may wait",
		"lane login: has no topic", "has no target: name one like", "within 1ms: must be 1s to 168h0m0s", "answers 1000h0m0s", "at most 16777216 each", "tries must be above 0",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

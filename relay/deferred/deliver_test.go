package deferred_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// TestWhatTheServiceSays: what becomes of the message, and what is told.
func TestWhatTheServiceSays(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		fail    error
		header  http.Header
		attempt int
		verb    relay.Verb
		down    bool
		over    bool
		after   time.Duration
		told    int    // status of the answer
		state   string // what who asks is told
	}{
		"done":                     {status: 200, verb: relay.Acked, told: 200, state: "done"},
		"done, nothing to say":     {status: 204, verb: relay.Acked, told: 204, state: "done"},
		"look elsewhere":           {status: 303, header: http.Header{"Location": {"/home"}}, verb: relay.Acked, told: 303, state: "done"},
		"the client's mistake":     {status: 409, verb: relay.Acked, told: 409, state: "done"},
		"wants less":               {status: 429, header: http.Header{"Retry-After": {"7"}}, verb: relay.Deferred, over: true, after: 7 * time.Second, told: 202, state: "waiting"},
		"is overloaded":            {status: 503, verb: relay.Retried, over: true, down: true, told: 202, state: "waiting"},
		"is not there":             {status: 502, verb: relay.Retried, down: true, told: 202, state: "waiting"},
		"is slow":                  {status: 504, verb: relay.Retried, down: true, told: 202, state: "waiting"},
		"breaks off":               {fail: errBroken, verb: relay.Retried, down: true, told: 202, state: "waiting"},
		"takes too long":           {fail: context.DeadlineExceeded, verb: relay.Retried, down: true, told: 202, state: "waiting"},
		"talks nonsense":           {status: 999, verb: relay.Retried, down: true, told: 202, state: "waiting"},
		"fails":                    {status: 500, verb: relay.Retried, told: 202, state: "waiting"},
		"fails the last time":      {status: 500, attempt: 5, verb: relay.Rejected, told: 502, state: "failed"},
		"is down for a long time":  {status: 503, attempt: 50, verb: relay.Retried, over: true, down: true, told: 202, state: "waiting"},
		"asks for a week":          {status: 429, header: http.Header{"Retry-After": {"604800"}}, verb: relay.Deferred, over: true, after: 5 * time.Minute, told: 202, state: "waiting"},
		"asks for a time long ago": {status: 429, header: http.Header{"Retry-After": {"Fri, 01 Jan 1999 00:00:00 GMT"}}, verb: relay.Deferred, over: true, after: time.Second, told: 202, state: "waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
				r.service.status, r.service.fail, r.service.header, r.service.body = c.status, c.fail, c.header, "said"
				m := r.shelf.next(t)
				m.Attempt = max(1, c.attempt)
				res := r.Handle(t.Context(), m)
				after := res.After
				if res.Verb == relay.Deferred {
					after = time.Until(res.Until)
				}
				if res.Verb != c.verb || res.Down != c.down || res.Overloaded != c.over || after != c.after || res.Verb != relay.Acked && res.Reason == "" {
					t.Errorf("%+v", res)
				}
				w := r.ask(location)
				if w.Code != c.told || w.Header().Get("Daero-Deferred") != c.state || c.state != "done" && read(t, w).State != c.state {
					t.Errorf("told %d %s: %s", w.Code, w.Header().Get("Daero-Deferred"), w.Body)
				}
				if c.header.Get("Location") != w.Header().Get("Location") {
					t.Errorf("location %q", w.Header().Get("Location"))
				}
				if r.Waiting("login", 7) != (c.state == "waiting") {
					t.Errorf("waiting %t", !(c.state == "waiting"))
				}
			})
		})
	}
}

// TestASecondDelivery: the first answer counts, and the service is not asked
// again; a redrive after a failure asks it, and its answer replaces the failure.
func TestASecondDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		first := r.put(post("/v1/login", "a"), 7).Header().Get("Location")
		m := r.shelf.next(t)
		r.service.body = "first"
		r.Handle(t.Context(), m)
		r.service.body = "second"
		if res := r.Handle(t.Context(), m); res.Verb != relay.Acked || len(r.service.asked) != 1 || r.ask(first).Body.String() != "first" {
			t.Errorf("%+v, asked %d times, told %s", res, len(r.service.asked), r.ask(first).Body)
		}

		second := r.put(post("/v1/login", "b"), 7).Header().Get("Location")
		m = r.shelf.next(t)
		r.service.status, m.Attempt = 500, 5
		if res := r.Handle(t.Context(), m); res.Verb != relay.Rejected || res.Status != 500 {
			t.Errorf("%+v", res)
		}
		if got := read(t, r.ask(second)); got.State != "failed" || got.Status != 502 {
			t.Errorf("%+v", got)
		}
		r.service.status, r.service.body, m.Attempt = 200, "now", 1
		if res := r.Handle(t.Context(), m); res.Verb != relay.Acked || r.ask(second).Body.String() != "now" {
			t.Errorf("redriven: %+v, told %s", res, r.ask(second).Body)
		}
	})
}

// TestTimeRunsOut: what is too late is not delivered, and is told honestly.
func TestTimeRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.Within, l.AnswersFor = time.Minute, time.Hour })
		never, tried := r.put(post("/v1/login", "a"), 1).Header().Get("Location"), r.put(post("/v1/login", "b"), 2).Header().Get("Location")
		lost := r.put(post("/v1/login", "c"), 3).Header().Get("Location")
		a, b := r.shelf.next(t), r.shelf.next(t)
		time.Sleep(time.Minute)
		b.Attempt = 2
		for _, m := range []*relay.Message{a, b} {
			if res := r.Handle(t.Context(), m); res.Verb != relay.Acked {
				t.Errorf("%+v", res)
			}
		}
		if len(r.service.asked) != 0 || r.Waiting("login", 1) || r.Snapshot().Expired != 2 {
			t.Errorf("asked %d times: %+v", len(r.service.asked), r.Snapshot())
		}
		if got := read(t, r.ask(never)); got.State != "expired" || got.Status != 504 || !strings.Contains(got.Detail, "nothing was done") {
			t.Errorf("%+v", got)
		}
		if got := read(t, r.ask(tried)); got.State != "expired" || strings.Contains(got.Detail, "nothing was done") {
			t.Errorf("one that was tried: %+v", got)
		}
		// The third never came: here it waits until it surely has ended.
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- r.Run(ctx) }()
		time.Sleep(2 * time.Minute)
		if got := read(t, r.ask(lost)); got.State != "expired" || strings.Contains(got.Detail, "nothing was done") || r.Waiting("login", 3) {
			t.Errorf("one that was lost: %+v", got)
		}
		time.Sleep(time.Hour)
		for _, location := range []string{never, tried, lost} {
			if w := r.ask(location); w.Code != 404 {
				t.Errorf("after all: %d %s", w.Code, w.Body)
			}
		}
		cancel()
		<-ran
	})
}

// TestMessagesThatAreNone: what is no request of ours is a dead letter, with a
// reason, and sends nobody anything.
func TestMessagesThatAreNone(t *testing.T) {
	r := newRig(t, nil)
	r.put(post("/v1/login", "x"), 7)
	good := r.shelf.next(t)
	head := string(good.Header("daero-deferred-request"))
	for name, bad := range map[string]string{
		"none":           "",
		"no JSON":        "{",
		"another":        `{"v":1}`,
		"newer":          strings.Replace(head, `"v":1`, `"v":2`, 1),
		"another host":   strings.Replace(head, `"uri":"/v1/login"`, `"uri":"http://evil/v1"`, 1),
		"no path":        strings.Replace(head, `"uri":"/v1/login"`, `"uri":"*"`, 1),
		"a line break":   strings.Replace(head, `"uri":"/v1/login"`, `"uri":"/v1\r\nX: y"`, 1),
		"method":         strings.Replace(head, `"method":"POST"`, `"method":"PO ST"`, 1),
		"host":           strings.Replace(head, `"host":"example.com"`, `"host":"a/b"`, 1),
		"header":         strings.Replace(head, `"host"`, `"header":{"A b":["c"]},"host"`, 1),
		"header value":   strings.Replace(head, `"host"`, `"header":{"A":["c\r\nd"]},"host"`, 1),
		"header beyond":  strings.Replace(head, `"host"`, `"header":{"A":["☃"]},"host"`, 1),
		"ticket":         strings.Replace(head, `"ticket":"`, `"ticket":"x`, 1),
		"no times":       strings.Replace(head, `"taken":"2`, `"taken":"3`, 1),
		"user":           strings.Replace(head, `"user":"7"`, `"user":"kim"`, 1),
		"very long":      strings.Repeat(" ", 64<<10) + head,
		"an HTML escape": strings.Replace(head, `"lane":"login"`, `"lane":""`, 1),
	} {
		if bad == head {
			t.Fatalf("%s: nothing was changed in %s", name, head)
		}
		m := *good
		m.SetHeader("daero-deferred-request", []byte(bad))
		if res := r.Handle(t.Context(), &m); res.Verb != relay.Rejected || res.Reason == "" {
			t.Errorf("%s: %+v", name, res)
		}
	}
	if len(r.service.asked) != 0 || r.Snapshot().Undecodable != 17 {
		t.Errorf("asked %d times: %+v", len(r.service.asked), r.Snapshot())
	}
}

// TestAnswersOfAnySize: one that is too large is not kept, and who asks is told
// so; headers are bounded.
func TestAnswersOfAnySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *deferred.Config, l *deferred.Lane) { l.AnswerBytes, l.Answered = 10, []string{"Set-Cookie"} })
		get := func(body string, h http.Header) (w answered) {
			r.service.status, r.service.body, r.service.header = 200, body, h
			location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
			r.Handle(t.Context(), r.shelf.next(t))
			got := r.ask(location)
			return answered{got.Code, got.Body.String(), got.Header()}
		}
		if got := get("0123456789", http.Header{"Set-Cookie": {"a=1"}}); got.body != "0123456789" || got.header.Get("Set-Cookie") != "a=1" {
			t.Errorf("%+v", got)
		}
		got := get("01234567890", http.Header{"Content-Type": {"image/png"}, "Content-Encoding": {"br"}})
		if got.code != 200 || got.header.Get("Content-Type") != "application/json" || got.header.Get("Content-Encoding") != "" ||
			got.header.Get("Daero-Deferred") != "done" || !strings.Contains(got.body, "too large to be kept (11 bytes)") {
			t.Errorf("%+v", got)
		}
		many := http.Header{}
		for i := range 500 {
			many.Add("X-App-"+strings.Repeat("a", i%50+1), strings.Repeat("v", 200))
		}
		if got := get("x", many); got.body != "x" || len(got.header) > 80 {
			t.Errorf("%d headers", len(got.header))
		}
	})
}

type answered struct {
	code   int
	body   string
	header http.Header
}

// TestTheStoreFails: nothing is sent whose answer could not be looked at, and
// what is late waits for the Store.
func TestTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &sick{Memory: deferred.NewMemory(0)}
		r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.Answers = store })
		location := r.put(post("/v1/login", "x"), 7).Header().Get("Location")
		m := r.shelf.next(t)
		store.get = errBroken
		if res := r.Handle(t.Context(), m); res.Verb != relay.Deferred || len(r.service.asked) != 0 {
			t.Errorf("%+v", res)
		}
		if w := r.ask(location); w.Code != 202 {
			t.Errorf("what waits here needs no Store: %d", w.Code)
		}
		store.get, store.put = nil, errBroken
		time.Sleep(2 * time.Hour)
		if res := r.Handle(t.Context(), m); res.Verb != relay.Deferred {
			t.Errorf("too late: %+v", res)
		}
		store.put = nil
		store.once = 2 // it is back in a moment
		if res := r.Handle(t.Context(), m); res.Verb != relay.Acked || read(t, r.ask(location)).State != "expired" {
			t.Errorf("too late, and kept: %+v", res)
		}
		store.get = errBroken
		if w := r.ask(location); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		if n := r.Snapshot().StoreErrors; n != 3 {
			t.Errorf("%d errors counted", n)
		}
	})
}

type sick struct {
	*deferred.Memory
	get, put error
	once     int // times that Put fails
}

func (s *sick) Get(ctx context.Context, id string) (deferred.Answer, error) {
	if s.get != nil {
		return deferred.Answer{}, s.get
	}
	return s.Memory.Get(ctx, id)
}

func (s *sick) Put(ctx context.Context, a deferred.Answer) (bool, error) {
	if s.once > 0 {
		s.once--
		return false, errBroken
	}
	if s.put != nil {
		return false, s.put
	}
	return s.Memory.Put(ctx, a)
}

// TestOverRealHTTP: through a transport and a server, what arrives is what was
// asked, and redirects are answers.
func TestOverRealHTTP(t *testing.T) {
	var got *http.Request
	var body string
	r := newRig(t, nil)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
		http.Redirect(w, r, "/home", http.StatusSeeOther)
	}))
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	r.cfg.Lanes["login"] = deferred.Lane{Topic: "t", Target: target}
	if err := r.Reload(r.cfg); err != nil {
		t.Fatal(err)
	}
	location := r.put(post("//v1/%2e%2e/a%20b?q=%20&\xff", "body", "Content-Type", "text/plain", "Idempotency-Key", "\xe9"), 7).Header().Get("Location")
	if res := r.Handle(t.Context(), r.shelf.next(t)); res.Verb != relay.Acked {
		t.Fatalf("%+v", res)
	}
	if got.RequestURI != "//v1/%2e%2e/a%20b?q=%20&\xff" || got.Host != "example.com" || body != "body" || got.ContentLength != 4 ||
		got.Header.Get("User-Agent") != "" || got.Header.Get("Idempotency-Key") != "\xe9" {
		t.Errorf("%s %s %v %s", got.RequestURI, got.Host, got.Header, body)
	}
	if w := r.ask(location); w.Code != 303 || w.Header().Get("Location") != "/home" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

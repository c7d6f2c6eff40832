package daero_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
	"github.com/daero/daero/relay/memlog"
)

// worker is a service that notes what it was asked for, in its order.
type worker struct {
	mu    sync.Mutex
	seen  map[string][]string // by user
	later []string            // what had been deferred
	down  bool
}

func (s *worker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	time.Sleep(20 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	user := r.Header.Get("X-User-Id")
	s.seen[user] = append(s.seen[user], string(b))
	if r.Header.Get("Daero-Deferred") != "" {
		s.later = append(s.later, string(b))
	}
	fmt.Fprintf(w, "done %s %s", user, b)
}

// RoundTrip implements http.RoundTripper: the same service, for deliveries.
func (s *worker) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

func (s *worker) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// saw returns what a user asked for, in the order in which it came.
func (s *worker) saw(user string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen[user])
}

// came returns how many came in all, and how many of them had been deferred.
func (s *worker) came() (all, later int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seen := range s.seen {
		all += len(seen)
	}
	return all, len(s.later)
}

// deferring is a gateway that defers, with the real relay on a log in memory.
type deferring struct {
	d       *daero.Daero
	desk    *deferred.Desk
	h       http.Handler
	service *worker
	load    *dial
}

// deferringGateway runs until the test ends.
func deferringGateway(t *testing.T, actions ...playbook.Action) *deferring {
	g := &deferring{service: &worker{seen: map[string][]string{}}, load: &dial{}}
	g.d = newDaero(t, lanesOf(50))
	const topic = "daero.deferred.login"
	target, err := url.Parse("http://service")
	if err != nil {
		t.Fatal(err)
	}
	var r *relay.Relay
	g.desk, err = deferred.New(deferred.Config{
		Lanes:   map[string]deferred.Lane{"login": {Topic: topic, Target: target, Send: g.service, Keep: []string{"X-User-Id"}}},
		Accept:  func(ctx context.Context, m *relay.Message) (relay.Receipt, error) { return r.Accept(ctx, m) },
		Answers: deferred.NewMemory(0), Ask: g.d.Deliver, Pace: g.d.Pace,
	})
	if err != nil {
		t.Fatal(err)
	}
	log := memlog.New(memlog.Config{Delay: 2 * time.Millisecond}).Topic(topic, 8)
	if r, err = relay.New(relay.Config{
		Log:        log.Node("gateway"),
		Topics:     []relay.Topic{{Name: topic, Order: relay.ByKey, MaxHeaderBytes: deferred.TopicHeaderBytes}},
		Deliveries: []relay.Delivery{{Name: "login", Topics: []string{topic}, Order: relay.ByKey, Handler: g.desk.Handle}},
		Seed:       1,
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.Run(ctx) })
	wg.Go(func() { _ = g.desk.Run(ctx) })
	undo := apply(t, g.d, responding(g.load, actions...))
	g.h = g.d.Handler(g.service, daero.HandlerConfig{Classify: byPath, Deferrer: g.desk})
	t.Cleanup(func() {
		undo()
		cancel()
		wg.Wait()
		log.Close()
	})
	return g
}

// post sends one request of a user.
func (g *deferring) post(user, body string) *httptest.ResponseRecorder {
	return do(g.h, with(httptest.NewRequest("POST", "/v1/login", strings.NewReader(body)), "X-User-Id", user))
}

// ask asks for an answer.
func (g *deferring) ask(location string) *httptest.ResponseRecorder {
	return do(g.desk, httptest.NewRequest("GET", location, nil))
}

// TestAStormIsDeferredAndDrained: while the level is high everything is taken
// and little is delivered; when it has fallen the rest follows. Nothing is
// lost, nothing comes twice, each user's requests arrive in the user's order,
// also those that came when nothing was deferred any more, and each answer is
// there for who asks.
func TestAStormIsDeferredAndDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, rate = 60, 4
		g := deferringGateway(t,
			playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 1, To: 1}, drain(level.Alert, rate))
		sent := map[string][]string{}
		answers := map[string]string{} // by where to ask
		direct := 0
		var mu sync.Mutex
		// Each user sends one request after the other, as fast as it is told off.
		send := func(name string, n int, every time.Duration) {
			for i := range n {
				body := fmt.Sprintf("%s-%d", name, i)
				for u := range users {
					user := fmt.Sprintf("user%d", u)
					w := g.post(user, body)
					mu.Lock()
					switch w.Code {
					case 202:
						answers[w.Header().Get("Location")] = "done " + user + " " + body
						sent[user] = append(sent[user], body)
					case 200:
						direct++
						sent[user] = append(sent[user], body)
					default:
						t.Errorf("%s: %d %s", user, w.Code, w.Body)
					}
					mu.Unlock()
				}
				time.Sleep(every)
			}
		}
		send("calm", 1, 0)
		if direct != users {
			t.Errorf("%d of %d let in while it is calm", direct, users)
		}
		g.load.set(3.5)
		time.Sleep(time.Second)
		storm := time.Now()
		send("storm", 10, 500*time.Millisecond)
		if len(answers) != 10*users {
			t.Errorf("%d of %d deferred in the storm", len(answers), 10*users)
		}
		time.Sleep(5 * time.Second)
		came := time.Since(storm).Seconds()
		_, n := g.service.came()
		if n < int(came*rate)*9/10 || n > int(came*rate)+2 {
			t.Errorf("%d delivered in %.0f s at %d/s", n, came, rate)
		}
		// The level falls. What comes now goes behind what waits.
		g.load.set(0)
		for loginDefers(g.d) {
			time.Sleep(100 * time.Millisecond)
		}
		before := direct
		send("after", 3, 10*time.Millisecond)
		if direct-before == 3*users {
			t.Error("nobody stood behind what waits: the test shows nothing")
		}
		time.Sleep(time.Minute)
		before = direct
		send("calm again", 1, 0)
		if direct-before != users {
			t.Errorf("%d of %d let in when nothing waits any more", direct-before, users)
		}

		for user, want := range sent {
			if got := g.service.saw(user); !slices.Equal(got, want) {
				t.Errorf("%s\n got %v\nwant %v", user, got, want)
			}
		}
		for location, want := range answers {
			if w := g.ask(location); w.Code != 200 || w.Body.String() != want || w.Header().Get("Daero-Deferred") != "done" {
				t.Errorf("%d %s, want %s", w.Code, w.Body, want)
			}
		}
		sn, l := g.desk.Snapshot(), laneOf(g.d, "login")
		if int(sn.Taken) != len(answers) || sn.Delivered != sn.Taken || sn.Waiting["login"] != 0 || sn.Expired+sn.Failed != 0 || int(l.Deferred[lane.Foreground]) != len(answers) {
			t.Errorf("%+v, counted %v", sn, l.Deferred)
		}
		noneOut(t, g.d)
		t.Logf("%d deferred, %d let in, %d delivered in the storm within %.0f s", len(answers), direct, n, came)
	})
}

func loginDefers(d *daero.Daero) bool { return loginOrders(d).Defer != [2]float64{} }

// TestNothingIsDeliveredWithoutADrain: a lane that is deferred and not drained
// delivers nothing; who asks is told that nothing is known; and when the level
// falls all is delivered.
func TestNothingIsDeliveredWithoutADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := deferringGateway(t, playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 1, To: 1})
		g.load.set(3.5)
		time.Sleep(time.Second)
		var locations []string
		for i := range 100 {
			locations = append(locations, g.post(fmt.Sprint(i), "x").Header().Get("Location"))
		}
		time.Sleep(2 * time.Minute)
		if n, _ := g.service.came(); n != 0 {
			t.Errorf("%d delivered", n)
		}
		if w := g.ask(locations[99]); w.Code != 202 || !strings.Contains(w.Body.String(), `"estimate_seconds":null`) || !strings.Contains(w.Body.String(), `"ahead":99`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		g.load.set(0)
		for loginDefers(g.d) {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		for _, location := range locations {
			if w := g.ask(location); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
}

// TestDeliveriesYieldToPeople: what was deferred is delivered in the lane, and
// finds no permit while people have them all.
func TestDeliveriesYieldToPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := deferringGateway(t, playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 1, To: 1})
		var permits []*lane.Permit
		for range 50 {
			p, err := g.d.Lane("default", "login").Enter(t.Context(), lane.Request{})
			if err != nil {
				break
			}
			permits = append(permits, p)
		}
		g.load.set(3.5)
		time.Sleep(time.Second)
		location := g.post("kim", "x").Header().Get("Location")
		g.load.set(0)
		for loginDefers(g.d) {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		if n, _ := g.service.came(); len(permits) == 0 || n != 0 {
			t.Errorf("%d permits out, and %d delivered", len(permits), n)
		}
		for _, p := range permits {
			p.Drop()
		}
		time.Sleep(time.Second)
		if w := g.ask(location); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// TestTheServiceComesBack: while the service is down nothing is lost and nothing
// is given up; when it is back all of it follows.
func TestTheServiceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := deferringGateway(t, playbook.Action{At: level.Alert, Kind: playbook.Defer, Lane: "login", From: 1, To: 1}, drain(level.Alert, 10))
		g.service.set(true)
		g.load.set(3.5)
		time.Sleep(time.Second)
		want := map[string][]string{}
		for i := range 200 {
			user, body := fmt.Sprint(i%40), fmt.Sprint(i/40)
			if w := g.post(user, body); w.Code != 202 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			want[user] = append(want[user], body)
		}
		time.Sleep(20 * time.Minute)
		g.service.set(false)
		time.Sleep(2 * time.Minute)
		for user := range want {
			if got := g.service.saw(user); !slices.Equal(got, want[user]) {
				t.Errorf("%s: %v, want %v", user, got, want[user])
			}
		}
		if sn := g.desk.Snapshot(); sn.Delivered != 200 || sn.Failed+sn.Expired != 0 {
			t.Errorf("%+v", sn)
		}
	})
}

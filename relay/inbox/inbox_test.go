package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
	"github.com/daero/daero/relay/inbox"
	"github.com/daero/daero/relay/inbox/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) (inbox.Store, func(time.Duration)) {
		var mu sync.Mutex
		now := time.Unix(1_800_000_000, 0)
		clock := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
		return inbox.NewMemory(0, clock), func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := inbox.NewMemory(100, func() time.Time { return now })
	claim := func(i int) inbox.Want {
		w := inbox.Want{Key: inbox.Key{ID: fmt.Sprint(i)}.Sum(), Lease: time.Minute}
		if f, err := m.Claim(t.Context(), w); err != nil || f.State != inbox.Claimed {
			t.Fatalf("%d: %+v, %v", i, f, err)
		}
		return w
	}
	busy := claim(-1)
	for i := range 1000 {
		w := claim(i)
		if err := m.Finish(t.Context(), w.Key, w.Token, inbox.Answer{Status: 200}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if m.Len() != 100 || m.Evicted() != 901 {
		t.Errorf("%d keys, %d evicted", m.Len(), m.Evicted())
	}
	if f, _ := m.Claim(t.Context(), busy); f.State != inbox.Busy {
		t.Errorf("what was being worked on was forgotten: %+v", f)
	}
	now = now.Add(2 * time.Hour)
	for i := range 80 {
		claim(2000 + i)
	}
	if m.Len() > 100 || m.Evicted() != 901 {
		t.Errorf("%d keys, %d evicted, while old ones could go", m.Len(), m.Evicted())
	}
}

// request is one as httptarget makes it.
func request(id, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/take", strings.NewReader(body))
	if id != "" {
		r.Header.Set("Idempotency-Key", id)
	}
	r.Header.Set("Daero-Writer", "shop")
	return r
}

// answer is what came back.
type answer struct {
	StatusCode int
	Header     http.Header
	Body       string
}

func do(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func newInbox(t *testing.T, store inbox.Store, cfg inbox.Config) *inbox.Inbox {
	t.Helper()
	b, err := inbox.New(store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEffectOnce(t *testing.T) {
	var effects atomic.Int64
	b := newInbox(t, inbox.NewMemory(0, nil), inbox.Config{})
	h := b.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		effects.Add(1)
		w.Header().Set("Content-Type", "text/x-made")
		w.WriteHeader(201)
		fmt.Fprintf(w, "made %s", body)
	}))
	for i := range 3 {
		resp := do(h, request("id-1", "a"))
		if resp.StatusCode != 201 || resp.Body != "made a" || resp.Header.Get("Content-Type") != "text/x-made" {
			t.Errorf("answer %d: %d %q %v", i, resp.StatusCode, resp.Body, resp.Header)
		}
		if replayed := resp.Header.Get("Idempotency-Replayed") == "true"; replayed != (i > 0) {
			t.Errorf("answer %d: replayed %t", i, replayed)
		}
	}
	if resp := do(h, request("id-1", "b")); resp.StatusCode != 422 {
		t.Errorf("another content: %d", resp.StatusCode)
	}
	other := request("id-1", "a")
	other.Header.Set("Daero-Writer", "another")
	if resp := do(h, other); resp.StatusCode != 201 {
		t.Errorf("another's: %d", resp.StatusCode)
	}
	if resp := do(h, request("", "a")); resp.StatusCode != 400 {
		t.Errorf("no key: %d", resp.StatusCode)
	}
	if resp := do(h, request(strings.Repeat("x", 9<<10), "a")); resp.StatusCode != 400 {
		t.Errorf("a long key: %d", resp.StatusCode)
	}
	if n := effects.Load(); n != 2 {
		t.Errorf("%d effects, want 2", n)
	}
	if got, want := b.Stats(), (inbox.Stats{Done: 2, Repeated: 2, Other: 1, Invalid: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestFailuresAreDoneAnew(t *testing.T) {
	status, effects := 0, 0
	h := inbox.Handler(inbox.NewMemory(0, nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		effects++
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}))
	for i, c := range []struct{ status, want, effects int }{
		{500, 500, 1}, {422, 422, 2}, {0, 0, 3}, {302, 302, 4}, {200, 200, 5}, {500, 200, 5},
	} {
		status = c.status
		got := func() int {
			defer func() { _ = recover() }()
			return do(h, request("id-1", "a")).StatusCode
		}()
		if got != c.want || effects != c.effects {
			t.Errorf("step %d: %d, %d effects, want %d, %d", i, got, effects, c.want, c.effects)
		}
	}
}

func TestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var effects atomic.Int64
		b := newInbox(t, inbox.NewMemory(0, nil), inbox.Config{Lease: 10 * time.Second})
		h := b.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			effects.Add(1)
			<-r.Context().Done() // hangs until its lease ends
		}))
		var first sync.WaitGroup
		first.Go(func() { do(h, request("id-1", "a")) })
		time.Sleep(8 * time.Second)
		resp := do(h, request("id-1", "a"))
		if resp.StatusCode != 409 || resp.Header.Get("Retry-After") != "2" || resp.Header.Get("Idempotency-Key") != "" {
			t.Errorf("in flight: %d %v", resp.StatusCode, resp.Header)
		}
		first.Wait()
		if n := effects.Load(); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestLateKeysAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newInbox(t, inbox.NewMemory(0, nil), inbox.Config{Horizon: time.Hour})
		h := b.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		do(h, request("id-1", "a"))
		time.Sleep(89 * time.Minute)
		do(h, request("id-1", "a"))
		time.Sleep(time.Minute)
		do(h, request("id-1", "a"))
		if got, want := b.Stats(), (inbox.Stats{Done: 2, Repeated: 1, Late: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestLargeAnswersAndBodies(t *testing.T) {
	large := strings.Repeat("x", 100)
	b := newInbox(t, inbox.NewMemory(0, nil), inbox.Config{MaxAnswer: 50, MaxBody: 10})
	h := b.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			_, _ = io.WriteString(w, large[:25])
		}
	}))
	resp := do(h, request("id-1", "a"))
	if resp.StatusCode != 200 || resp.Body != large {
		t.Errorf("%d %q", resp.StatusCode, resp.Body)
	}
	resp = do(h, request("id-1", "a"))
	if resp.StatusCode != 409 || resp.Header.Get("Idempotency-Key") != "id-1" || resp.Header.Get("Retry-After") != "" {
		t.Errorf("again: %d %v", resp.StatusCode, resp.Header)
	}
	if resp := do(h, request("id-2", large)); resp.StatusCode != 413 {
		t.Errorf("a large body: %d", resp.StatusCode)
	}
}

// broken is a store that is away, for claiming or for finishing.
type broken struct {
	inbox.Store
	claim, finish error
}

func (b broken) Claim(ctx context.Context, w inbox.Want) (inbox.Found, error) {
	if b.claim != nil {
		return inbox.Found{}, b.claim
	}
	return b.Store.Claim(ctx, w)
}

func (b broken) Finish(ctx context.Context, key inbox.Sum, t inbox.Token, a inbox.Answer, keep time.Duration) error {
	if b.finish != nil {
		return b.finish
	}
	return b.Store.Finish(ctx, key, t, a, keep)
}

func TestStoreAway(t *testing.T) {
	effects := 0
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { effects++ })
	away := errors.New("away: password hunter2")
	resp := do(inbox.Handler(broken{claim: away}, next), request("id-1", "a"))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || effects != 0 || strings.Contains(resp.Body, "hunter2") {
		t.Errorf("%d %v %s, %d effects", resp.StatusCode, resp.Header, resp.Body, effects)
	}
	b := newInbox(t, broken{Store: inbox.NewMemory(0, nil), finish: away}, inbox.Config{})
	if resp := do(b.Handler(next), request("id-1", "a")); resp.StatusCode != 200 || b.Stats().Lost != 1 {
		t.Errorf("done and not kept: %d %+v", resp.StatusCode, b.Stats())
	}
}

func TestTTLHoldsTheHorizon(t *testing.T) {
	if _, err := inbox.New(inbox.NewMemory(0, nil), inbox.Config{Horizon: 8 * 24 * time.Hour, TTL: 7 * 24 * time.Hour}); err == nil || !strings.Contains(err.Error(), "raise ttl") {
		t.Errorf("error %v", err)
	}
	if _, err := inbox.New(inbox.NewMemory(0, nil), inbox.Config{TTL: 72 * time.Hour, Lease: 80 * time.Hour}); err == nil || !strings.Contains(err.Error(), "lower lease") {
		t.Errorf("error %v", err)
	}
}

// TestThroughHTTPTarget: what the middleware answers means the right thing to
// who delivers.
func TestThroughHTTPTarget(t *testing.T) {
	var hold atomic.Bool
	held := make(chan struct{})
	answer := "ok"
	b := newInbox(t, inbox.NewMemory(0, nil), inbox.Config{MaxAnswer: 100})
	srv := httptest.NewServer(b.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if hold.Load() {
			held <- struct{}{}
			<-held
		}
		_, _ = io.WriteString(w, answer)
	})))
	defer srv.Close()
	target, err := httptarget.New(httptarget.Config{URL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	handle := func(offset int64, value string) relay.Result {
		return target.Handle(t.Context(), &relay.Message{Topic: "t", Offset: offset, Value: []byte(value)})
	}
	for range 2 {
		if got := handle(1, "a"); got.Verb != relay.Acked {
			t.Errorf("%+v", got)
		}
	}
	if got := handle(1, "b"); got.Verb != relay.Rejected {
		t.Errorf("another content: %+v", got)
	}
	answer = strings.Repeat("x", 200)
	for range 2 {
		if got := handle(2, "a"); got.Verb != relay.Acked {
			t.Errorf("large: %+v", got)
		}
	}
	hold.Store(true)
	var first sync.WaitGroup
	first.Go(func() {
		if got := handle(3, "a"); got.Verb != relay.Acked {
			t.Errorf("held: %+v", got)
		}
	})
	<-held
	if got := handle(3, "a"); got.Verb != relay.Retried || got.After != 5*time.Second || got.Down {
		t.Errorf("in flight: %+v", got)
	}
	held <- struct{}{}
	first.Wait()
}

func TestFence(t *testing.T) {
	var f inbox.Fence
	now := time.Unix(1_800_000_000, 0)
	for i, c := range []struct {
		pass      time.Duration
		partition int32
		epoch     int64
		want      bool
	}{
		{0, 1, 5, true},
		{0, 1, 5, true},
		{0, 1, 4, false},
		{0, 2, 4, true},
		{0, 1, 6, true},
		{0, 1, 5, false},
		{9 * time.Minute, 1, 5, false},
		{time.Minute, 1, 5, true},
		{0, 1, 4, false},
	} {
		now = now.Add(c.pass)
		if got := f.Admit(now, "t", c.partition, c.epoch); got != c.want {
			t.Errorf("step %d: %t", i, got)
		}
	}
	for i := range int32(30_000) {
		now = now.Add(time.Millisecond)
		f.Admit(now, "many", i, 1)
	}
	if f.Admit(now, "many", 29_999, 0) {
		t.Error("the newest was forgotten for room")
	}
	h := (&inbox.Fence{}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for epoch, want := range map[string]int{"": 200, "x": 200} {
		r := request("id", "")
		r.Header.Set("Daero-Epoch", epoch)
		if resp := do(h, r); resp.StatusCode != want {
			t.Errorf("epoch %q: %d", epoch, resp.StatusCode)
		}
	}
	for _, c := range []struct {
		epoch string
		want  int
	}{{"3", 200}, {"2", 409}, {"3", 200}} {
		r := request("id", "")
		r.Header.Set("Daero-Epoch", c.epoch)
		r.Header.Set("Daero-Partition", "0")
		if resp := do(h, r); resp.StatusCode != c.want || c.want == 409 && resp.Header.Get("Retry-After") == "" {
			t.Errorf("epoch %s: %d", c.epoch, resp.StatusCode)
		}
	}
}

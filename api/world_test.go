package api_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// world is an API before a real control and a real store, with a clock that
// stands still.
type world struct {
	t      *testing.T
	daero  *daero.Daero
	store  *sqlite.Store
	cfg    api.Config
	api    *api.API
	tokens map[store.Role]string

	mu   sync.Mutex
	now  time.Time
	load float64
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Read is the only signal: what load is.
func (w *world) Read(now time.Time) level.Reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return level.Reading{Value: w.load, At: now}
}

// step lets time pass.
func (w *world) step(d time.Duration) {
	for end := w.clock().Add(d); w.clock().Before(end); {
		w.mu.Lock()
		w.now = w.now.Add(level.Interval)
		now := w.now
		w.mu.Unlock()
		w.daero.Control().Step(now)
	}
}

// jump lets time pass in which nothing is looked at.
func (w *world) jump(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// actions are the playbook of the tests: at alert half of all logins go.
var actions = []playbook.Action{
	{At: level.Attention, Kind: playbook.Flag, Target: "comments", Value: "off", To: 1, From: 1, Where: "Caddyfile:7"},
	{At: level.Attention, Kind: playbook.Flag, Target: "page.size", Value: "20", To: 1, From: 1},
	{At: level.Attention, Kind: playbook.Flag, Target: "theme", Value: "plain", To: 1, From: 1},
	{At: level.Caution, Kind: playbook.Shed, Lane: "login", Who: playbook.Background, From: 0, To: 0.6},
	{At: level.Alert, Kind: playbook.Shed, Lane: "login", From: 0.2, To: 0.5},
	{At: level.Serious, Kind: playbook.Shed, Lane: "login", From: 0.5, To: 0.9},
}

func newWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), tokens: map[store.Role]string{}}
	var err error
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), sqlite.File)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	var heard atomic.Pointer[api.Pulse]
	record := func(e audit.Entry) {
		if p := heard.Load(); p != nil {
			p.Heard(e)
		}
		if err := w.store.Append(context.Background(), []audit.Entry{e}); err != nil {
			t.Error(err)
		}
	}
	w.daero, err = daero.New(daero.Config{
		Plan: daero.Plan{Backends: map[string]lane.Config{"default": {FixedLimit: 10, Lanes: []lane.LaneConfig{
			{Name: "login", Tier: lane.Sheddable}, {Name: "message", Tier: lane.Critical},
		}}}},
		Listener: daero.Listener{Recorded: record},
	})
	if err != nil {
		t.Fatal(err)
	}
	undo, _, err := w.daero.Control().Load(daero.Response{
		Signals:  []daero.Signal{{Signal: level.Signal{Name: "busy", Unit: level.Percent, At: [4]float64{0.6, 0.7, 0.8, 0.9}, Alone: true}, Source: w}},
		Playbook: playbook.Config{Actions: actions},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
	w.step(time.Second)
	tokens := token.NewVerifier(w.store)
	w.cfg = api.Config{
		Daero: w.daero, Record: w.store, Operators: w.store, Logins: w.store, Tokens: tokens,
		Login: &api.Login{
			Sessions: session.NewKeeper(w.store), Passwords: token.NewPasswords(w.store, tokens).Cheap(), States: session.NewStates(),
			Known: w.store, Accounts: w.store, Links: w.store,
		},
		Audit: record, Health: func() (store.Health, bool) { return store.Health{Written: 3}, true }, Now: w.clock,
	}
	for _, f := range change {
		f(&w.cfg)
	}
	if w.cfg.Pulse, err = api.NewPulse(w.cfg, "gw-1"); err != nil {
		t.Fatal(err)
	}
	heard.Store(w.cfg.Pulse)
	if w.api, err = api.New(w.cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// newToken is [token.New] with a hash that costs next to nothing: almost every
// test has tokens, and the time of all of them together was that of the hashes.
func newToken() (text, id, hash string) {
	random := make([]byte, 6+32+16)
	rand.Read(random)
	b64 := base64.RawURLEncoding
	id, secret, salt := b64.EncodeToString(random[:6]), random[6:38], random[38:]
	sum := argon2.IDKey(secret, salt, 1, 8, 1, 32)
	return "daero_" + id + "." + b64.EncodeToString(secret), id,
		fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// token returns a token of a role.
func (w *world) token(role store.Role) string {
	w.t.Helper()
	if w.tokens[role] == "" {
		w.tokens[role] = w.add("the-"+string(role), role)
	}
	return w.tokens[role]
}

// add adds an operator and returns the token.
func (w *world) add(name string, role store.Role) string {
	w.t.Helper()
	text, id, hash := newToken()
	c := store.Credential{Operator: store.Operator{Name: name, Role: role, Created: w.clock()}, ID: id, Hash: hash}
	if err := w.store.AddOperator(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
	return text
}

// traffic sends n requests into a lane and serves them.
func (w *world) traffic(name string, intent lane.Intent, n int) {
	w.t.Helper()
	for range n {
		p, err := w.daero.Lane("default", name).Enter(w.t.Context(), lane.Request{Intent: intent})
		if err != nil {
			continue // refused
		}
		p.Done(lane.Served)
	}
}

// do sends a request. A body that is not empty is JSON.
func (w *world) do(role store.Role, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+w.token(role))
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	promised(w.t).kept(w.t, r, body, rec)
	return rec
}

// get returns the document at an address.
func (w *world) get(path string) map[string]any {
	w.t.Helper()
	return w.expect(w.do(store.Viewer, "GET", path, ""), http.StatusOK)
}

// expect checks the status and reads the document.
func (w *world) expect(r *httptest.ResponseRecorder, status int) map[string]any {
	w.t.Helper()
	if r.Code != status {
		w.t.Fatalf("status %d, want %d: %s", r.Code, status, r.Body)
	}
	var doc map[string]any
	if r.Body.Len() > 0 {
		if err := json.Unmarshal(r.Body.Bytes(), &doc); err != nil {
			w.t.Fatalf("%v: %s", err, r.Body)
		}
	}
	return doc
}

// entries are what was recorded of a kind.
func (w *world) entries(what string) []audit.Entry {
	w.t.Helper()
	all, err := w.store.Entries(w.t.Context(), store.Filter{What: what})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

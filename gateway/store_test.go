package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/sqlite"
)

// recordsIn opens records in a directory with a log that can be read.
func recordsIn(t *testing.T, dir string, apis int) (*records, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	r := newRecords()
	r.serves(apis)
	r.open(t.Context(), dir, zap.New(core))
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r, logs
}

// TestEntriesAreKeptAndLogged, in their order, also those of the last moment.
func TestEntriesAreKeptAndLogged(t *testing.T) {
	dir := t.TempDir()
	r, logs := recordsIn(t, dir, 0)
	at := time.Unix(1000, 0).UTC()
	for _, what := range []string{audit.LevelChanged, audit.ActionEntered, audit.ActionMoved, audit.ActionLeft, audit.ActionFailed} {
		r.add(audit.Entry{At: at, Who: audit.By, What: what, Target: "alert", Before: "normal", After: "alert", Why: "busy", Share: 0.25})
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, l := range logs.All() {
		said = append(said, l.Message)
	}
	if got, want := strings.Join(said, " "), "level.changed action.entered action.left action.failed"; got != want {
		t.Errorf("logged %s, want %s", got, want)
	}
	first := logs.All()[0].ContextMap()
	if first["why"] != "busy" || first["before"] != "normal" || first["after"] != "alert" || first["share"] != 0.25 {
		t.Errorf("logged %v", first)
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, sqlite.File))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.Entries(t.Context(), store.Filter{})
	if err != nil || len(all) != 5 || all[0].What != audit.LevelChanged || all[0].Node == "" {
		t.Errorf("kept %+v, %v", all, err)
	}
}

// TestNoFile: daero runs, says why nothing is kept, and keeps it once it can.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, sqlite.File)
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database. ", 512)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, logs := recordsIn(t, dir, 1)
	if n := logs.FilterMessageSnippet("not recorded").Len(); n != 1 {
		t.Errorf("said %d times that nothing is recorded", n)
	}
	if h, ok := r.health(); ok || !strings.Contains(h.Error, path) {
		t.Errorf("%+v %t", h, ok)
	}
	if _, err := r.Entries(t.Context(), store.Filter{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("says %v", err)
	}
	r.add(audit.Entry{What: audit.LevelChanged})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.open(t.Context(), dir, zap.NewNop()) // as a reload does
	if h, ok := r.health(); !ok || h.Lost != 0 {
		t.Errorf("%+v %t", h, ok)
	}
	until(t, func() bool {
		all, err := r.Entries(t.Context(), store.Filter{})
		return err == nil && len(all) == 1
	})
}

// TestFirstLink: one link, once, and only where it can be opened and is needed.
func TestFirstLink(t *testing.T) {
	const said = "there is no operator"
	if _, logs := recordsIn(t, t.TempDir(), 0); logs.FilterMessageSnippet(said).Len() != 0 {
		t.Error("a link that no site serves")
	}
	dir := t.TempDir()
	r, logs := recordsIn(t, dir, 1)
	r.open(t.Context(), dir, r.log)
	if n := logs.FilterMessageSnippet(said).Len(); n != 1 {
		t.Errorf("%d links", n)
	}
	if err := r.AddOperator(t.Context(), store.Credential{Operator: store.Operator{Name: "kim", Role: store.Admin}, ID: "id"}); err != nil {
		t.Fatal(err)
	}
	if _, logs := recordsIn(t, dir, 1); logs.FilterMessageSnippet(said).Len() != 0 {
		t.Error("a link although there is an operator")
	}
}

// TestNothingIsTouchedBeforeStart: validate must leave no file behind.
func TestNothingIsTouchedBeforeStart(t *testing.T) {
	r := newRecords()
	r.add(audit.Entry{})
	if _, ok := r.health(); ok {
		t.Error("a file is open")
	}
	if _, err := r.Operators(t.Context()); err == nil {
		t.Error("operators are known")
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// TestReceivers: those of the newest configuration count, until it goes.
func TestReceivers(t *testing.T) {
	rt, err := newRuntime()
	if err != nil {
		t.Fatal(err)
	}
	a, b := http.NotFoundHandler(), http.NotFoundHandler()
	if rt.receiver("a") != nil {
		t.Error("somebody receives")
	}
	undoA := rt.receive(map[string]http.Handler{"a": a})
	undoB := rt.receive(map[string]http.Handler{"b": b})
	if rt.receiver("a") != nil || rt.receiver("b") == nil {
		t.Error("the older configuration receives")
	}
	undoB()
	undoB()
	if rt.receiver("a") == nil || rt.receiver("b") != nil {
		t.Error("the newer configuration still receives")
	}
	undoA()
	if rt.receiver("a") != nil {
		t.Error("nobody should receive")
	}
}

// until waits for what other goroutines do.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come")
		}
	}
}

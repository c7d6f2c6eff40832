package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/store/storetest"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/sqlite"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	paths := map[string]string{}
	storetest.Run(t, func(t *testing.T) storetest.Store {
		if paths[t.Name()] == "" {
			paths[t.Name()] = filepath.Join(t.TempDir(), "a dir?with #signs&", sqlite.File)
		}
		return open(t, paths[t.Name()])
	})
}

// TestRecordIsAppendOnly: whoever has the file itself is refused as well.
func TestRecordIsAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.File)
	s := open(t, path)
	if err := s.Append(t.Context(), []audit.Entry{{Who: "kim", What: audit.LevelPinned}, {Who: "lee"}}); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"UPDATE audit SET who = 'nobody'",
		"DELETE FROM audit",
		"DELETE FROM audit WHERE id = 1",
		"INSERT OR REPLACE INTO audit SELECT id, at, 'nobody', what, target, before, after, why, until, shadow, share, node, undo FROM audit",
		"REPLACE INTO audit SELECT 1, at, 'nobody', what, target, before, after, why, until, shadow, share, node, undo FROM audit WHERE id = 2",
	} {
		if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	// Once a pruning is over the door is shut again.
	if _, err := s.Prune(t.Context(), store.Pruning{Keep: 1, By: "kim", Why: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DELETE FROM audit WHERE id = 2"); err == nil {
		t.Error("entries can be removed after a pruning")
	}
	all, err := s.Entries(t.Context(), store.Filter{})
	if err != nil || len(all) != 2 || all[0].Who != "lee" {
		t.Errorf("%+v %v", all, err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", sqlite.File)
	s := open(t, path)
	if err := s.Append(t.Context(), []audit.Entry{{Who: "kim"}}); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", f, st.Mode())
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	s := open(t, whole)
	var many []audit.Entry
	for i := range 2000 {
		many = append(many, audit.Entry{Who: "kim", Why: strings.Repeat("x", 50), ID: int64(i)})
	}
	if err := s.Append(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	s.Close()
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	torn := bytes.Clone(good)
	for i := 4096 * 3; i < len(torn)-4096; i++ {
		torn[i] = 0xA5
	}
	for name, content := range map[string][]byte{
		"garbage": bytes.Repeat([]byte("not a database. "), 1024),
		"torn":    torn,
		"cut":     good[:len(good)/2],
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name+".db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(t.Context(), path)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move") {
				t.Errorf("does not say which file and what to do: %v", err)
			}
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, content) {
				t.Error("what may still be rescued was changed")
			}
		})
	}
}

func TestNotOpened(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for path, says := range map[string]string{
		dir: "cannot be opened", filepath.Join(file, sqlite.File): "cannot be opened", newer: "newer daero",
	} {
		if s, err := sqlite.Open(t.Context(), path); err == nil {
			s.Close()
			t.Errorf("%s: opened", path)
		} else if !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: says %v", path, err)
		}
	}
}

// TestTwoProcesses: another process makes and fills the same file at the same
// time, and each sees what the other wrote.
func TestTwoProcesses(t *testing.T) {
	const each = 200
	path := os.Getenv("DAERO_TEST_DB")
	child := path != ""
	if !child {
		path = filepath.Join(t.TempDir(), sqlite.File)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTwoProcesses$")
	cmd.Env = append(os.Environ(), "DAERO_TEST_DB="+path)
	cmd.Stdout, cmd.Stderr = &out, &out
	if !child {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path)
	for i := range each {
		if err := s.Append(t.Context(), []audit.Entry{{Who: fmt.Sprint(child), Target: fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if child {
		return
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, who := range []string{"true", "false"} {
		all, err := s.Entries(t.Context(), store.Filter{Who: who, Limit: store.MaxLimit})
		if err != nil || len(all) != each {
			t.Fatalf("%d entries, %v", len(all), err)
		}
		for i, e := range all {
			if e.Target != fmt.Sprint(i) {
				t.Fatalf("entry %d is %s", i, e.Target)
			}
		}
	}
}

func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), sqlite.File)); err == nil {
		s.Close()
		t.Error("opened")
	}
}

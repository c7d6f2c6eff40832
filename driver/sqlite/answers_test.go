package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/relay/deferred"
	"github.com/daero/daero/relay/deferred/storetest"
)

func openAnswers(t *testing.T, path string, maxBytes int64) *sqlite.Answers {
	t.Helper()
	s, err := sqlite.OpenAnswers(t.Context(), path, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAnswers(t *testing.T) {
	storetest.Run(t, func(t *testing.T, maxBytes int64) deferred.Store {
		return openAnswers(t, filepath.Join(t.TempDir(), sqlite.AnswersFile), maxBytes)
	})
}

// TestAnswersOutliveTheProcess: they are there when the file is opened again,
// also by another, and nobody else may read them.
func TestAnswersOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.AnswersFile)
	first, second := openAnswers(t, path, 0), openAnswers(t, path, 0)
	a := deferred.Answer{ID: "a", State: deferred.Done, Status: 200, Body: []byte("yes"), Until: time.Now().Add(time.Hour)}
	if kept, err := first.Put(t.Context(), a); !kept || err != nil {
		t.Fatal(kept, err)
	}
	if kept, err := second.Put(t.Context(), a); kept || err != nil {
		t.Errorf("another process kept a second answer: %v", err)
	}
	first.Close()
	second.Close()
	again := openAnswers(t, path, 0)
	if got, err := again.Get(t.Context(), "a"); err != nil || string(got.Body) != "yes" {
		t.Errorf("%+v %v", got, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
}

package store_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

// disk is what a Recorder writes to.
type disk struct {
	broken  atomic.Bool
	entries []audit.Entry // by the writer only, read after it has ended
}

func (d *disk) write(_ context.Context, batch []audit.Entry) error {
	if d.broken.Load() {
		return errors.New("disk full")
	}
	d.entries = append(d.entries, batch...)
	return nil
}

// start runs a Recorder, and returns what ends it and waits.
func start(r *store.Recorder) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	return func() { cancel(); <-done }
}

func TestRecorderWritesInOrderAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		r := store.NewRecorder(d.write)
		end := start(r)
		for i := range 1000 {
			r.Record(audit.Entry{ID: int64(i)})
		}
		end()
		for i, e := range d.entries {
			if e.ID != int64(i) {
				t.Fatalf("entry %d is number %d", i, e.ID)
			}
		}
		if h := r.Health(); len(d.entries) != 1000 || h.Written != 1000 || h.Lost+h.Failed != 0 || h.Waiting != 0 {
			t.Errorf("%d entries, %+v", len(d.entries), h)
		}
	})
}

// TestRecorderOutlivesABrokenDisk: nobody waits, nothing that fits the queue is
// lost, and what is lost is counted and recorded.
func TestRecorderOutlivesABrokenDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		d.broken.Store(true)
		r := store.NewRecorder(d.write)
		end := start(r)
		const many = 10_000
		for range many {
			r.Record(audit.Entry{What: audit.LevelChanged}) // returns at once, or the bubble is stuck
		}
		time.Sleep(time.Minute)
		h := r.Health()
		if h.Error != "disk full" || h.Failed < 5 || h.Failed > 20 || h.Lost == 0 || h.Waiting == 0 {
			t.Errorf("while broken: %+v", h)
		}
		d.broken.Store(false)
		time.Sleep(time.Minute)
		end()
		var kept, told uint64
		for _, e := range d.entries {
			if e.What == audit.Lost {
				told++
				if !strings.HasPrefix(e.Why, "5") { // thousands
					t.Errorf("says %q", e.Why)
				}
				continue
			}
			kept++
		}
		after := r.Health()
		if kept+after.Lost != many || told != 1 || after.Error != "" || after.Lost != h.Lost {
			t.Errorf("kept %d, told %d times of the loss, %+v", kept, told, after)
		}
	})
}

func TestRecorderGivesUpAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		d.broken.Store(true)
		r := store.NewRecorder(d.write)
		end := start(r)
		for range 10 {
			r.Record(audit.Entry{})
		}
		synctest.Wait()
		end()
		if h := r.Health(); h.Lost != 10 || h.Written != 0 {
			t.Errorf("%+v", h)
		}
	})
}

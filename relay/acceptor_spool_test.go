package relay_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
)

func TestSpoolWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		a := newAccepting(t, relay.Config{Spool: store}, log)
		defer a.stop()
		mustAccept(t, a, order("k", "0", "0"))
		log.is(fate{err: relay.ErrAway, after: time.Millisecond})
		for _, id := range []string{"1", "2", "3"} {
			if r := mustAccept(t, a, order("k", id, id)); !r.Spooled || r.At.Partition != -1 || r.ID != id {
				t.Fatalf("receipt %+v: want it spooled", r)
			}
		}
		if r := mustAccept(t, a, order("k", "2", "2")); !r.Spooled || !r.Repeated {
			t.Errorf("receipt %+v: want a repeat of what is spooled", r)
		}
		time.Sleep(time.Minute)
		if store.depth() != 3 {
			t.Errorf("%d in the spool, want 3", store.depth())
		}
		log.is(fate{kept: true, after: time.Millisecond})
		time.Sleep(time.Minute)
		if got := log.values(); !slices.Equal(got, []string{"0", "1", "2", "3"}) || store.depth() != 0 {
			t.Errorf("the log has %v and the spool %d, want 0 1 2 3 and none", got, store.depth())
		}
		if r := mustAccept(t, a, order("k", "2", "2")); r.Spooled || !r.Repeated || r.At.Offset != 2 {
			t.Errorf("receipt %+v: want where it stands now", r)
		}
		if r := mustAccept(t, a, order("k", "4", "4")); r.Spooled {
			t.Errorf("receipt %+v: the spool is empty and the log there", r)
		}
		if got := a.told(); !slices.Equal(got, []string{"relay.spool_used orders", "relay.spool_drained orders"}) {
			t.Errorf("told %v", got)
		}
		if v := a.topic("orders"); v.Spooled != 3 || v.Accepted != 2 || v.Repeated != 2 {
			t.Errorf("counted %+v: want 3 spooled, 2 accepted, 2 repeated", v)
		}
	})
}

// F36: a log that is there and does not answer is away as well.
func TestF36SpoolWhenTheLogHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{after: time.Hour, kept: true})
		a := newAccepting(t, relay.Config{Spool: store, AcceptWithin: 2 * time.Second}, log)
		defer a.stop()
		start := time.Now()
		if r := mustAccept(t, a, order("k", "1", "v")); !r.Spooled || time.Since(start) != 2*time.Second {
			t.Errorf("%+v after %v: want it spooled after 2s", r, time.Since(start))
		}
		log.is(fate{kept: true})
		time.Sleep(2 * time.Hour)
		if got := len(log.values()); got > 2 || store.depth() != 0 {
			t.Errorf("%d kept, %d in the spool: want at most one copy, and an empty spool", got, store.depth())
		}
	})
}

// What landed late need not be taken to the log again.
func TestLateOutcomeSparesTheCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{after: time.Second, kept: true, reply: 5 * time.Second})
		a := newAccepting(t, relay.Config{Spool: store, AcceptWithin: 2 * time.Second}, log)
		defer a.stop()
		log.is(fate{err: relay.ErrAway}) // of everything that follows
		log.mu.Lock()
		log.fate = func(m *relay.Message) fate {
			if log.asked == 1 {
				return fate{after: time.Second, kept: true, reply: 5 * time.Second}
			}
			return fate{err: relay.ErrAway}
		}
		log.mu.Unlock()
		mustAccept(t, a, order("k", "1", "v"))
		time.Sleep(time.Minute)
		if got := len(log.values()); got != 1 || store.depth() != 0 {
			t.Errorf("%d kept, %d in the spool: want 1 and none, though the log is away", got, store.depth())
		}
	})
}

func TestSpoolOfAnEarlierProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{err: relay.ErrAway})
		a := newAccepting(t, relay.Config{Spool: store}, log)
		mustAccept(t, a, order("k", "1", "1"))
		mustAccept(t, a, order("k", "2", "2"))
		a.stop()
		log.is(fate{kept: true, after: time.Second})
		a = newAccepting(t, relay.Config{Spool: store}, log)
		defer a.stop()
		if r := mustAccept(t, a, order("k", "3", "3")); !r.Spooled {
			t.Errorf("receipt %+v: it goes past what an earlier process has spooled", r)
		}
		time.Sleep(time.Minute)
		if got := log.values(); !slices.Equal(got, []string{"1", "2", "3"}) {
			t.Errorf("the log has %v, want 1 2 3", got)
		}
		if r := mustAccept(t, a, order("k", "4", "4")); r.Spooled {
			t.Errorf("receipt %+v: all is drained", r)
		}
	})
}

// A busy topic leaves the spool: the last messages are waited for.
func TestBusyTopicLeavesTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		store.took = time.Millisecond // or time would not pass
		log.is(fate{err: relay.ErrAway})
		a := newAccepting(t, relay.Config{Spool: store}, log)
		defer a.stop()
		mustAccept(t, a, order("k", "", "v"))
		log.is(fate{kept: true, after: 20 * time.Millisecond})
		end := time.Now().Add(30 * time.Second)
		last := make([]time.Time, 8)
		done := make(chan int)
		for w := range last {
			go func() {
				for time.Now().Before(end) {
					r, err := a.Accept(context.Background(), order(string(rune('a'+w)), "", "v"))
					if err != nil {
						t.Error(err)
					}
					if r.Spooled {
						last[w] = time.Now()
					}
				}
				done <- w
			}()
		}
		for range last {
			<-done
		}
		for w, at := range last {
			if end.Sub(at) < 15*time.Second {
				t.Errorf("writer %d: its topic is still spooled %v before the end", w, end.Sub(at))
			}
		}
	})
}

// F31: a key with many messages in the spool keeps no other key there.
func TestF31HotKeyInTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{err: relay.ErrAway})
		a := newAccepting(t, relay.Config{Spool: store, AcceptWithin: 2 * time.Second}, log)
		defer a.stop()
		for range 200 {
			mustAccept(t, a, order("hot", "", "v"))
		}
		log.is(fate{kept: true, after: time.Second}) // so the hot key takes 200 s
		time.Sleep(20 * time.Second)
		if r := mustAccept(t, a, order("cold", "", "v")); r.Spooled {
			t.Errorf("receipt %+v: another key is spooled", r)
		}
		if r := mustAccept(t, a, order("hot", "", "v")); !r.Spooled {
			t.Errorf("receipt %+v: it goes past older ones of its key", r)
		}
		time.Sleep(5 * time.Minute)
		if r := mustAccept(t, a, order("hot", "", "v")); r.Spooled || store.depth() != 0 {
			t.Errorf("receipt %+v, %d in the spool: want all drained", r, store.depth())
		}
	})
}

func TestPoisonInTheSpool(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		long time.Duration // until it is put aside
	}{
		"F20 too large": {relay.ErrTooLarge, time.Second},
		"no topic":      {relay.ErrNoTopic, 75 * time.Second},
		"denied":        {relay.ErrDenied, 75 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, store := newFakeLog(nil), newFakeStore()
				log.is(fate{err: relay.ErrAway})
				a := newAccepting(t, relay.Config{Spool: store}, log)
				defer a.stop()
				for _, v := range []string{"poison", "after"} {
					mustAccept(t, a, order("k", "", v))
				}
				mustAccept(t, a, order("other", "", "other"))
				log.mu.Lock()
				log.fate = func(m *relay.Message) fate {
					if string(m.Value) == "poison" {
						return fate{err: c.err}
					}
					return fate{kept: true}
				}
				log.mu.Unlock()
				time.Sleep(time.Second)
				if got := log.values(); !slices.Contains(got, "other") {
					t.Errorf("the log has %v: another key waits for the poison", got)
				}
				time.Sleep(c.long)
				if got := log.values(); !slices.Equal(got, []string{"other", "after"}) && !slices.Equal(got, []string{"after", "other"}) {
					t.Errorf("the log has %v, want other and after", got)
				}
				if store.depth() != 0 || len(store.lines) != 1 {
					t.Fatalf("%d in the spool, %d put aside: want 0 and 1", store.depth(), len(store.lines))
				}
				var line struct {
					Topic, Why string
					Key, Value []byte
				}
				if err := json.Unmarshal([]byte(store.lines[0]), &line); err != nil || line.Topic != "orders" || string(line.Value) != "poison" || string(line.Key) != "k" || line.Why == "" {
					t.Errorf("put aside as %s (%v)", store.lines[0], err)
				}
				if v := a.Snapshot(time.Now()).Spool; v.Rejected != 1 {
					t.Errorf("counted %+v, want 1 rejected", v)
				}
				if !slices.Contains(a.told(), "relay.spool_rejected orders") {
					t.Errorf("told %v", a.told())
				}
			})
		})
	}
}

// What nobody can put aside stays where it is, and nothing is lost.
func TestPoisonThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{err: relay.ErrAway})
		a := newAccepting(t, relay.Config{Spool: shelf{store}}, log)
		defer a.stop()
		mustAccept(t, a, order("k", "", "poison"))
		mustAccept(t, a, order("other", "", "other"))
		log.mu.Lock()
		log.fate = func(m *relay.Message) fate {
			if string(m.Value) == "poison" {
				return fate{err: relay.ErrTooLarge}
			}
			return fate{kept: true}
		}
		log.mu.Unlock()
		time.Sleep(time.Hour)
		if got := log.values(); !slices.Equal(got, []string{"other"}) || store.depth() != 2 {
			t.Errorf("the log has %v, the spool %d: want other, and both", got, store.depth())
		}
		if n := log.appends(); n > 2000 {
			t.Errorf("the log was asked %d times in an hour", n)
		}
	})
}

func TestSpoolRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		full     bool
		err      error
		want     error
		poisoned bool
	}{
		"F11 full":                {true, nil, relay.ErrFull, false},
		"F10 disk failed":         {false, errors.New("input/output error"), relay.ErrAway, true},
		"F10 disk failed at it":   {false, relay.ErrUnknown, relay.ErrUnknown, true},
		"larger than the spool's": {false, relay.ErrTooLarge, relay.ErrTooLarge, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, store := newFakeLog(nil), newFakeStore()
				log.is(fate{err: relay.ErrAway})
				a := newAccepting(t, relay.Config{Spool: store}, log)
				defer a.stop()
				store.full, store.broken = c.full, c.err
				for range 3 {
					if _, err := a.Accept(t.Context(), order("k", "1", "v")); !errors.Is(err, c.want) {
						t.Errorf("got %v, want %v", err, c.want)
					}
				}
				told := 0
				for _, e := range a.told() {
					if strings.HasPrefix(e, relay.SpoolPoisoned) {
						told++
					}
				}
				if v := a.Snapshot(time.Now()); (told == 1) != c.poisoned || told > 1 || (v.Spool.Poisoned != "") != c.poisoned {
					t.Errorf("told %d times, snapshot %+v: poisoned is %v", told, v.Spool, c.poisoned)
				}
				// With the log back, nothing is in the spool's way.
				log.is(fate{kept: true})
				if r := mustAccept(t, a, order("k", "1", "v")); r.Spooled || r.Repeated {
					t.Errorf("receipt %+v: want it kept now", r)
				}
			})
		})
	}
}

// What the disk has lost is told.
func TestDamageIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccepting(t, relay.Config{Spool: damaged{newFakeStore()}}, newFakeLog(nil))
		defer a.stop()
		synctest.Wait()
		if got := a.told(); !slices.Equal(got, []string{"relay.spool_damaged "}) {
			t.Errorf("told %v", got)
		}
		if v := a.Snapshot(time.Now()).Spool; v.Lost != 3 || v.Depth != 5 {
			t.Errorf("snapshot %+v: want what the store says", v)
		}
	})
}

// damaged is a Store that has lost three records.
type damaged struct{ *fakeStore }

func (damaged) Snapshot() relay.SpoolSnapshot { return relay.SpoolSnapshot{Depth: 5, Lost: 3} }

// F33: what is under way when the relay ends is waited for.
func TestF33EndWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newFakeLog(nil), newFakeStore()
		log.is(fate{err: relay.ErrAway})
		a := newAccepting(t, relay.Config{Spool: store}, log)
		mustAccept(t, a, order("k", "", "v"))
		log.is(fate{kept: true, after: time.Second})
		for log.appends() < 2 {
			time.Sleep(10 * time.Millisecond)
		}
		a.stop()
		if got := len(log.values()); got != 1 || store.depth() != 0 {
			t.Errorf("%d in the log, %d in the spool: want it in the log, and out of the spool", got, store.depth())
		}
		if store.mistake != "" {
			t.Error(store.mistake)
		}
	})
}

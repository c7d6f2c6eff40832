package outbox_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// recorder is a transaction that takes down what is executed.
type recorder struct {
	args [][]any
	err  error
}

func (r *recorder) ExecContext(_ context.Context, _ string, args ...any) (sql.Result, error) {
	r.args = append(r.args, args)
	return driver.RowsAffected(1), r.err
}

func TestAdd(t *testing.T) {
	var tx recorder
	if err := outbox.Add(t.Context(), &tx, &relay.Message{Topic: "t"}, &relay.Message{Topic: "t"}); err != nil {
		t.Fatal(err)
	}
	if len(tx.args) != 2 || tx.args[0][0] == tx.args[1][0] || len(tx.args[0][0].(string)) != 36 {
		t.Errorf("%v", tx.args)
	}
	tx = recorder{err: errors.New("boom")}
	if err := outbox.Add(t.Context(), &tx, &relay.Message{Topic: "t"}, &relay.Message{Topic: "t"}); err == nil || len(tx.args) != 1 {
		t.Errorf("%v after %d rows", err, len(tx.args))
	}
	for name, m := range map[string]*relay.Message{
		"letters":               {},
		"letters, digits, dots": {Topic: "a b"},
		"1 to 249":              {Topic: strings.Repeat("x", 250)},
		"at most 16777216":      {Topic: "t", Value: make([]byte, 17<<20)},
		"lower case":            {Topic: "t", Headers: []relay.Header{{Name: "Tenant"}}},
		"relay's own":           {Topic: "t", Headers: []relay.Header{{Name: "daero-writer"}}},
		"names are":             {Topic: "t", Headers: []relay.Header{{Name: "a\xff"}}},
		"at most 64":            {Topic: "t", Headers: make([]relay.Header, 65)},
	} {
		tx = recorder{}
		if err := outbox.Add(t.Context(), &tx, m); err == nil || !strings.Contains(err.Error(), name) || len(tx.args) > 0 {
			t.Errorf("%s: %v, %d rows", name, err, len(tx.args))
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("name", []byte("value"), "raw", []byte{0, 0xff})
	f.Add("a", []byte(nil), "b", []byte("<\u2028>"))
	f.Fuzz(func(t *testing.T, name1 string, value1 []byte, name2 string, value2 []byte) {
		in := []relay.Header{{Name: name1, Value: value1}, {Name: name2, Value: value2}}
		column, err := outbox.EncodeHeaders(in)
		if err != nil {
			return
		}
		if strings.Contains(column, `\u0000`) {
			t.Fatalf("jsonb does not take %s", column)
		}
		out, err := outbox.DecodeHeaders([]byte(column))
		if err != nil {
			for _, h := range in {
				if h.Name == "" || strings.HasPrefix(strings.ToLower(h.Name), "daero-") {
					return
				}
			}
			t.Fatalf("%s: %v", column, err)
		}
		for i := range in {
			in[i].Name = strings.ToLower(in[i].Name)
			if in[i].Value == nil {
				in[i].Value = []byte{}
			}
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%q became %q", in, out)
		}
	})
}

func FuzzDecodeHeaders(f *testing.F) {
	f.Add([]byte(`[{"name":"a","text":"b"},{"name":"c","bytes":"AP8="}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, column []byte) {
		hs, err := outbox.DecodeHeaders(column)
		for _, h := range hs {
			if err != nil || h.Name == "" || strings.HasPrefix(h.Name, "daero-") {
				t.Fatalf("%q: %v, %v", column, hs, err)
			}
		}
	})
}

// table is a source in memory, for the time of a bubble.
type table struct {
	mu   sync.Mutex
	rows []outbox.Row
	dead []outbox.Dead
	fail error // of Finish, once
	wake chan struct{}
}

func newTable(ms ...*relay.Message) *table {
	b := &table{wake: make(chan struct{}, 1)}
	for i, m := range ms {
		b.rows = append(b.rows, outbox.Row{Seq: int64(i + 1), ID: fmt.Sprint("id-", i+1), Message: m})
	}
	return b
}

func (b *table) Lead(ctx context.Context, lead func(context.Context, outbox.Session) error) error {
	return lead(ctx, b)
}

func (b *table) Stats(context.Context) (outbox.Stats, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return outbox.Stats{Depth: int64(len(b.rows)), Dead: int64(len(b.dead))}, nil
}

func (b *table) Next(_ context.Context, w outbox.Want) (rows []outbox.Row, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		if !slices.Contains(w.Without, r.Message.Topic) && len(rows) < w.Rows {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (b *table) Finish(_ context.Context, done []int64, dead []outbox.Dead) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.fail; err != nil {
		b.fail = nil
		return err
	}
	for _, d := range dead {
		done = append(done, d.Seq)
	}
	b.dead = append(b.dead, dead...)
	b.rows = slices.DeleteFunc(b.rows, func(r outbox.Row) bool { return slices.Contains(done, r.Seq) })
	return nil
}

func (b *table) Wait(ctx context.Context, most time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.wake:
	case <-time.After(most):
	}
	return nil
}

// log answers each message after a while.
type log struct {
	fail func(n int, m *relay.Message) error // n counts appends, from 1
	took time.Duration

	mu     sync.Mutex
	n      int
	flying map[string]bool
	kept   []string // TOPIC KEY VALUE ID
	broken []string // keys that had two messages under way
	wg     sync.WaitGroup
}

func (l *log) Append(m *relay.Message, done func(relay.Position, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flying == nil {
		l.flying = map[string]bool{}
	}
	l.n++
	n, key := l.n, m.Topic+" "+string(m.Key)
	if m.Key != nil && l.flying[key] {
		l.broken = append(l.broken, key)
	}
	l.flying[key] = true
	l.wg.Go(func() {
		time.Sleep(l.took)
		l.mu.Lock()
		delete(l.flying, key)
		var err error
		if l.fail != nil {
			err = l.fail(n, m)
		}
		if err == nil {
			l.kept = append(l.kept, fmt.Sprintf("%s %s %s", key, m.Value, m.Header(relay.HeaderID)))
		}
		l.mu.Unlock()
		done(relay.Position{}, err)
	})
}

func (l *log) Consume(context.Context, relay.Group, relay.Consumer) error { panic("not used") }

// run forwards for a while, in a bubble.
func run(t *testing.T, cfg outbox.Config, d time.Duration) (*outbox.Forwarder, []relay.Event) {
	t.Helper()
	var events []relay.Event
	cfg.Listener = func(e relay.Event) { events = append(events, e) }
	f, err := outbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := f.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	return f, events
}

func message(topic, key, value string) *relay.Message {
	m := &relay.Message{Topic: topic, Value: []byte(value)}
	if key != "" {
		m.Key = []byte(key)
	}
	return m
}

// TestKeysDoNotWaitForEachOther: messages of one key go one after the other,
// those of many keys at once.
func TestKeysDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ms []*relay.Message
		for n := range 10 {
			for key := range 20 {
				ms = append(ms, message("t", fmt.Sprint("k", key), fmt.Sprint(n)))
			}
			ms = append(ms, message("t", "", fmt.Sprint(n)))
		}
		b, l := newTable(ms...), &log{took: 10 * time.Millisecond}
		run(t, outbox.Config{Source: b, Log: l}, 101*time.Millisecond) // 10 of a key, 10 ms each
		if len(b.rows) > 0 || len(l.broken) > 0 || len(l.kept) != 210 {
			t.Errorf("%d rows left, %d kept, two at once for %v", len(b.rows), len(l.kept), l.broken)
		}
	})
}

func TestLogAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTable(message("t", "a", "1"), message("t", "a", "2"), message("t", "b", "1"))
		start := time.Now()
		l := &log{took: time.Millisecond, fail: func(int, *relay.Message) error {
			if time.Since(start) < 10*time.Second {
				return relay.ErrAway
			}
			return nil
		}}
		f, events := run(t, outbox.Config{Source: b, Log: l}, time.Minute)
		kept := slices.DeleteFunc(slices.Clone(l.kept), func(line string) bool { return line == "t b 1 id-3" }) // at any place
		if got, want := strings.Join(kept, ", "), "t a 1 id-1, t a 2 id-2"; got != want || len(l.kept) != 3 {
			t.Errorf("kept %s, want %s", l.kept, want)
		}
		// 0.1, 0.2 … 10 s: at most 8 times in 10 s, two keys each.
		if l.n > 20 {
			t.Errorf("asked %d times in 10 s", l.n)
		}
		if len(events) != 2 || events[1].What != outbox.Failed || f.Counts().Forwarded != 3 {
			t.Errorf("events %v, %+v", events, f.Counts())
		}
	})
}

func TestMarkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTable(message("t", "a", "1"))
		b.fail = errors.New("the connection broke")
		l := &log{}
		f, _ := run(t, outbox.Config{Source: b, Log: l}, time.Minute)
		if got := strings.Join(l.kept, ", "); got != "t a 1 id-1, t a 1 id-1" || len(b.rows) > 0 {
			t.Errorf("kept %s, %d rows", got, len(b.rows))
		}
		if c := f.Counts(); c.Repeated != 1 || c.Forwarded != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// TestRandomFailures: whatever fails, all arrives, and the first of each
// message in the order of its key.
func TestRandomFailures(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			var ms []*relay.Message
			for range 100 {
				ms = append(ms, message(fmt.Sprint("t", rng.IntN(2)), fmt.Sprint("k", rng.IntN(8)), ""))
			}
			last := map[string]int{}
			for _, m := range ms {
				key := m.Topic + " " + string(m.Key)
				last[key]++
				m.Value = []byte(fmt.Sprint(last[key]))
			}
			b := newTable(ms...)
			l := &log{took: time.Millisecond, fail: func(n int, _ *relay.Message) error {
				if n > 2000 {
					return nil
				}
				return [...]error{nil, nil, nil, nil, nil, relay.ErrAway, relay.ErrUnknown, relay.ErrNoTopic}[rng.IntN(8)]
			}}
			run(t, outbox.Config{Source: b, Log: l, Rows: 1 + rng.IntN(50)}, time.Hour)
			if len(b.rows) > 0 || len(l.broken) > 0 {
				t.Fatalf("seed %d: %d rows left, two at once for %v", seed, len(b.rows), l.broken)
			}
			seen := map[string]int{}
			for _, line := range l.kept {
				var topic, key, id string
				var n int
				if _, err := fmt.Sscan(line, &topic, &key, &n, &id); err != nil {
					t.Fatal(err)
				}
				if n > seen[topic+" "+key]+1 {
					t.Fatalf("seed %d: %s after %d", seed, line, seen[topic+" "+key])
				}
				seen[topic+" "+key] = max(seen[topic+" "+key], n)
			}
			if !reflect.DeepEqual(seen, last) {
				t.Fatalf("seed %d: arrived %v of %v", seed, seen, last)
			}
		})
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := outbox.New(outbox.Config{Rows: -1, RetryFirst: time.Hour})
	for _, s := range []string{"a source and a log", "below zero", "raise it"} {
		if err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("no %q in %v", s, err)
		}
	}
}

package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/driver/postgres/pgtest"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// log is a relay.Log that records. fail says what becomes of a message by
// chance; nil is that all goes well.
type log struct {
	record
	fail func(*relay.Message) (kept bool, err error)
	wg   sync.WaitGroup
}

func (l *log) Append(m *relay.Message, done func(relay.Position, error)) {
	kept, err := true, error(nil)
	if l.fail != nil {
		kept, err = l.fail(m)
	}
	if kept {
		l.add(line(m))
	}
	l.wg.Go(func() { done(relay.Position{}, err) })
}

func (l *log) Consume(context.Context, relay.Group, relay.Consumer) error { panic("not used") }

// forward runs a forwarder until the test ends or stop is called.
func forward(t testing.TB, cfg outbox.Config) (f *outbox.Forwarder, stop func()) {
	t.Helper()
	cfg.RetryFirst, cfg.RetryMax = time.Millisecond, 50*time.Millisecond
	f, err := outbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = f.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return f, stop
}

func TestOutbox(t *testing.T) {
	server := pgtest.Start(t, false)
	for name, f := range map[string]func(*testing.T, string){
		"WhatIsForwarded":       whatIsForwarded,
		"OpenTransactions":      openTransactions,
		"EarlyTransactions":     earlyTransactions,
		"OneLeads":              oneLeads,
		"RandomCommitOrder":     randomCommitOrder,
		"RowsOfOthers":          rowsOfOthers,
		"BytesBoundBatches":     bytesBoundBatches,
		"WakesUp":               wakesUp,
		"RollsBackTogether":     rollsBackTogether,
		"NoTables":              noTables,
		"DeadRowsAreKept":       deadRowsAreKept,
		"StandsAsideInOneTopic": standsAside,
	} {
		t.Run(name, func(t *testing.T) { f(t, server.Database(t)) })
	}
}

func whatIsForwarded(t *testing.T, url string) {
	db := open(t, url)
	in := []*relay.Message{
		{Topic: "a", Key: []byte{0, 0xff}, Value: []byte{0, 1}, Headers: []relay.Header{
			{Name: "content-type", Value: []byte("text/plain")},
			{Name: "raw", Value: []byte{0, 0xfe}},
			{Name: "raw", Value: []byte("<한&")},
			{Name: "empty", Value: []byte{}},
		}},
		{Topic: "a", Value: nil, Headers: []relay.Header{{Name: "idempotency-key", Value: []byte("own")}}},
		{Topic: "b.c_d-e", Key: []byte{}, Value: []byte("x")},
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error { return outbox.Add(t.Context(), postgres.Tx(tx), in[0]) })
	if err != nil {
		t.Fatal(err)
	}
	err = within(t.Context(), openSQL(t, url), func(tx *sql.Tx) error { return outbox.Add(t.Context(), tx, in[1:]...) })
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []*relay.Message
	l := &log{fail: func(m *relay.Message) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, m)
		return true, nil
	}}
	f, stop := forward(t, outbox.Config{Source: db.Outbox(), Log: l, Name: "shop"})
	until(t, "three rows", func() bool { return f.Counts().Forwarded == 3 })
	stop()
	if s, err := f.Stats(t.Context()); err != nil || s != (outbox.Stats{Writing: s.Writing}) {
		t.Errorf("stats %+v, %v", s, err)
	}
	for i, m := range got {
		if m.Partition != -1 || time.Since(m.Time).Abs() > time.Hour || string(m.Header(relay.HeaderWriter)) != "shop" {
			t.Errorf("%d: %+v", i, m)
		}
		id := m.Header(relay.HeaderID)
		if i == 1 && string(id) != "own" || i != 1 && len(id) != 36 {
			t.Errorf("%d: id %q", i, id)
		}
		want := append([]relay.Header(nil), in[i].Headers...)
		if i != 1 {
			want = append(want, relay.Header{Name: relay.HeaderID, Value: id})
		}
		want = append(want, relay.Header{Name: relay.HeaderWriter, Value: []byte("shop")})
		if fmt.Sprint(m.Headers) != fmt.Sprint(want) || m.Topic != in[i].Topic || string(m.Value) != string(in[i].Value) || !reflect.DeepEqual(m.Key, in[i].Key) {
			t.Errorf("%d: %+v, want %+v", i, m, in[i])
		}
	}
}

// openTransactions: a row of a transaction that commits late is not lost,
// though rows with higher numbers were committed before. A reader that
// remembers the highest number loses it.
func openTransactions(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	add := func(tx *sql.Tx, n string) {
		t.Helper()
		if err := outbox.Add(t.Context(), tx, &relay.Message{Topic: "t", Key: []byte("k" + n), Value: []byte(n)}); err != nil {
			t.Fatal(err)
		}
	}
	slow, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	add(slow, "1")
	if err := within(t.Context(), db, func(tx *sql.Tx) error { add(tx, "2"); return nil }); err != nil {
		t.Fatal(err)
	}

	var naive []string
	highest := 0
	look := func() { // SELECT … WHERE seq > the highest that was seen
		rows, err := db.QueryContext(t.Context(), `SELECT seq, convert_from(value, 'UTF8') FROM daero_outbox WHERE seq > $1 ORDER BY seq`, highest)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var n string
			if err := rows.Scan(&highest, &n); err != nil {
				t.Fatal(err)
			}
			naive = append(naive, n)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	look()

	err = pool.Outbox().Lead(t.Context(), func(ctx context.Context, s outbox.Session) error {
		rows, err := s.Next(ctx, outbox.Want{Rows: 10, Bytes: 1 << 20})
		if err != nil || len(rows) != 0 {
			t.Errorf("while a transaction is open: %d rows, %v", len(rows), err)
		}
		stats, err := pool.Outbox().Stats(ctx)
		if err != nil || stats.Depth != 1 || stats.Held != 1 || stats.HeldFor <= 0 || stats.Writing <= 0 {
			t.Errorf("stats %+v, %v", stats, err)
		}
		if err := slow.Commit(); err != nil {
			t.Fatal(err)
		}
		look()
		rows, err = s.Next(ctx, outbox.Want{Rows: 10, Bytes: 1 << 20})
		if err != nil || len(rows) != 2 || string(rows[0].Message.Value) != "1" {
			t.Errorf("once it is committed: %+v, %v", rows, err)
		}
		if stats, err := pool.Outbox().Stats(ctx); err != nil || stats.Held != 0 || stats.Depth != 2 {
			t.Errorf("stats %+v, %v", stats, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(naive) != 1 {
		t.Errorf("the naive reader saw %v: this test no longer shows what it is for", naive)
	}
}

// earlyTransactions: a transaction may have its number long before it inserts,
// and transactions that never come near the outbox have numbers too. Neither
// lets a row through before another of its key, or before one with a lower
// number.
func earlyTransactions(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	begin := func() *sql.Tx {
		t.Helper()
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `SELECT pg_current_xact_id()`); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	add := func(tx *sql.Tx, key, n string) {
		t.Helper()
		if err := outbox.Add(t.Context(), tx, &relay.Message{Topic: "t", Key: []byte(key), Value: []byte(n)}); err != nil {
			t.Fatal(err)
		}
	}
	err := pool.Outbox().Lead(t.Context(), func(ctx context.Context, s outbox.Session) error {
		next := func() (all string) {
			t.Helper()
			rows, err := s.Next(ctx, outbox.Want{Rows: 10, Bytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			var done []int64
			for _, r := range rows {
				all += string(r.Message.Value)
				done = append(done, r.Seq)
			}
			if err := s.Finish(ctx, done, nil); err != nil {
				t.Fatal(err)
			}
			return all
		}
		commit := func(tx *sql.Tx) {
			t.Helper()
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		// The second of a key has the oldest transaction, the first a newer one
		// than a bystander that is still at work.
		second, bystander, first := begin(), begin(), begin()
		add(first, "k", "1")
		commit(first)
		add(second, "k", "2")
		commit(second)
		if got := next(); got != "" {
			t.Errorf("with a bystander: %q", got)
		}
		commit(bystander)
		if got := next(); got != "12" {
			t.Errorf("without: %q", got)
		}
		// A row with a lower number, in a younger transaction that is still open.
		old, young := begin(), begin()
		add(young, "a", "3")
		add(old, "b", "4")
		commit(old)
		if got := next(); got != "" {
			t.Errorf("before the one that is open: %q", got)
		}
		commit(young)
		if got := next(); got != "34" {
			t.Errorf("once it is committed: %q", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// oneLeads: of two forwarders one leads, and the other takes over when its
// connection breaks.
func oneLeads(t *testing.T, url string) {
	shop := newShop(t, url, 5)
	l := &log{}
	var leading, most atomic.Int64
	enter := func(o *postgres.Outbox) outbox.Source {
		return counting{o, func(d int64) {
			if n := leading.Add(d); n > most.Load() {
				most.Store(n)
			}
		}}
	}
	a, stopA := forward(t, outbox.Config{Source: enter(open(t, url).Outbox()), Log: l})
	until(t, "the first leads", func() bool { return a.Counts().Leading })
	b, _ := forward(t, outbox.Config{Source: enter(open(t, url).Outbox()), Log: l})
	rng := rand.New(rand.NewPCG(1, 1))
	write := func(n int) {
		for range n {
			if err := shop.order(t.Context(), rng); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(20)
	until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	if b.Counts().Forwarded > 0 || b.Counts().Leading {
		t.Errorf("the second: %+v", b.Counts())
	}
	for range 3 { // who leads is thrown out
		var pid int
		if err := shop.db.QueryRowContext(t.Context(), `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		if _, err := shop.db.ExecContext(t.Context(), `SELECT pg_terminate_backend($1)`, pid); err != nil {
			t.Fatal(err)
		}
		write(10)
		until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	}
	stopA()
	until(t, "the second leads", func() bool { return b.Counts().Leading })
	write(10)
	until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	l.judge(t, shop.counts(t))
	if most.Load() != 1 {
		t.Errorf("%d led at once", most.Load())
	}
}

// counting counts who leads.
type counting struct {
	*postgres.Outbox
	count func(int64)
}

func (c counting) Lead(ctx context.Context, lead func(context.Context, outbox.Session) error) error {
	return c.Outbox.Lead(ctx, func(ctx context.Context, s outbox.Session) error {
		c.count(1)
		defer c.count(-1)
		return lead(ctx, s)
	})
}

// randomCommitOrder: many write at once, and the log fails in all ways.
func randomCommitOrder(t *testing.T, url string) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	pool, shop := open(t, url), newShop(t, url, 20)
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 0))
	l := &log{fail: func(*relay.Message) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		switch rng.IntN(40) {
		case 0:
			return false, relay.ErrAway
		case 1:
			return false, relay.ErrUnknown
		case 2:
			return true, relay.ErrUnknown
		}
		return true, nil
	}}
	f, _ := forward(t, outbox.Config{Source: inOrder{pool.Outbox(), t}, Log: l, Rows: 40})
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)+1))
			for range 60 {
				if err := shop.order(t.Context(), rng); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	all.Wait()
	until(t, "all is forwarded", func() bool { return shop.rows(t) == 0 })
	v := l.judge(t, shop.counts(t))
	t.Logf("%d messages, %d came twice, %+v", v.messages, v.duplicates, f.Counts())
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// rowsOfOthers: programs in other languages write rows too, and not all of
// them can be read.
func rowsOfOthers(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	for _, headers := range []string{`[{"name":"A","text":"1"}]`, `[]`, `{"a":1}`, `[{"name":"daero-writer","text":"me"}]`, `null`, `[1]`} {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO daero_outbox (topic, key, value, headers) VALUES ('t', 'k', $2, $1::text::jsonb)`, headers, []byte(headers)); err != nil {
			t.Fatal(err)
		}
	}
	l := &log{}
	f, stop := forward(t, outbox.Config{Source: pool.Outbox(), Log: l})
	until(t, "all rows", func() bool { c := f.Counts(); return c.Forwarded+c.Dead == 6 })
	stop()
	if c := f.Counts(); c.Forwarded != 3 || c.Dead != 3 {
		t.Errorf("%+v", c)
	}
	if s, err := f.Stats(t.Context()); err != nil || s.Dead != 3 || s.Depth != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func bytesBoundBatches(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	err := within(t.Context(), db, func(tx *sql.Tx) error {
		for range 10 {
			if err := outbox.Add(t.Context(), tx, &relay.Message{Topic: "t", Value: make([]byte, 1<<20)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = pool.Outbox().Lead(t.Context(), func(ctx context.Context, s outbox.Session) error {
		for _, c := range []struct{ rows, bytes, want int }{{100, 3 << 20, 3}, {2, 1 << 30, 2}, {100, 10, 1}, {100, 1 << 30, 10}} {
			rows, err := s.Next(ctx, outbox.Want{Rows: c.rows, Bytes: c.bytes})
			if err != nil || len(rows) != c.want {
				t.Errorf("%+v: %d rows, %v", c, len(rows), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wakesUp: rows are forwarded when they come, not when it is time to look; and
// without the trigger when it is time to look.
func wakesUp(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	add := func() {
		t.Helper()
		err := within(t.Context(), db, func(tx *sql.Tx) error {
			return outbox.Add(t.Context(), tx, &relay.Message{Topic: "t", Value: []byte("1")})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	f, stop := forward(t, outbox.Config{Source: pool.Outbox(), Log: &log{}, Poll: time.Hour})
	until(t, "leading", func() bool { return f.Counts().Leading })
	for n := range uint64(3) {
		add()
		until(t, "the row", func() bool { return f.Counts().Forwarded == n+1 })
	}
	stop()
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE daero_outbox DISABLE TRIGGER daero_outbox_wake`); err != nil {
		t.Fatal(err)
	}
	f, _ = forward(t, outbox.Config{Source: pool.Outbox(), Log: &log{}, Poll: 20 * time.Millisecond})
	until(t, "leading", func() bool { return f.Counts().Leading })
	add()
	until(t, "the row", func() bool { return f.Counts().Forwarded == 1 })
}

func rollsBackTogether(t *testing.T, url string) {
	open(t, url)
	shop := newShop(t, url, 1)
	boom := errors.New("boom")
	err := within(t.Context(), shop.db, func(tx *sql.Tx) error {
		if err := outbox.Add(t.Context(), tx, &relay.Message{Topic: "t"}); err != nil {
			t.Fatal(err)
		}
		return boom
	})
	if !errors.Is(err, boom) || shop.rows(t) != 0 {
		t.Errorf("%v, %d rows", err, shop.rows(t))
	}
}

func noTables(t *testing.T, url string) {
	db, err := postgres.Open(postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Outbox().Stats(t.Context()); err == nil || !strings.Contains(err.Error(), "Migrate") {
		t.Errorf("%v", err)
	}
	f, stop := forward(t, outbox.Config{Source: db.Outbox(), Log: &log{}})
	until(t, "failures", func() bool { return f.Counts().Failures > 2 })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = within(t.Context(), openSQL(t, url), func(tx *sql.Tx) error { return outbox.Add(t.Context(), tx, &relay.Message{Topic: "t"}) })
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the row", func() bool { return f.Counts().Forwarded == 1 })
	stop()
}

// deadRowsAreKept: what the log will never take is put aside with the reason,
// and those behind it go on.
func deadRowsAreKept(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	err := within(t.Context(), db, func(tx *sql.Tx) error {
		return outbox.Add(
			t.Context(), tx,
			&relay.Message{Topic: "t", Key: []byte("k"), Value: []byte("large")},
			&relay.Message{Topic: "t", Key: []byte("k"), Value: []byte("small")},
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &log{fail: func(m *relay.Message) (bool, error) {
		if string(m.Value) == "large" {
			return false, relay.ErrTooLarge
		}
		return true, nil
	}}
	f, _ := forward(t, outbox.Config{Source: pool.Outbox(), Log: l})
	until(t, "both rows", func() bool { c := f.Counts(); return c.Forwarded == 1 && c.Dead == 1 })
	var value, reason string
	if err := db.QueryRowContext(t.Context(), `SELECT convert_from(value, 'UTF8'), reason FROM daero_outbox_dead`).Scan(&value, &reason); err != nil {
		t.Fatal(err)
	}
	if value != "large" || reason != relay.ErrTooLarge.Error() {
		t.Errorf("%q because %q", value, reason)
	}
}

// standsAside: a topic that is not there holds up no other, and goes on when
// it is.
func standsAside(t *testing.T, url string) {
	pool, db := open(t, url), openSQL(t, url)
	there := make(chan struct{})
	l := &log{fail: func(m *relay.Message) (bool, error) {
		select {
		case <-there:
		default:
			if m.Topic == "missing" {
				return false, relay.ErrNoTopic
			}
		}
		return true, nil
	}}
	f, _ := forward(t, outbox.Config{Source: pool.Outbox(), Log: l, Rows: 10, Aside: 100 * time.Millisecond, Poll: 10 * time.Millisecond})
	for range 5 {
		err := within(t.Context(), db, func(tx *sql.Tx) error {
			for range 20 { // more than a batch
				if err := outbox.Add(t.Context(), tx, &relay.Message{Topic: "missing", Key: []byte("k")}); err != nil {
					return err
				}
			}
			return outbox.Add(t.Context(), tx, &relay.Message{Topic: "there", Key: []byte("k")})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the other topic", func() bool { return f.Counts().Forwarded == 5 })
	close(there)
	until(t, "all", func() bool { return f.Counts().Forwarded == 105 })
}

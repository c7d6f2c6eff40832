package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// shop is a service that counts what happens to each of its customers, and
// tells of it through the outbox: message n of a key is the n-th.
type shop struct {
	db   *sql.DB
	keys int
}

func newShop(t testing.TB, url string, keys int) *shop {
	t.Helper()
	s := &shop{db: openSQL(t, url), keys: keys}
	if _, err := s.db.ExecContext(t.Context(), `CREATE TABLE customers (key text PRIMARY KEY, n bigint NOT NULL DEFAULT 0)`); err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if _, err := s.db.ExecContext(t.Context(), `INSERT INTO customers (key) VALUES ($1)`, "c"+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

var errSecondThoughts = errors.New("second thoughts")

// order does one thing for one or two customers in one transaction, in a time
// and with an end by chance. The transaction's number is often older than the
// lock that it takes, so that numbers of transactions, of rows, and the order
// of commits all differ.
func (s *shop) order(ctx context.Context, rng *rand.Rand) error {
	first := rng.IntN(s.keys)
	customers := []int{first}
	if second := first + 1 + rng.IntN(3); rng.IntN(3) == 0 && second < s.keys {
		customers = append(customers, second) // in one order, so that nobody locks the other out
	}
	early, pause, pause2, regret := rng.IntN(2) == 0, rng.Float64()*0.004, rng.Float64()*0.004, rng.IntN(8) == 0
	err := within(ctx, s.db, func(tx *sql.Tx) error {
		if early {
			if _, err := tx.ExecContext(ctx, `SELECT pg_current_xact_id(), pg_sleep($1)`, pause); err != nil {
				return err
			}
		}
		for _, c := range customers {
			key := "c" + strconv.Itoa(c)
			var n int
			if err := tx.QueryRowContext(ctx, `UPDATE customers SET n = n + 1 WHERE key = $1 RETURNING n`, key).Scan(&n); err != nil {
				return err
			}
			m := &relay.Message{Topic: "orders", Key: []byte(key), Value: []byte(strconv.Itoa(n))}
			if err := outbox.Add(ctx, tx, m); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `SELECT pg_sleep($1)`, pause2); err != nil {
			return err
		}
		if regret {
			return errSecondThoughts
		}
		return nil
	})
	if errors.Is(err, errSecondThoughts) {
		return nil
	}
	return err
}

// counts is what has happened to each customer.
func (s *shop) counts(t testing.TB) map[string]int {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT key, n FROM customers`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]int{}
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			t.Fatal(err)
		}
		all[key] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// record is what a log has: one line for each message, KEY N ID.
type record struct {
	mu    sync.Mutex
	lines []string
}

func line(m *relay.Message) string {
	return fmt.Sprintf("%s %s %s", m.Key, m.Value, m.Header(relay.HeaderID))
}

func (r *record) add(lines ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, lines...)
}

// verdict is what came of it all.
type verdict struct{ messages, duplicates int }

// judge fails the test unless all that happened is in the record, in the order
// of its key, and what is there twice has the same ID.
func (r *record) judge(t *testing.T, happened map[string]int) (v verdict) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	last, ids := map[string]int{}, map[string]string{}
	for _, l := range r.lines {
		f := strings.Fields(l)
		if len(f) != 3 {
			t.Fatalf("line %q", l)
		}
		key := f[0]
		n, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatalf("line %q", l)
		}
		switch what := key + " " + f[1]; {
		case n <= last[key]:
			v.duplicates++
			if ids[what] != f[2] {
				t.Errorf("%s came twice, as %s and %s", what, ids[what], f[2])
			}
		case n > last[key]+1:
			t.Errorf("%s came after %d of its key", what, last[key])
			last[key], ids[what] = n, f[2]
		default:
			last[key], ids[what] = n, f[2]
		}
	}
	for key, n := range happened {
		v.messages += n
		if last[key] != n {
			t.Errorf("%s: %d messages of %d", key, last[key], n)
		}
	}
	return v
}

// rows is how many rows wait.
func (s *shop) rows(t testing.TB) (n int) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), `SELECT count(*) FROM daero_outbox`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// until waits for f, and fails the test if that takes too long.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); !f(); {
		if time.Since(begun) > 60*time.Second {
			t.Fatalf("waited 60 s for: %s", what)
		}
		<-tick.C
	}
}

// inOrder fails the test if rows come that were passed over before.
type inOrder struct {
	outbox.Source
	t *testing.T
}

func (o inOrder) Lead(ctx context.Context, lead func(context.Context, outbox.Session) error) error {
	return o.Source.Lead(ctx, func(ctx context.Context, s outbox.Session) error {
		return lead(ctx, &inOrderSession{Session: s, t: o.t, seen: map[int64]bool{}})
	})
}

type inOrderSession struct {
	outbox.Session
	t       *testing.T
	highest int64
	seen    map[int64]bool
}

func (s *inOrderSession) Next(ctx context.Context, w outbox.Want) ([]outbox.Row, error) {
	rows, err := s.Session.Next(ctx, w)
	for _, r := range rows {
		if r.Seq < s.highest && !s.seen[r.Seq] {
			s.t.Errorf("row %d came after row %d", r.Seq, s.highest)
		}
		s.seen[r.Seq], s.highest = true, max(s.highest, r.Seq)
	}
	return rows, err
}

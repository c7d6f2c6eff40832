package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daero/daero/relay/inbox"
)

// Inbox is an inbox.Store that several processes share. Time is the
// database's.
type Inbox struct {
	db   *DB
	skew time.Duration // tests let time pass with it
}

// Inbox returns the store of receivers. Its table is made by [DB.Migrate].
func (db *DB) Inbox() *Inbox { return &Inbox{db: db} }

var _ inbox.Store = (*Inbox)(nil)

// A claim inserts its row, or takes over one whose time is up, in one
// statement: of those who come at once the row lock lets one through, and the
// others then see what it wrote. now is $6 later than the clock, for tests.
const claim = `
WITH t AS (SELECT clock_timestamp() + $6::interval AS now),
old AS (SELECT i.status IS NOT NULL AS done, i.forget FROM daero_inbox i WHERE i.key = $1),
won AS (
	INSERT INTO daero_inbox AS i (key, content, token, until, forget)
	SELECT $1, $2, $3, t.now + $4::interval, t.now + $5::interval FROM t
	ON CONFLICT (key) DO UPDATE SET content = $2, token = $3, until = EXCLUDED.until, forget = EXCLUDED.forget,
		status = NULL, content_type = NULL, body = NULL, cut = false
	WHERE i.until <= (SELECT now FROM t)
	RETURNING 1
)
SELECT EXISTS (SELECT FROM won),
	coalesce((SELECT done AND forget > t.now FROM old), false),
	coalesce((SELECT NOT done FROM old), false)
FROM t`

// lookup is what is there where a claim was not won.
const lookup = `SELECT content, status, coalesce(content_type, ''), body, cut,
	extract(epoch FROM until - clock_timestamp() - $2::interval)::float8
	FROM daero_inbox WHERE key = $1`

// Claim implements inbox.Store.
func (s *Inbox) Claim(ctx context.Context, w inbox.Want) (inbox.Found, error) {
	var won, late, lapsed bool
	// A lease that ended is kept for a day, so that it can be told.
	err := s.db.pool.QueryRow(ctx, claim, w.Key[:], w.Content[:], w.Token[:], w.Lease, w.Lease+24*time.Hour, s.skew).Scan(&won, &late, &lapsed)
	if err != nil {
		return inbox.Found{}, err
	}
	if won {
		return inbox.Found{State: inbox.Claimed, Late: late, Lapsed: lapsed}, nil
	}
	var content []byte
	var status *int
	var left float64
	var a inbox.Answer
	err = s.db.pool.QueryRow(ctx, lookup, w.Key[:], s.skew).Scan(&content, &status, &a.ContentType, &a.Body, &a.Cut, &left)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // pruned just now
		return inbox.Found{State: inbox.Busy, Left: time.Second}, nil
	case err != nil:
		return inbox.Found{}, err
	case string(content) != string(w.Content[:]):
		return inbox.Found{State: inbox.Other}, nil
	case status != nil:
		a.Status = *status
		return inbox.Found{State: inbox.Done, Answer: a}, nil
	}
	return inbox.Found{State: inbox.Busy, Left: max(time.Duration(left*float64(time.Second)), time.Millisecond)}, nil
}

// Finish implements inbox.Store.
func (s *Inbox) Finish(ctx context.Context, key inbox.Sum, t inbox.Token, a inbox.Answer, keep time.Duration) error {
	tag, err := s.db.pool.Exec(ctx, `UPDATE daero_inbox SET status = $3, content_type = $4, body = $5, cut = $6,
		until = clock_timestamp() + $8::interval + $7::interval, forget = clock_timestamp() + $8::interval + 2 * $7::interval
		WHERE key = $1 AND token = $2 AND status IS NULL`,
		key[:], t[:], a.Status, a.ContentType, a.Body, a.Cut, keep, s.skew)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return inbox.ErrLost
	}
	return nil
}

// Release implements inbox.Store. The row goes: nothing was done.
func (s *Inbox) Release(ctx context.Context, key inbox.Sum, t inbox.Token) error {
	_, err := s.db.pool.Exec(ctx, `DELETE FROM daero_inbox WHERE key = $1 AND token = $2 AND status IS NULL`, key[:], t[:])
	return err
}

// Prune forgets up to most keys whose time is long over, and says how many.
// Call it now and then, until it forgets less than most.
func (s *Inbox) Prune(ctx context.Context, most int) (int, error) {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM daero_inbox WHERE key IN (
		SELECT key FROM daero_inbox WHERE forget < clock_timestamp() + $2::interval ORDER BY forget LIMIT $1 FOR UPDATE SKIP LOCKED)`, most, s.skew)
	return int(tag.RowsAffected()), err
}

// PruneOnce forgets keys that inbox.Once has marked, older than keep.
func (s *Inbox) PruneOnce(ctx context.Context, keep time.Duration, most int) (int, error) {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM daero_once WHERE key IN (
		SELECT key FROM daero_once WHERE at < clock_timestamp() + $3::interval - $2::interval LIMIT $1 FOR UPDATE SKIP LOCKED)`, most, keep, s.skew)
	return int(tag.RowsAffected()), err
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// lockOutbox is the leader's lock; see lockSpace.
const lockOutbox = 1

// answerWithin bounds a question to the database that says nothing any more:
// its own statement_timeout, and some.
const answerWithin = statementWithin + 10*time.Second

// leadEvery is how often those who do not lead try. They do not wait in the
// database: a session that waits there holds up vacuum.
const leadEvery = time.Second

// Outbox is the outbox of a database.
type Outbox struct{ db *DB }

// Outbox returns the database's outbox. Its table is made by [DB.Migrate].
func (db *DB) Outbox() *Outbox { return &Outbox{db} }

var _ outbox.Source = (*Outbox)(nil)

// Lead implements outbox.Source. The leader has a connection of its own, whose
// session holds the lock: when it breaks, the lead is over, and nothing can be
// deleted any more.
func (o *Outbox) Lead(ctx context.Context, lead func(context.Context, outbox.Session) error) error {
	c := o.db.pool.Config().ConnConfig.Copy()
	c.RuntimeParams["application_name"] = "daero outbox"
	// So that the lock of a leader whose machine is gone is free in half a
	// minute: 15 s + 3 × 5 s.
	c.RuntimeParams["tcp_keepalives_idle"] = "15"
	c.RuntimeParams["tcp_keepalives_interval"] = "5"
	c.RuntimeParams["tcp_keepalives_count"] = "3"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // which gives the lock back
	}()
	for {
		var got bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockSpace, lockOutbox).Scan(&got); err != nil {
			return err
		}
		if got {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leadEvery):
		}
	}
	if _, err := conn.Exec(ctx, `LISTEN daero_outbox`); err != nil {
		return err
	}
	return lead(ctx, &session{conn: conn, again: againFirst})
}

// session is the leader's. Its rows are those up to safe, a number below which
// nothing can come any more.
//
// Numbers are given out when rows are inserted, and rows are seen when their
// transactions commit. So one look takes down the highest number that is seen,
// and then takes a number for its own transaction. Whoever has a row with a
// lower number began to write before that. Once no transaction is at work that
// is older than the look, all up to that number are there, or rolled back.
//
//	look    1 _ 3      3 is the highest; the look is transaction 57
//	later   1 _ 3 4    56 is still at work: it may be the one that has 2
//	later   1 2 3 4    none below 57 is at work: up to 3 is safe
//
// It is not enough to leave out rows by their transactions' numbers (xid <
// pg_snapshot_xmin): a transaction can get its number long before it inserts.
// Then a row would be let through before one of the same key that was committed
// earlier, by a transaction with a higher number.
type session struct {
	conn *pgx.Conn
	safe int64

	highest int64  // that was seen at the look that is waited for
	look    string // its transaction, "" if none is waited for
	again   time.Duration
}

// Bounds of how soon to look again where a transaction is waited for: its end
// may come without a notification.
const (
	againFirst = 2 * time.Millisecond
	againMax   = 500 * time.Millisecond
)

// look uses up a transaction's number only where there is something new.
const look = `SELECT seq, CASE WHEN seq > $1 THEN pg_current_xact_id()::text ELSE '' END
	FROM (SELECT coalesce(max(seq), 0) AS seq FROM daero_outbox) highest`

const ended = `SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8`

// advance raises safe if it can, and reports whether it did.
func (s *session) advance(ctx context.Context) (bool, error) {
	if s.look == "" {
		if err := s.conn.QueryRow(ctx, look, s.safe).Scan(&s.highest, &s.look); err != nil || s.look == "" {
			return false, err
		}
	}
	var ok bool
	if err := s.conn.QueryRow(ctx, ended, s.look).Scan(&ok); err != nil || !ok {
		return false, err
	}
	s.safe, s.look, s.again = s.highest, "", againFirst
	return true, nil
}

// oldest takes rows up to a number, a topic left out here and there. The inner
// LIMIT is on rows, the outer condition on bytes; the first comes in any case.
const oldest = `
SELECT seq, id::text, topic, key, value, headers::text, created_at FROM (
	SELECT *, sum(octet_length(value)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS n FROM (
		SELECT seq, id, topic, key, value, headers, created_at FROM daero_outbox
		WHERE seq <= $4 AND topic <> ALL ($3::text[])
		ORDER BY seq LIMIT $1
	) oldest
) summed WHERE bytes <= $2 OR n = 1 ORDER BY seq`

// Next implements outbox.Session.
func (s *session) Next(ctx context.Context, w outbox.Want) ([]outbox.Row, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	rows, err := s.oldest(ctx, w)
	if err != nil || len(rows) > 0 {
		return rows, err
	}
	if ok, err := s.advance(ctx); err != nil || !ok {
		return nil, err
	}
	return s.oldest(ctx, w)
}

func (s *session) oldest(ctx context.Context, w outbox.Want) ([]outbox.Row, error) {
	without := w.Without
	if without == nil {
		without = []string{}
	}
	rows, err := s.conn.Query(ctx, oldest, w.Rows, w.Bytes, without, s.safe)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (outbox.Row, error) {
		row := outbox.Row{Message: &relay.Message{Partition: -1}}
		var headers []byte
		err := r.Scan(&row.Seq, &row.ID, &row.Message.Topic, &row.Message.Key, &row.Message.Value, &headers, &row.Message.Time)
		if err != nil {
			return row, err
		}
		if row.Message.Headers, err = outbox.DecodeHeaders(headers); err != nil {
			row.Broken = err.Error()
		}
		return row, nil
	})
}

// bury puts a row aside.
const bury = `
WITH gone AS (DELETE FROM daero_outbox WHERE seq = $1 RETURNING *)
INSERT INTO daero_outbox_dead (seq, id, topic, key, value, headers, created_at, reason)
SELECT seq, id, topic, key, value, headers, created_at, $2 FROM gone ON CONFLICT DO NOTHING`

// Finish implements outbox.Session.
func (s *session) Finish(ctx context.Context, done []int64, dead []outbox.Dead) error {
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM daero_outbox WHERE seq = ANY ($1)`, done); err != nil {
			return err
		}
		for _, d := range dead {
			if _, err := tx.Exec(ctx, bury, d.Seq, d.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// Wait implements outbox.Session.
func (s *session) Wait(ctx context.Context, most time.Duration) error {
	if s.look != "" {
		most = min(most, s.again)
		s.again = min(2*s.again, againMax)
	}
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	_, err := s.conn.WaitForNotification(wait)
	if err != nil && wait.Err() != nil && !s.conn.IsClosed() {
		return context.Cause(ctx) // nil where it is only time to look
	}
	return err
}

// stats looks at no more than MaxDepth rows.
const stats = `
WITH few AS (SELECT xid, created_at FROM daero_outbox ORDER BY seq LIMIT $1),
held AS (SELECT created_at FROM few WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))
SELECT (SELECT count(*) FROM few),
	coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(created_at) FROM few)), 0)::float8,
	(SELECT count(*) FROM (SELECT FROM daero_outbox_dead LIMIT $1) d),
	(SELECT count(*) FROM held),
	coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(created_at) FROM held)), 0)::float8,
	coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid())), 0)::float8`

// Stats implements outbox.Source.
func (o *Outbox) Stats(ctx context.Context) (outbox.Stats, error) {
	var s outbox.Stats
	var oldest, held, writing float64
	err := o.db.pool.QueryRow(ctx, stats, outbox.MaxDepth).Scan(&s.Depth, &oldest, &s.Dead, &s.Held, &held, &writing)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P01" {
		return s, fmt.Errorf("there is no outbox in this database: make its tables with Migrate: %w", err)
	}
	seconds := func(f float64) time.Duration { return max(time.Duration(f*float64(time.Second)), 0) }
	s.Oldest, s.HeldFor, s.Writing = seconds(oldest), seconds(held), seconds(writing)
	return s, err
}

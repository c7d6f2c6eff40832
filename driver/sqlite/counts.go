package sqlite

import (
	"context"
	"database/sql"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/daero/daero/captcha"
)

// hourOf and hourAt turn the beginning of an hour into what is kept, and back.
func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

func hourAt(n int64) time.Time { return time.Unix(n*3600, 0).UTC() }

// firstHour is the first hour that does not begin before t.
func firstHour(t time.Time) int64 {
	t = t.Add(time.Hour - time.Nanosecond)
	if t.Unix() < 0 {
		return 0 // nothing was counted before 1970
	}
	return hourOf(t)
}

// AddCounts implements captcha.CountStore. Counts of a site that is not there are
// [captcha.ErrNoSite], and none of them is added.
func (s *Store) AddCounts(ctx context.Context, all []captcha.Count) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		add, err := tx.PrepareContext(ctx, `INSERT INTO captcha_counts (site, hour, name, n) VALUES (?, ?, ?, ?)
			ON CONFLICT (site, hour, name) DO UPDATE SET n = n + excluded.n`)
		if err != nil {
			return err
		}
		defer func() { _ = add.Close() }() // the transaction says what went wrong
		for i := range all {
			c := &all[i]
			_, err := add.ExecContext(ctx, c.Site, hourOf(c.Hour), c.Name, c.N)
			if is(err, sqlite3.SQLITE_CONSTRAINT) {
				return captcha.ErrNoSite
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Counts implements captcha.CountStore.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]captcha.Count, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT hour, name, n FROM captcha_counts WHERE site = ? AND hour >= ? AND hour < ? ORDER BY hour, name",
		site, firstHour(from), firstHour(to))
	if err != nil {
		return nil, s.wrap(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var all []captcha.Count
	for rows.Next() {
		c := captcha.Count{Site: site}
		var hour int64
		if err := rows.Scan(&hour, &c.Name, &c.N); err != nil {
			return nil, s.wrap(err)
		}
		c.Hour = hourAt(hour)
		all = append(all, c)
	}
	return all, s.wrap(rows.Err())
}

// pruneStep is how many counts are forgotten in one transaction, so that
// writers do not wait long.
const pruneStep = 1000

// PruneCounts forgets what was counted in hours that began before a time, and
// says how many counts that were.
func (s *Store) PruneCounts(ctx context.Context, before time.Time) (n int, err error) {
	for {
		r, err := s.db.ExecContext(ctx, `DELETE FROM captcha_counts WHERE (site, hour, name) IN
			(SELECT site, hour, name FROM captcha_counts WHERE hour < ? ORDER BY hour LIMIT ?)`, firstHour(before), pruneStep)
		if err != nil {
			return n, s.wrap(err)
		}
		gone, err := r.RowsAffected()
		if n += int(gone); err != nil || gone < pruneStep {
			return n, s.wrap(err)
		}
	}
}

package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
)

// AddCounts implements captcha.CountStore. Counts of a site that is not there are
// [captcha.ErrNoSite], and none of them is added.
func (s *Sites) AddCounts(ctx context.Context, all []captcha.Count) error {
	all = sums(all)
	sites, hours, names, ns := make([]string, len(all)), make([]time.Time, len(all)), make([]string, len(all)), make([]int64, len(all))
	for i, c := range all {
		if !storable(c.Site) {
			return none(ctx)
		}
		sites[i], hours[i], names[i], ns[i] = c.Site, c.Hour, c.Name, c.N
	}
	_, err := s.db.pool.Exec(ctx, `INSERT INTO daero_captcha_counts AS c (site, hour, name, n)
		SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[])
		ON CONFLICT (site, hour, name) DO UPDATE SET n = c.n + EXCLUDED.n`, sites, hours, names, ns)
	if hasCode(err, foreignKeyViolation) {
		return captcha.ErrNoSite
	}
	return err
}

// sums adds up counts of the same, since a statement writes a row once, and
// orders them, so that two gateways that count at once take the rows' locks in
// one order and never wait for each other.
func sums(all []captcha.Count) []captcha.Count {
	all = slices.Clone(all)
	for i := range all {
		all[i].Hour = all[i].Hour.UTC().Truncate(time.Hour)
	}
	order := func(a, b captcha.Count) int {
		return cmp.Or(strings.Compare(a.Site, b.Site), a.Hour.Compare(b.Hour), strings.Compare(a.Name, b.Name))
	}
	slices.SortFunc(all, order)
	kept := all[:0]
	for _, c := range all {
		if n := len(kept); n > 0 && order(kept[n-1], c) == 0 {
			kept[n-1].N += c.N
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// Counts implements captcha.CountStore.
func (s *Sites) Counts(ctx context.Context, site string, from, to time.Time) ([]captcha.Count, error) {
	if !storable(site) {
		return nil, ctx.Err()
	}
	rows, err := s.db.pool.Query(ctx, `SELECT hour, name, n FROM daero_captcha_counts WHERE site = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, name`,
		site, up(from), up(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []captcha.Count
	for rows.Next() {
		c := captcha.Count{Site: site}
		if err := rows.Scan(&c.Hour, &c.Name, &c.N); err != nil {
			return nil, err
		}
		c.Hour = c.Hour.UTC()
		all = append(all, c)
	}
	return all, rows.Err()
}

// up is the first whole hour that is not before t: PostgreSQL cuts nanoseconds
// off.
func up(t time.Time) time.Time { return t.UTC().Add(time.Hour - time.Nanosecond).Truncate(time.Hour) }

// pruneStep is how many counts are forgotten in one statement, so that writers
// do not wait long.
const pruneStep = 5000

// PruneCounts forgets what was counted in hours that began before a time, and
// says how many counts that were. Several may call it at once.
func (s *Sites) PruneCounts(ctx context.Context, before time.Time) (n int, err error) {
	for {
		tag, err := s.db.pool.Exec(ctx, `DELETE FROM daero_captcha_counts WHERE (site, hour, name) IN (
			SELECT site, hour, name FROM daero_captcha_counts WHERE hour < $1 ORDER BY hour LIMIT $2 FOR UPDATE SKIP LOCKED)`, up(before), pruneStep)
		n += int(tag.RowsAffected())
		if err != nil || tag.RowsAffected() < pruneStep {
			return n, err
		}
	}
}

package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/daero/daero/captcha"
)

var _ captcha.SiteBin = (*Store)(nil)

// RetireSite implements captcha.SiteBin.
func (s *Store) RetireSite(ctx context.Context, key string, was, at time.Time) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		err := affected(tx.ExecContext(ctx, "UPDATE captcha_sites SET retired = ? WHERE key = ? AND retired = 0 AND changed = ?", nanos(at), key, nanos(was)))
		return there(ctx, tx, key, err, captcha.ErrSiteChanged)
	})
}

// RestoreSite implements captcha.SiteBin.
func (s *Store) RestoreSite(ctx context.Context, key string, since time.Time) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		err := affected(tx.ExecContext(ctx, "UPDATE captcha_sites SET retired = 0 WHERE key = ? AND retired <> 0 AND retired >= ?", key, nanos(since)))
		return there(ctx, tx, key, err, captcha.ErrSiteExists)
	})
}

// RetiredSites implements captcha.SiteBin.
func (s *Store) RetiredSites(ctx context.Context, since time.Time) ([]captcha.Site, error) {
	return s.sites(ctx, "WHERE s.retired <> 0 AND s.retired >= ? ORDER BY s.retired DESC, s.key, c.place", nanos(since))
}

// PruneSites forgets sites that were taken away before a time, with what was
// counted about them, and says how many.
func (s *Store) PruneSites(ctx context.Context, before time.Time) (int, error) {
	r, err := s.db.ExecContext(ctx, "DELETE FROM captcha_sites WHERE retired <> 0 AND retired < ?", nanos(before))
	if err != nil {
		return 0, s.wrap(err)
	}
	n, err := r.RowsAffected()
	return int(n), err
}

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daero/daero/captcha"
)

var _ captcha.SiteBin = (*Sites)(nil)

// RetireSite implements captcha.SiteBin.
func (s *Sites) RetireSite(ctx context.Context, key string, was, at time.Time) error {
	return s.turn(ctx, key, captcha.ErrSiteChanged,
		`UPDATE daero_captcha_sites SET retired = $2 WHERE key = $1 AND retired IS NULL AND changed IS NOT DISTINCT FROM $3`, stamp(at), stamp(was))
}

// RestoreSite implements captcha.SiteBin.
func (s *Sites) RestoreSite(ctx context.Context, key string, since time.Time) error {
	return s.turn(ctx, key, captcha.ErrSiteExists, `UPDATE daero_captcha_sites SET retired = NULL WHERE key = $1 AND retired >= $2`, since)
}

// turn takes a site away or brings it back; meant is what it means that one of
// the key is there to which the statement did nothing.
func (s *Sites) turn(ctx context.Context, key string, meant error, update string, args ...any) error {
	if !storable(key) {
		return none(ctx)
	}
	return s.within(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, update, append([]any{key}, args...)...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		return there(ctx, tx, key, meant)
	})
}

// RetiredSites implements captcha.SiteBin.
func (s *Sites) RetiredSites(ctx context.Context, since time.Time) ([]captcha.Site, error) {
	return s.list(ctx, `WHERE s.retired >= $1 ORDER BY s.retired DESC, s.key, c.place`, since)
}

// PruneSites forgets sites that were taken away before a time, with what was
// counted about them, and says how many.
func (s *Sites) PruneSites(ctx context.Context, before time.Time) (int, error) {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM daero_captcha_sites WHERE retired < $1`, before)
	return int(tag.RowsAffected()), err
}

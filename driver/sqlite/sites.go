package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/daero/daero/captcha"
)

var _ captcha.Sites = (*Store)(nil)

// AddSite implements captcha.SiteStore.
func (s *Store) AddSite(ctx context.Context, site captcha.Site) error {
	return s.AddSites(ctx, []captcha.Site{site})
}

// AddSites adds many sites, all or none; [captcha.ErrSiteExists] if a key or a
// secret is there already.
func (s *Store) AddSites(ctx context.Context, all []captcha.Site) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		for i := range all {
			if err := insertSite(ctx, tx, &all[i]); err != nil {
				return exists(err)
			}
		}
		return nil
	})
}

// exists says what it means that a key is there.
func exists(err error) error {
	if is(err, sqlite3.SQLITE_CONSTRAINT) {
		return captcha.ErrSiteExists
	}
	return err
}

func insertSite(ctx context.Context, tx *sql.Tx, site *captcha.Site) error {
	values, err := siteValues(site)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM captcha_sites WHERE key = ? AND retired <> 0", site.Key); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO captcha_sites (key, name, hosts, langs, policy, disabled, created, changed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, values...); err != nil {
		return err
	}
	return insertSecrets(ctx, tx, site)
}

// siteValues are what is kept of a site beside its secrets.
func siteValues(site *captcha.Site) ([]any, error) {
	values := []any{site.Key, site.Name}
	for _, v := range []any{site.Hosts, site.Langs, site.Policy} {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		values = append(values, string(text))
	}
	return append(values, site.Disabled, nanos(site.Created), nanos(site.Changed)), nil
}

func insertSecrets(ctx context.Context, tx *sql.Tx, site *captcha.Site) error {
	for i := range site.Secrets {
		secret := &site.Secrets[i]
		_, err := tx.ExecContext(ctx, "INSERT INTO captcha_secrets (hash, site, place, created, expires) VALUES (?, ?, ?, ?, ?)",
			secret.Hash[:], site.Key, i, nanos(secret.Created), nanos(secret.Expires))
		if err != nil {
			return err
		}
	}
	return nil
}

// Site implements captcha.SiteStore.
func (s *Store) Site(ctx context.Context, key string) (captcha.Site, error) {
	return s.oneSite(ctx, "WHERE s.retired = 0 AND s.key = ? ORDER BY c.place", key)
}

// SiteBySecret implements captcha.SiteStore.
func (s *Store) SiteBySecret(ctx context.Context, hash [32]byte) (captcha.Site, error) {
	return s.oneSite(ctx, "WHERE s.retired = 0 AND s.key = (SELECT site FROM captcha_secrets WHERE hash = ?) ORDER BY c.place", hash[:])
}

func (s *Store) oneSite(ctx context.Context, which string, arg any) (captcha.Site, error) {
	all, err := s.sites(ctx, which, arg)
	if err == nil && len(all) == 0 {
		err = captcha.ErrNoSite
	}
	if err != nil {
		return captcha.Site{}, err
	}
	return all[0], nil
}

// AllSites implements captcha.SiteStore.
func (s *Store) AllSites(ctx context.Context) ([]captcha.Site, error) {
	return s.sites(ctx, "WHERE s.retired = 0 ORDER BY s.name, s.key, c.place")
}

// sites reads sites with their secrets, in one statement: no change comes
// between them.
func (s *Store) sites(ctx context.Context, which string, args ...any) ([]captcha.Site, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT s.key, s.name, s.hosts, s.langs, s.policy, s.disabled, s.created, s.changed, s.retired, c.hash, c.created, c.expires
		FROM captcha_sites s LEFT JOIN captcha_secrets c ON c.site = s.key `+which, args...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var all []captcha.Site
	for rows.Next() {
		site, secret, err := scanSite(rows)
		if err != nil {
			return nil, s.wrap(err)
		}
		if n := len(all); n == 0 || all[n-1].Key != site.Key {
			all = append(all, site)
		}
		if secret != nil {
			last := &all[len(all)-1]
			last.Secrets = append(last.Secrets, *secret)
		}
	}
	return all, s.wrap(rows.Err())
}

// scanSite reads a site and one of its secrets, nil if it has none.
func scanSite(rows *sql.Rows) (site captcha.Site, secret *captcha.Secret, err error) {
	var hosts, langs, policy, hash []byte
	var created, changed, retired int64
	var begun, expires sql.NullInt64
	if err := rows.Scan(&site.Key, &site.Name, &hosts, &langs, &policy, &site.Disabled, &created, &changed, &retired, &hash, &begun, &expires); err != nil {
		return site, nil, err
	}
	if err := errors.Join(json.Unmarshal(hosts, &site.Hosts), json.Unmarshal(langs, &site.Langs), json.Unmarshal(policy, &site.Policy)); err != nil {
		return site, nil, err
	}
	site.Created, site.Changed, site.Retired = moment(created), moment(changed), moment(retired)
	if begun.Valid {
		secret = &captcha.Secret{Created: moment(begun.Int64), Expires: moment(expires.Int64)}
		copy(secret.Hash[:], hash)
	}
	return site, secret, nil
}

// ChangeSite implements captcha.SiteStore.
func (s *Store) ChangeSite(ctx context.Context, site captcha.Site, was time.Time) error {
	values, err := siteValues(&site)
	if err != nil {
		return err
	}
	return s.within(ctx, func(tx *sql.Tx) error {
		err := affected(tx.ExecContext(ctx, `UPDATE captcha_sites SET name = ?2, hosts = ?3, langs = ?4, policy = ?5, disabled = ?6, created = ?7, changed = ?8
			WHERE key = ?1 AND retired = 0 AND changed = ?9`, append(values, nanos(was))...))
		if err != nil {
			return there(ctx, tx, site.Key, err, captcha.ErrSiteChanged)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM captcha_secrets WHERE site = ?", site.Key); err != nil {
			return err
		}
		return exists(insertSecrets(ctx, tx, &site))
	})
}

// there is err, or another where a site was not found as it was wanted, and is
// there.
func there(ctx context.Context, tx *sql.Tx, key string, err, other error) error {
	if !errors.Is(err, captcha.ErrNoSite) {
		return err
	}
	var is bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM captcha_sites WHERE key = ? AND retired = 0)", key).Scan(&is); err != nil {
		return err
	}
	if is {
		return other
	}
	return err
}

// affected turns a statement that found no site into captcha.ErrNoSite.
func affected(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return captcha.ErrNoSite
	}
	return err
}

// RemoveSite implements captcha.SiteStore.
func (s *Store) RemoveSite(ctx context.Context, key string) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		return affected(tx.ExecContext(ctx, "DELETE FROM captcha_sites WHERE key = ? AND retired = 0", key))
	})
}

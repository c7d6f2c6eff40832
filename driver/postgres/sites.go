package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/daero/daero/captcha"
)

// Sites keeps the captcha's sites, for all gateways.
type Sites struct{ db *DB }

// Sites returns the store of the captcha's sites. Its tables are made by
// [DB.Migrate].
func (db *DB) Sites() *Sites { return &Sites{db: db} }

var _ captcha.Sites = (*Sites)(nil)

// Codes of SQLSTATE.
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
)

func hasCode(err error, code string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == code
}

// exists says what it means that a key is there.
func exists(err error) error {
	if hasCode(err, uniqueViolation) {
		return captcha.ErrSiteExists
	}
	return err
}

// maxKey bounds keys: an index takes no more than some 2,700 bytes, and a site's
// key has 40.
const maxKey = 1024

// storable reports whether PostgreSQL takes a text as a key. What it does not
// take is not in it, which is no error of the database's.
func storable(s string) bool {
	return len(s) <= maxKey && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// stamp is NULL for the zero time.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Truncate(time.Microsecond)
	return &t
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// AddSite implements captcha.SiteStore.
func (s *Sites) AddSite(ctx context.Context, site captcha.Site) error {
	return s.AddSites(ctx, []captcha.Site{site})
}

// AddSites adds many sites, all or none; [captcha.ErrSiteExists] if a key or a
// secret is there already.
func (s *Sites) AddSites(ctx context.Context, all []captcha.Site) error {
	batch := &pgx.Batch{}
	for i := range all {
		values, err := siteValues(&all[i])
		if err != nil {
			return err
		}
		batch.Queue(`DELETE FROM daero_captcha_sites WHERE key = $1 AND retired IS NOT NULL`, all[i].Key)
		batch.Queue(`INSERT INTO daero_captcha_sites (key, name, hosts, langs, policy, disabled, created, changed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, values...)
		queueSecrets(batch, &all[i])
	}
	return s.within(ctx, func(tx pgx.Tx) error { return exists(tx.SendBatch(ctx, batch).Close()) })
}

// within runs f in a transaction.
func (s *Sites) within(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db.pool, f)
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
	return append(values, site.Disabled, stamp(site.Created), stamp(site.Changed)), nil
}

func queueSecrets(batch *pgx.Batch, site *captcha.Site) {
	for i := range site.Secrets {
		secret := &site.Secrets[i]
		batch.Queue(`INSERT INTO daero_captcha_secrets (hash, site, place, created, expires) VALUES ($1, $2, $3, $4, $5)`,
			secret.Hash[:], site.Key, i, stamp(secret.Created), stamp(secret.Expires))
	}
}

// Site implements captcha.SiteStore.
func (s *Sites) Site(ctx context.Context, key string) (captcha.Site, error) {
	if !storable(key) {
		return captcha.Site{}, none(ctx)
	}
	return s.one(ctx, `WHERE s.retired IS NULL AND s.key = $1 ORDER BY c.place`, key)
}

// none is captcha.ErrNoSite, unless who asks has gone away.
func none(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return captcha.ErrNoSite
}

// SiteBySecret implements captcha.SiteStore.
func (s *Sites) SiteBySecret(ctx context.Context, hash [32]byte) (captcha.Site, error) {
	return s.one(ctx, `WHERE s.retired IS NULL AND s.key = (SELECT site FROM daero_captcha_secrets WHERE hash = $1) ORDER BY c.place`, hash[:])
}

func (s *Sites) one(ctx context.Context, which string, arg any) (captcha.Site, error) {
	all, err := s.list(ctx, which, arg)
	if err == nil && len(all) == 0 {
		err = captcha.ErrNoSite
	}
	if err != nil {
		return captcha.Site{}, err
	}
	return all[0], nil
}

// AllSites implements captcha.SiteStore.
func (s *Sites) AllSites(ctx context.Context) ([]captcha.Site, error) {
	return s.list(ctx, `WHERE s.retired IS NULL ORDER BY s.name, s.key, c.place`)
}

// list reads sites with their secrets, in one statement: no change comes
// between them.
func (s *Sites) list(ctx context.Context, which string, args ...any) ([]captcha.Site, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT s.key, s.name, s.hosts, s.langs, s.policy, s.disabled, s.created, s.changed, s.retired, c.hash, c.created, c.expires
		FROM daero_captcha_sites s LEFT JOIN daero_captcha_secrets c ON c.site = s.key `+which, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []captcha.Site
	for rows.Next() {
		site, secret, err := scanSite(rows)
		if err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].Key != site.Key {
			all = append(all, site)
		}
		if secret != nil {
			last := &all[len(all)-1]
			last.Secrets = append(last.Secrets, *secret)
		}
	}
	return all, rows.Err()
}

// scanSite reads a site and one of its secrets, nil if it has none.
func scanSite(rows pgx.Rows) (site captcha.Site, secret *captcha.Secret, err error) {
	var hosts, langs, policy, hash []byte
	var created, changed, retired, begun, expires *time.Time
	if err := rows.Scan(&site.Key, &site.Name, &hosts, &langs, &policy, &site.Disabled, &created, &changed, &retired, &hash, &begun, &expires); err != nil {
		return site, nil, err
	}
	if err := errors.Join(json.Unmarshal(hosts, &site.Hosts), json.Unmarshal(langs, &site.Langs), json.Unmarshal(policy, &site.Policy)); err != nil {
		return site, nil, err
	}
	site.Created, site.Changed, site.Retired = moment(created), moment(changed), moment(retired)
	if hash != nil {
		secret = &captcha.Secret{Created: moment(begun), Expires: moment(expires)}
		copy(secret.Hash[:], hash)
	}
	return site, secret, nil
}

// ChangeSite implements captcha.SiteStore.
func (s *Sites) ChangeSite(ctx context.Context, site captcha.Site, was time.Time) error {
	if !storable(site.Key) {
		return none(ctx)
	}
	values, err := siteValues(&site)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM daero_captcha_secrets WHERE site = $1`, site.Key)
	queueSecrets(batch, &site)
	return s.within(ctx, func(tx pgx.Tx) error {
		// Of those who come at once the row lock lets one through, and the others
		// then see what it wrote.
		tag, err := tx.Exec(ctx, `UPDATE daero_captcha_sites SET name = $2, hosts = $3, langs = $4, policy = $5, disabled = $6, created = $7, changed = $8
			WHERE key = $1 AND retired IS NULL AND changed IS NOT DISTINCT FROM $9`, append(values, stamp(was))...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return there(ctx, tx, site.Key, captcha.ErrSiteChanged)
		}
		return exists(tx.SendBatch(ctx, batch).Close())
	})
}

// there says what it means that a site was not found as it was wanted.
func there(ctx context.Context, tx pgx.Tx, key string, meant error) error {
	var is bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM daero_captcha_sites WHERE key = $1 AND retired IS NULL)`, key).Scan(&is); err != nil {
		return err
	}
	if is {
		return meant
	}
	return captcha.ErrNoSite
}

// RemoveSite implements captcha.SiteStore.
func (s *Sites) RemoveSite(ctx context.Context, key string) error {
	if !storable(key) {
		return none(ctx)
	}
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM daero_captcha_sites WHERE key = $1 AND retired IS NULL`, key)
	if err == nil && tag.RowsAffected() == 0 {
		err = captcha.ErrNoSite
	}
	return err
}

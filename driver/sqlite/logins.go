package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/daero/daero/api/store"
)

// AddLogin adds a one-time link, by the hash of its secret, and forgets those
// that have expired. operator is the name of who it is for, "" for somebody who
// is to be added; [store.ErrNotFound] if there is no such operator.
func (s *Store) AddLogin(ctx context.Context, hash, operator string, at, expires time.Time) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		id := ""
		if operator != "" {
			err := tx.QueryRowContext(ctx, "SELECT id FROM operators WHERE name = ? AND revoked = 0", operator).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				return store.ErrNotFound
			}
			if err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM logins WHERE expires <= ?", nanos(at)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO logins (hash, operator, expires) VALUES (?, ?, ?)", hash, id, nanos(expires))
		return err
	})
}

// unused are the links that can be used, by hash and time.
const unused = "logins.hash = ? AND logins.used = 0 AND logins.expires > ?"

// Redeem uses a link for somebody who is to be added up and adds an operator,
// both or neither: [store.ErrNotFound] if the link is not there, is used, has
// expired or is for somebody else, [store.ErrExists] if the name is taken.
func (s *Store) Redeem(ctx context.Context, hash string, at time.Time, c store.Credential) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		err := changed(tx.ExecContext(ctx, "UPDATE logins SET used = ? WHERE operator = '' AND "+unused, nanos(at), hash, nanos(at)))
		if err != nil {
			return err
		}
		return addOperator(ctx, tx, c)
	})
}

// Login says who a link is for: the name of an operator, "" for somebody who is
// to be added. [store.ErrNotFound] as with Redeem.
func (s *Store) Login(ctx context.Context, hash string, at time.Time) (operator string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT coalesce(o.name, '') FROM logins LEFT JOIN operators o ON o.id = logins.operator AND o.revoked = 0
		WHERE (logins.operator = '' OR o.id IS NOT NULL) AND `+unused, hash, nanos(at)).Scan(&operator)
	if errors.Is(err, sql.ErrNoRows) {
		return "", store.ErrNotFound
	}
	return operator, s.wrap(err)
}

// Follow uses an operator's link up and returns whose it was;
// [store.ErrNotFound] as with Redeem.
func (s *Store) Follow(ctx context.Context, hash string, at time.Time) (a store.Account, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		err := changed(tx.ExecContext(ctx, "UPDATE logins SET used = ? WHERE operator <> '' AND "+unused, nanos(at), hash, nanos(at)))
		if err != nil {
			return err
		}
		var created, used int64
		err = tx.QueryRowContext(ctx, `SELECT o.id, o.name, o.role, o.password, o.created, o.last_used FROM operators o JOIN logins l ON l.operator = o.id
			WHERE l.hash = ? AND o.revoked = 0`, hash).Scan(&a.ID, &a.Name, &a.Role, &a.Hash, &created, &used)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		a.Created, a.LastUsed, a.Password = moment(created), moment(used), a.Hash != ""
		return err
	})
	if err != nil {
		return store.Account{}, err
	}
	return a, nil
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/daero/daero/api/store"
)

// AddOperator adds an operator with a token's credential; [store.ErrExists] if
// the name is taken.
func (s *Store) AddOperator(ctx context.Context, c store.Credential) error {
	return s.within(ctx, func(tx *sql.Tx) error { return addOperator(ctx, tx, c) })
}

func addOperator(ctx context.Context, tx *sql.Tx, c store.Credential) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO operators (id, name, role, hash, created, password) VALUES (?, ?, ?, ?, ?, ?)",
		c.ID, c.Name, string(c.Role), c.Hash, nanos(c.Created), c.PasswordHash)
	if is(err, sqlite3.SQLITE_CONSTRAINT) {
		return store.ErrExists
	}
	return err
}

// RemoveOperator revokes an operator's token and ends the sessions;
// [store.ErrNotFound] if there is no such operator.
func (s *Store) RemoveOperator(ctx context.Context, name string, at time.Time) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		// The password's hash goes: a row is kept for the record's sake alone.
		err := changed(tx.ExecContext(ctx, "UPDATE operators SET revoked = ?, password = '' WHERE name = ? AND revoked = 0", nanos(at), name))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM sessions WHERE operator <> '' AND NOT "+standing)
		return err
	})
}

// changed turns a statement that changed nothing into store.ErrNotFound.
func changed(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// Operators returns those who were not removed, by name.
func (s *Store) Operators(ctx context.Context) ([]store.Operator, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, role, created, last_used, password <> '' FROM operators WHERE revoked = 0 ORDER BY name")
	if err != nil {
		return nil, s.wrap(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var all []store.Operator
	for rows.Next() {
		var o store.Operator
		var created, used int64
		if err := rows.Scan(&o.Name, &o.Role, &created, &used, &o.Password); err != nil {
			return nil, s.wrap(err)
		}
		o.Created, o.LastUsed = moment(created), moment(used)
		all = append(all, o)
	}
	return all, s.wrap(rows.Err())
}

// Credential returns what verifies the token of an ID; [store.ErrNotFound] if
// there is none, or it was revoked.
func (s *Store) Credential(ctx context.Context, id string) (store.Credential, error) {
	c := store.Credential{ID: id}
	var created, used int64
	err := s.db.QueryRowContext(ctx, "SELECT name, role, hash, created, last_used, password <> '' FROM operators WHERE id = ? AND revoked = 0", id).
		Scan(&c.Name, &c.Role, &c.Hash, &created, &used, &c.Password)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Credential{}, store.ErrNotFound
	}
	if err != nil {
		return store.Credential{}, s.wrap(err)
	}
	c.Created, c.LastUsed = moment(created), moment(used)
	return c, nil
}

// Touch notes that a token was used.
func (s *Store) Touch(ctx context.Context, id string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE operators SET last_used = max(last_used, ?) WHERE id = ?", nanos(at), id)
	return s.wrap(err)
}

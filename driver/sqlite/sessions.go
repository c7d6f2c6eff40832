package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/daero/daero/api/store"
)

// standing are the sessions whose operator is there, and has the role still.
const standing = `(operator = '' OR EXISTS (SELECT 1 FROM operators o WHERE o.id = sessions.operator AND o.revoked = 0 AND o.role = sessions.role))`

const sessionColumns = "id, hash, operator, name, role, via, origin, created, last_used, ends"

// AddSession adds a session and forgets those that have ended, or must make
// room for it.
func (s *Store) AddSession(ctx context.Context, n store.Session, b store.SessionBounds) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		for _, d := range []struct {
			sql  string
			args []any
		}{
			{"DELETE FROM sessions WHERE ends <= ? OR last_used <= ? OR NOT " + standing, []any{nanos(n.Created), nanos(n.Created.Add(-b.Idle))}},
			{`DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE name = ? ORDER BY last_used DESC, hash LIMIT -1 OFFSET ?)`, []any{n.Name, b.PerName - 1}},
			{`DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions ORDER BY last_used DESC, hash LIMIT -1 OFFSET ?)`, []any{b.InAll - 1}},
		} {
			if _, err := tx.ExecContext(ctx, d.sql, d.args...); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions ("+sessionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			n.ID, n.Hash, n.Operator, n.Name, string(n.Role), n.Via, n.From, nanos(n.Created), nanos(n.LastUsed), nanos(n.Ends))
		return err
	})
}

// Session returns the session of a secret, by its hash; [store.ErrNotFound] if
// there is none, or it has ended. How long it was not used is not looked at.
func (s *Store) Session(ctx context.Context, hash string, at time.Time) (store.Session, error) {
	row := s.db.QueryRowContext(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE hash = ? AND ends > ? AND "+standing, hash, nanos(at))
	n, err := scanSession(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Session{}, store.ErrNotFound
	}
	return n, s.wrap(err)
}

func scanSession(scan func(...any) error) (n store.Session, err error) {
	var created, used, ends int64
	err = scan(&n.ID, &n.Hash, &n.Operator, &n.Name, &n.Role, &n.Via, &n.From, &created, &used, &ends)
	n.Created, n.LastUsed, n.Ends = moment(created), moment(used), moment(ends)
	return n, err
}

// TouchSession notes that a session was used.
func (s *Store) TouchSession(ctx context.Context, hash string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE sessions SET last_used = max(last_used, ?) WHERE hash = ?", nanos(at), hash)
	return s.wrap(err)
}

// Sessions returns those that have not ended, the oldest first: of a name, or
// all if it is "".
func (s *Store) Sessions(ctx context.Context, name string, at time.Time) ([]store.Session, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+sessionColumns+" FROM sessions WHERE (? = '' OR name = ?) AND ends > ? AND "+standing+" ORDER BY created, id", name, name, nanos(at))
	if err != nil {
		return nil, s.wrap(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var all []store.Session
	for rows.Next() {
		n, err := scanSession(rows.Scan)
		if err != nil {
			return nil, s.wrap(err)
		}
		all = append(all, n)
	}
	return all, s.wrap(rows.Err())
}

// EndSession ends a session, by its ID; [store.ErrNotFound] if there is none.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, "DELETE FROM sessions WHERE id = ?", id))
	})
}

// Account returns the operator of a name with what verifies the password;
// [store.ErrNotFound] if there is no such operator.
func (s *Store) Account(ctx context.Context, name string) (store.Account, error) {
	a := store.Account{Operator: store.Operator{Name: name}}
	var created, used int64
	err := s.db.QueryRowContext(ctx, "SELECT id, role, password, created, last_used FROM operators WHERE name = ? AND revoked = 0", name).
		Scan(&a.ID, &a.Role, &a.Hash, &created, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Account{}, store.ErrNotFound
	}
	if err != nil {
		return store.Account{}, s.wrap(err)
	}
	a.Created, a.LastUsed, a.Password = moment(created), moment(used), a.Hash != ""
	return a, nil
}

// SetPassword gives an operator a password, by its hash, and ends the sessions
// and the links made before, except the session of an ID; [store.ErrNotFound] if
// there is no such operator.
func (s *Store) SetPassword(ctx context.Context, name, hash, except string) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		if err := changed(tx.ExecContext(ctx, "UPDATE operators SET password = ? WHERE name = ? AND revoked = 0", hash, name)); err != nil {
			return err
		}
		const of = "operator = (SELECT id FROM operators WHERE name = ? AND revoked = 0)"
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE id <> ? AND "+of, except, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM logins WHERE used = 0 AND "+of, name)
		return err
	})
}

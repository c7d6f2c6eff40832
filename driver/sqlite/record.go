package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
)

const insertEntry = `INSERT INTO audit (at, who, what, target, before, after, why, until, shadow, share, node, undo)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Append adds entries to the record, all or none. Their IDs are not used.
func (s *Store) Append(ctx context.Context, entries []audit.Entry) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			if err := insert(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func insert(ctx context.Context, tx *sql.Tx, e audit.Entry) error {
	undo, err := undoText(e.Undo)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insertEntry, nanos(e.At), e.Who, e.What, e.Target, e.Before, e.After,
		e.Why, nanos(e.Until), e.Shadow, e.Share, e.Node, undo)
	return err
}

// undoText is how what undoes an entry is kept: as JSON, "" for nothing.
func undoText(u audit.Undo) (string, error) {
	if u == (audit.Undo{}) {
		return "", nil
	}
	text, err := json.Marshal(u)
	return string(text), err
}

// Entries returns what a filter wants, in the order of the IDs.
func (s *Store) Entries(ctx context.Context, f store.Filter) ([]audit.Entry, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	where, args := conditions(f)
	order := "DESC"
	if f.After > 0 || f.Oldest {
		order = "ASC"
	}
	limit := f.Limit
	if limit == 0 {
		limit = store.DefaultLimit
	}
	query := `SELECT id, at, who, what, target, before, after, why, until, shadow, share, node, undo FROM audit` +
		where + ` ORDER BY id ` + order + ` LIMIT ?`
	rows, err := s.db.QueryContext(ctx, query, append(args, limit)...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var all []audit.Entry
	for rows.Next() {
		var e audit.Entry
		var at, until int64
		var undo string
		if err := rows.Scan(&e.ID, &at, &e.Who, &e.What, &e.Target, &e.Before, &e.After, &e.Why, &until, &e.Shadow, &e.Share, &e.Node, &undo); err != nil {
			return nil, s.wrap(err)
		}
		if undo != "" {
			if err := json.Unmarshal([]byte(undo), &e.Undo); err != nil {
				return nil, fmt.Errorf("audit entry %d: %w", e.ID, err)
			}
		}
		e.At, e.Until = moment(at), moment(until)
		all = append(all, e)
	}
	if order == "DESC" {
		slices.Reverse(all)
	}
	return all, s.wrap(rows.Err())
}

// Prune removes entries and returns how many. It is recorded itself.
func (s *Store) Prune(ctx context.Context, p store.Pruning) (removed int, err error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	err = s.within(ctx, func(tx *sql.Tx) error {
		upto, err := pruneUpTo(ctx, tx, p)
		if err != nil || upto == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO pruning (upto) VALUES (?)", upto); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM audit WHERE id <= ?", upto)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if removed = int(n); removed > 0 {
			why := fmt.Sprintf("%s: %d entries removed, up to number %d", p.Why, removed, upto)
			if err := insert(ctx, tx, audit.Entry{At: p.At, Who: p.By, What: audit.Pruned, Why: why}); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM pruning")
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// pruneUpTo returns the last ID to remove, 0 for none. Entries are removed from
// the oldest on without gaps: one that is late in the record stays until those
// before it may go.
func pruneUpTo(ctx context.Context, tx *sql.Tx, p store.Pruning) (int64, error) {
	var byAge, byCount int64
	if !p.Before.IsZero() {
		const q = `SELECT coalesce((SELECT min(id) FROM audit WHERE at >= ?) - 1, (SELECT max(id) FROM audit), 0)`
		if err := tx.QueryRowContext(ctx, q, nanos(p.Before)).Scan(&byAge); err != nil {
			return 0, err
		}
	}
	if p.Keep > 0 {
		const q = `SELECT coalesce((SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?), 0)`
		if err := tx.QueryRowContext(ctx, q, p.Keep).Scan(&byCount); err != nil {
			return 0, err
		}
	}
	return max(byAge, byCount), nil
}

package inbox

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is a transaction of the service's own database: a *sql.Tx, or a pgx.Tx
// through driver/postgres. Placeholders are $1, $2 and so on.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// OnceSchema is the table that [Once] marks keys in. Old keys are yours to
// remove, see [Config.TTL]: DELETE FROM daero_once WHERE at < now() - interval '7 days'.
const OnceSchema = `CREATE TABLE IF NOT EXISTS daero_once (
	key bytea PRIMARY KEY,
	at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
)`

const once = `INSERT INTO daero_once (key) VALUES ($1) ON CONFLICT DO NOTHING`

// Once calls do unless the key is marked, and marks it, both in tx: they are
// there together once tx is committed, or not at all. It reports whether it
// called do. After an error tx must be rolled back.
//
// A transaction that has marked the same key and not ended is waited for:
// until ctx ends, or the database's own lock_timeout. Under REPEATABLE READ and
// SERIALIZABLE the database refuses instead, and the message comes again.
func Once(ctx context.Context, tx Tx, key Key, do func() error) (did bool, err error) {
	if key.ID == "" {
		return false, errors.New("no idempotency key: there is nothing to tell the message by")
	}
	sum := key.Sum()
	res, err := tx.ExecContext(ctx, once, sum[:])
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	return true, do()
}

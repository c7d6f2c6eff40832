package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config describes a DB.
type Config struct {
	// URL says where the database is: postgres://user@host/name?sslmode=verify-full,
	// or the words that libpq takes. What it leaves out comes from the PG…
	// variables of the environment.
	URL string
	// Connections bounds how many are open at once, besides the one of an
	// outbox's leader. Default 8.
	Connections int
}

// Bounds that are not configured.
const (
	connectWithin   = 10 * time.Second
	statementWithin = 30 * time.Second
)

// DB is a PostgreSQL database. It is safe for concurrent use.
type DB struct{ pool *pgxpool.Pool }

// Open returns a DB. It connects with the first question; the error does not
// repeat the URL, which may hold a password.
func Open(cfg Config) (*DB, error) {
	if cfg.URL == "" {
		return nil, errors.New("no address of the database: write it as postgres://user@host/name")
	}
	c, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errors.New("the address of the database cannot be read: write it as postgres://user@host/name?sslmode=verify-full")
	}
	c.MaxConns = int32(cmp.Or(cfg.Connections, 8))
	if c.MaxConns < 1 {
		return nil, fmt.Errorf("connections %d: at least 1 is needed", cfg.Connections)
	}
	c.MinConns = 0
	c.ConnConfig.ConnectTimeout = connectWithin
	p := c.ConnConfig.RuntimeParams
	p["application_name"] = cmp.Or(p["application_name"], "daero")
	p["statement_timeout"] = cmp.Or(p["statement_timeout"], ms(statementWithin))
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		return nil, err
	}
	return &DB{pool: pool}, nil
}

func ms(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// Close closes the connections.
func (db *DB) Close() { db.pool.Close() }

// Schema returns the statements that make the tables, all of them.
func Schema() (string, error) {
	var b strings.Builder
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	slices.Sort(names)
	for _, name := range names {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return "", err
		}
		b.Write(script)
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// Keys of advisory locks, in the space of two numbers: ours, and which.
const (
	lockSpace   = 0x64616572 // "daer"
	lockMigrate = 0
)

// Migrate makes the tables, or brings them up to date, all or none. Several
// may call it at once.
func (db *DB) Migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, lockSpace, lockMigrate); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS daero_schema (version integer NOT NULL)`); err != nil {
			return err
		}
		var seen int
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM daero_schema`).Scan(&seen); err != nil {
			return err
		}
		if seen > len(names) {
			return fmt.Errorf("the tables were made by a newer daero (its version %d, known here %d): update this daero", seen, len(names))
		}
		for i, name := range names[seen:] {
			script, err := migrations.ReadFile(name)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, string(script)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO daero_schema VALUES ($1)`, seen+i+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// execer makes a pgx.Tx do what a *sql.Tx does.
type execer struct{ tx pgx.Tx }

// Execer is what outbox.Add and inbox.Once need of a transaction.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Tx lets outbox.Add and inbox.Once use a pgx.Tx. A *sql.Tx needs no such help.
func Tx(tx pgx.Tx) Execer { return execer{tx} }

// ExecContext implements outbox.Tx and inbox.Tx.
func (e execer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tag, err := e.tx.Exec(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

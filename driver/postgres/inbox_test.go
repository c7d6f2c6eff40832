package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx" of database/sql

	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/driver/postgres/pgtest"
	"github.com/daero/daero/relay/inbox"
	"github.com/daero/daero/relay/inbox/storetest"
)

// open opens a database with the tables.
func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Config{URL: url, Connections: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openSQL(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestInbox(t *testing.T) {
	server := pgtest.Start(t, false)
	storetest.Run(t, func(t *testing.T) (inbox.Store, func(time.Duration)) {
		store := open(t, server.Database(t)).Inbox()
		return store, store.Pass
	})
	t.Run("Prune", func(t *testing.T) { prune(t, open(t, server.Database(t)).Inbox()) })
	t.Run("Once", func(t *testing.T) { once(t, server.Database(t)) })
	t.Run("Migrate", func(t *testing.T) { migrate(t, server.Database(t)) })
}

func prune(t *testing.T, store *postgres.Inbox) {
	for i := range 10 {
		w := inbox.Want{Key: inbox.Key{ID: string(rune('a' + i))}.Sum(), Lease: time.Minute}
		if f, err := store.Claim(t.Context(), w); err != nil || f.State != inbox.Claimed {
			t.Fatalf("%+v, %v", f, err)
		}
		if i < 5 {
			if err := store.Finish(t.Context(), w.Key, w.Token, inbox.Answer{Status: 200}, 100*time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		pass       time.Duration
		most, want int
	}{{0, 100, 0}, {25 * time.Hour, 100, 5}, {200 * time.Hour, 3, 3}, {0, 100, 2}, {0, 100, 0}} {
		store.Pass(c.pass)
		if n, err := store.Prune(t.Context(), c.most); err != nil || n != c.want {
			t.Errorf("%d forgotten, want %d, %v", n, c.want, err)
		}
	}
}

// once: of many transactions with one key, one does the work, also where some
// roll back, and with both ways of talking to PostgreSQL.
func once(t *testing.T, url string) {
	db := openSQL(t, url)
	pool := open(t, url)
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE effects (who text)`); err != nil {
		t.Fatal(err)
	}
	errRefused := errors.New("refused")
	var did atomic.Int64
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			err := within(t.Context(), db, func(tx *sql.Tx) error {
				done, err := inbox.Once(t.Context(), tx, inbox.Key{Caller: "shop", ID: "id-1"}, func() error {
					if _, err := tx.ExecContext(t.Context(), `INSERT INTO effects VALUES ('sql')`); err != nil {
						return err
					}
					if i%3 == 0 {
						return errRefused
					}
					return nil
				})
				if done && err == nil {
					did.Add(1)
				}
				return err
			})
			if err != nil && !errors.Is(err, errRefused) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, id := range []string{"id-1", "id-2", "id-2"} {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			_, err := inbox.Once(t.Context(), postgres.Tx(tx), inbox.Key{Caller: "shop", ID: id}, func() error {
				_, err := tx.Exec(t.Context(), `INSERT INTO effects VALUES ('pgx')`)
				return err
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var bySQL, byPgx int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE who = 'sql'), count(*) FILTER (WHERE who = 'pgx') FROM effects`).Scan(&bySQL, &byPgx); err != nil {
		t.Fatal(err)
	}
	if bySQL != 1 || byPgx != 1 || did.Load() != 1 {
		t.Errorf("effects %d and %d, done %d, want 1 of each", bySQL, byPgx, did.Load())
	}
	store := pool.Inbox()
	if n, err := store.PruneOnce(t.Context(), time.Hour, 100); err != nil || n != 0 {
		t.Errorf("%d forgotten, %v", n, err)
	}
	store.Pass(2 * time.Hour)
	if n, err := store.PruneOnce(t.Context(), time.Hour, 100); err != nil || n != 2 {
		t.Errorf("%d forgotten, want 2, %v", n, err)
	}
	err = within(t.Context(), db, func(tx *sql.Tx) error {
		_, err := inbox.Once(t.Context(), tx, inbox.Key{}, func() error { t.Error("done without a key"); return nil })
		return err
	})
	if err == nil {
		t.Error("no error without a key")
	}
}

func within(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// migrate: several may do it at once, and again.
func migrate(t *testing.T, url string) {
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			db, err := postgres.Open(postgres.Config{URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	db := openSQL(t, url)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO daero_schema VALUES (999)`); err != nil {
		t.Fatal(err)
	}
	newer, err := postgres.Open(postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	if err := newer.Migrate(t.Context()); err == nil {
		t.Error("an older daero touched the tables of a newer one")
	}
}

func TestMistakesInTheAddress(t *testing.T) {
	for _, url := range []string{"", "postgres://user:hunter2@host:port/x", "mysql://user:hunter2@h/x"} {
		_, err := postgres.Open(postgres.Config{URL: url})
		if err == nil {
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

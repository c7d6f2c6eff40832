package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha"
)

// File is the file's name in the data directory.
const File = "daero.db"

// Bounds of the file.
const (
	busyTimeout = 5 * time.Second // for another process that writes
	openTimeout = 10 * time.Second
	connections = 4
	checkUpTo   = 64 << 20 // bytes; larger files are not read through when opened
)

// Store is the open file. It is safe for concurrent use.
type Store struct{ *file }

// file is a file of tables.
type file struct {
	path    string
	db      *sql.DB
	scripts string // where the migrations of its tables are
}

// Open opens the file at path, and makes it, its directory and its tables if
// they are not there. The error names the file and what to do about it.
func Open(ctx context.Context, path string) (*Store, error) {
	// Entries are few, and each counts: they are on the disk when they are said
	// to be.
	f, err := open(ctx, path, "migrations", "FULL")
	if err != nil {
		return nil, err
	}
	return &Store{f}, nil
}

func open(ctx context.Context, path, scripts, synchronous string) (*file, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := prepare(path); err != nil {
		return nil, fmt.Errorf("%s: cannot be opened: %w: daero must be able to write there", path, err)
	}
	db, err := sql.Open("sqlite", source(path, synchronous))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	s := &file{path: path, db: db, scripts: scripts}
	if err := s.begin(ctx); err != nil {
		_ = db.Close()
		return nil, s.wrap(err)
	}
	return s, nil
}

// prepare makes the file readable by its owner only: it holds hashes.
func prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// source is the driver's name of the file.
func source(path, synchronous string) string {
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), // first: the others may have to wait
		"journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// begin brings the tables up to date and looks for damage. Turning a new file
// to WAL does not wait for another process that does the same, so it is tried
// again.
func (s *file) begin(ctx context.Context) error {
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		err := s.migrate(ctx)
		if err == nil {
			return s.check(ctx)
		}
		if !is(err, sqlite3.SQLITE_BUSY) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// check reads the file through, unless that would take long.
func (s *file) check(ctx context.Context) error {
	if st, err := os.Stat(s.path); err != nil || st.Size() > checkUpTo {
		return err
	}
	var found string
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

var errDamaged = errors.New("the file is damaged")

// wrap names the file and the cure.
func (s *file) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrExists), errors.Is(err, captcha.ErrNoSite),
		errors.Is(err, captcha.ErrSiteExists), errors.Is(err, captcha.ErrSiteChanged),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errDamaged), is(err, sqlite3.SQLITE_CORRUPT), is(err, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("%[1]s: damaged or not a database (%[2]w): stop daero, move %[1]s, %[1]s-wal and %[1]s-shm "+
			"elsewhere, put a backup in their place if there is one, and start daero: without one it begins anew", s.path, err)
	case is(err, sqlite3.SQLITE_FULL):
		return fmt.Errorf("%s: the disk is full (%w): free some space", s.path, err)
	case is(err, sqlite3.SQLITE_READONLY):
		return fmt.Errorf("%s: may not be written to (%w): give it and its directory to the user that runs daero", s.path, err)
	case is(err, sqlite3.SQLITE_BUSY):
		return fmt.Errorf("%s: another process is writing (%w): end it if it hangs", s.path, err)
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

// is reports whether err is one of SQLite's, whatever its details.
func is(err error, code int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == code
}

// Path returns where the file is.
func (s *file) Path() string { return s.path }

// Close closes the file.
func (s *file) Close() error { return s.wrap(s.db.Close()) }

// within runs f in a transaction that writes.
func (s *file) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return s.wrap(err)
	}
	return s.wrap(tx.Commit())
}

// nanos and moment turn times into what is kept, and back.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

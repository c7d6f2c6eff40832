package sqlite

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/textproto"
	"time"

	"github.com/daero/daero/relay/deferred"
)

// AnswersFile is the name of the file of answers in the data directory.
const AnswersFile = "answers.db"

// DefaultAnswersBytes bounds what answers hold together.
const DefaultAnswersBytes = 1 << 30

// Answers keeps answers to deferred requests in a file: a [deferred.Store].
type Answers struct {
	*file
	max int64
}

// OpenAnswers opens the file at path, and makes it if it is not there. Answers
// hold at most maxBytes together, 0 for DefaultAnswersBytes: where one more
// would take more, those that are to be forgotten next are forgotten.
//
// What was put in the last moment may be lost when the machine loses its power,
// not when the process ends. Then a request may be delivered a second time, as
// when it ends before the answer comes.
func OpenAnswers(ctx context.Context, path string, maxBytes int64) (*Answers, error) {
	f, err := open(ctx, path, "migrations/answers", "NORMAL")
	if err != nil {
		return nil, err
	}
	return &Answers{file: f, max: cmp.Or(maxBytes, DefaultAnswersBytes)}, nil
}

// Put implements [deferred.Store].
func (s *Answers) Put(ctx context.Context, a deferred.Answer) (kept bool, err error) {
	header := &bytes.Buffer{}
	if err := a.Header.Write(header); err != nil {
		return false, err
	}
	err = s.within(ctx, func(tx *sql.Tx) error {
		var state string
		err := tx.QueryRowContext(ctx, "SELECT state FROM answers WHERE id = ?", a.ID).Scan(&state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case state == string(deferred.Done) || a.State != deferred.Done:
			return nil
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE id = ?", a.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO answers (id, ticket, lane, state, status, header, body, cut, tried, taken, at, until, size)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.Ticket, a.Lane, string(a.State), a.Status, notNil(header.Bytes()), notNil(a.Body),
			a.Cut, a.Tried, nanos(a.Taken), nanos(a.At), nanos(a.Until), a.Size()); err != nil {
			return err
		}
		kept = true
		return s.makeRoom(ctx, tx, a.ID)
	})
	return kept && err == nil, err
}

// notNil: nil is NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// makeRoom forgets answers until those that are left fit, but not the newest.
func (s *Answers) makeRoom(ctx context.Context, tx *sql.Tx, newest string) error {
	for {
		var held int64
		if err := tx.QueryRowContext(ctx, "SELECT bytes FROM held").Scan(&held); err != nil || held <= s.max {
			return err
		}
		r, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE id = (SELECT id FROM answers WHERE id <> ? ORDER BY until LIMIT 1)", newest)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
}

// Get implements [deferred.Store].
func (s *Answers) Get(ctx context.Context, id string) (deferred.Answer, error) {
	a := deferred.Answer{ID: id}
	var header []byte
	var taken, at, until int64
	err := s.db.QueryRowContext(ctx, "SELECT ticket, lane, state, status, header, body, cut, tried, taken, at, until FROM answers WHERE id = ?", id).
		Scan(&a.Ticket, &a.Lane, &a.State, &a.Status, &header, &a.Body, &a.Cut, &a.Tried, &taken, &at, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return deferred.Answer{}, deferred.ErrNoAnswer
	}
	if err != nil {
		return deferred.Answer{}, s.wrap(err)
	}
	a.Taken, a.At, a.Until = moment(taken), moment(at), moment(until)
	if len(header) > 0 {
		h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(header, "\r\n"...)))).ReadMIMEHeader()
		if err != nil {
			return deferred.Answer{}, s.wrap(err)
		}
		a.Header = http.Header(h)
	}
	return a, nil
}

// expireStep is how many answers are forgotten in one transaction, so that
// writers do not wait long.
const expireStep = 500

// Expire implements [deferred.Store].
func (s *Answers) Expire(ctx context.Context, now time.Time) (n int, err error) {
	for {
		r, err := s.db.ExecContext(ctx, "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE until <= ? ORDER BY until LIMIT ?)", nanos(now), expireStep)
		if err != nil {
			return n, s.wrap(err)
		}
		gone, err := r.RowsAffected()
		if n += int(gone); err != nil || gone < expireStep {
			return n, s.wrap(err)
		}
	}
}

package outbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/daero/daero/relay"
)

// Tx is a transaction of the service's own database: a *sql.Tx, or a pgx.Tx
// through driver/postgres.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Bounds of a message. The log's own may be narrower: what it refuses becomes
// a dead row.
const (
	MaxBytes   = 16 << 20 // headers included
	maxHeaders = 64
	maxTopic   = 249
)

const insert = `INSERT INTO daero_outbox (id, topic, key, value, headers) VALUES ($1::text::uuid, $2, $3, $4, $5::text::jsonb)`

// Add writes messages into the outbox, in tx. A message is identified by its
// idempotency-key header, or else by the id of its row, which is made here. On
// an error tx must be rolled back.
func Add(ctx context.Context, tx Tx, ms ...*relay.Message) error {
	for _, m := range ms {
		if err := check(m); err != nil {
			return err
		}
		headers, err := EncodeHeaders(m.Headers)
		if err != nil {
			return err
		}
		value := m.Value
		if value == nil {
			value = []byte{} // the column is NOT NULL, so that nobody has to ask
		}
		if _, err := tx.ExecContext(ctx, insert, newID(), m.Topic, m.Key, value, headers); err != nil {
			return err
		}
	}
	return nil
}

func check(m *relay.Message) error {
	if !topicName(m.Topic) {
		return fmt.Errorf("topic %q: a name has 1 to %d letters, digits, dots, - and _", m.Topic, maxTopic)
	}
	if n := m.Size(); n > MaxBytes {
		return fmt.Errorf("a message of %d bytes: at most %d fit: keep what is large elsewhere, and send where it is", n, MaxBytes)
	}
	if n := len(m.Headers); n > maxHeaders {
		return fmt.Errorf("a message with %d headers: at most %d are kept", n, maxHeaders)
	}
	for _, h := range m.Headers {
		switch {
		case h.Name == "" || h.Name != strings.ToLower(h.Name):
			return fmt.Errorf("header %q: names are lower case", h.Name)
		case strings.HasPrefix(h.Name, relay.ReservedPrefix):
			return fmt.Errorf("header %q: names that begin with %s are the relay's own", h.Name, relay.ReservedPrefix)
		}
	}
	return nil
}

func topicName(s string) bool {
	for i := range len(s) {
		b := s[i]
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '.' && b != '_' && b != '-' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxTopic && s != "." && s != ".."
}

// newID makes a version 4 UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

package outbox

import (
	"context"
	"time"

	"github.com/daero/daero/relay"
)

// Source is an outbox table. driver/postgres has it.
type Source interface {
	// Lead waits until this process leads, calls lead, and gives the lead up
	// when that returns. At any time one process leads, except for a moment
	// after one was cut off from the database: then two may append the same
	// rows, and one of them can delete no more.
	Lead(ctx context.Context, lead func(context.Context, Session) error) error
	// Stats looks at the table.
	Stats(ctx context.Context) (Stats, error)
}

// Session is what the leader does. It is used by one goroutine at a time.
type Session interface {
	// Next returns the oldest rows that may be taken, in their order.
	Next(ctx context.Context, w Want) ([]Row, error)
	// Finish deletes rows: the log has them. Dead ones are put aside.
	Finish(ctx context.Context, done []int64, dead []Dead) error
	// Wait returns when rows may have come, or after a while.
	Wait(ctx context.Context, most time.Duration) error
}

// Want says which rows.
type Want struct {
	Rows, Bytes int // at most; one row of more bytes comes alone
	// Without leaves these topics out.
	Without []string
}

// Row is one message in the table.
type Row struct {
	Seq     int64
	ID      string
	Message *relay.Message
	// Broken says why there is no message in it, "" if there is.
	Broken string
}

// Dead is a row that the log will never take.
type Dead struct {
	Seq    int64
	Reason string
}

// Stats is how an outbox table fares.
type Stats struct {
	Depth  int64         // rows that wait, counted up to [MaxDepth]
	Oldest time.Duration // how long the oldest of them has
	Dead   int64         // rows that were put aside
	// Held is how many rows are committed and wait for a transaction that began
	// to write before theirs; HeldFor how long the oldest of them has.
	Held    int64
	HeldFor time.Duration
	// Writing is how long the oldest transaction that writes has been at it, as
	// far as this user may see: others' are seen with the role
	// pg_read_all_stats.
	Writing time.Duration
}

// MaxDepth is as far as rows are counted: looking should not take longer the
// worse things are.
const MaxDepth = 100_000

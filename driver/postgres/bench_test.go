package postgres_test

import (
	"database/sql"
	"testing"

	"github.com/daero/daero/driver/postgres/pgtest"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

// BenchmarkForward shows how fast rows of 1,000 keys go out to a log that
// answers at once, fsync on.
func BenchmarkForward(b *testing.B) {
	server := pgtest.Start(b, true)
	url := server.Database(b)
	pool, db := open(b, url), openSQL(b, url)
	_, err := db.ExecContext(b.Context(), `INSERT INTO daero_outbox (topic, key, value)
		SELECT 't', convert_to('k' || i % 1000, 'UTF8'), decode(repeat('00', 200), 'hex') FROM generate_series(1, $1) i`, b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	f, stop := forward(b, outbox.Config{Source: pool.Outbox(), Log: &log{}})
	until(b, "all rows", func() bool { return f.Counts().Forwarded == uint64(b.N) })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	stop()
}

// BenchmarkAdd shows what a message costs a transaction that does nothing else.
func BenchmarkAdd(b *testing.B) {
	server := pgtest.Start(b, true)
	url := server.Database(b)
	open(b, url)
	db := openSQL(b, url)
	m := &relay.Message{Topic: "t", Key: []byte("k"), Value: make([]byte, 200), Headers: []relay.Header{{Name: "content-type", Value: []byte("text/plain")}}}
	b.ReportAllocs()
	for b.Loop() {
		if err := within(b.Context(), db, func(tx *sql.Tx) error { return outbox.Add(b.Context(), tx, m) }); err != nil {
			b.Fatal(err)
		}
	}
}

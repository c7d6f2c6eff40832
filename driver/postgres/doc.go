// Package postgres keeps tables in PostgreSQL 13 or newer: the relay's outbox,
// what receivers have done, and the captcha's sites with what is counted about
// them.
//
// [DB.Migrate] makes the tables; whoever rolls out schemas by hand finds the
// same in [Schema]. A service needs only INSERT on daero_outbox; the forwarder
// SELECT, INSERT and DELETE on daero_outbox and daero_outbox_dead.
//
// The leader of an outbox is who holds an advisory lock of its session. Where
// a pooler like PgBouncer is in between, it must pool sessions, not
// transactions.
package postgres

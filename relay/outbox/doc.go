// Package outbox lets a service write a message in the transaction of its own
// database: both are there once it commits, or neither is. A [Forwarder] then
// takes messages out of the table and appends them to a log.
//
//	tx, err := db.BeginTx(ctx, nil)
//	…
//	row := tx.QueryRowContext(ctx, `SELECT … FROM orders WHERE id = $1 FOR UPDATE`, id)
//	…
//	err = outbox.Add(ctx, tx, &relay.Message{Topic: "orders", Key: id, Value: body})
//	…
//	err = tx.Commit()
//
// Order. Rows are numbered when they are inserted, and transactions commit in
// another order. So messages of one key keep the order of what they tell only
// if a transaction holds the lock of the entity when it inserts: first
// SELECT … FOR UPDATE or UPDATE the row that the key stands for, then Add.
//
// Nothing is passed over. A row is taken once every transaction that may have
// inserted one before it has ended: a reader that remembers the highest number
// it has seen would lose rows with lower numbers that commit later. The price
// is that one long transaction that writes, anywhere in the database server,
// holds up the outbox: see [Stats.HeldFor].
//
// Nothing is lost and something may come twice: a row is deleted when the log
// has it for good, and a process that dies in between leaves it for the next,
// which appends it again with the same idempotency key. The first of each
// message are in order all the same. Messages of one key are appended one at a
// time, each when the log has the one before: one key passes as fast as the log
// answers, some hundred a second.
//
// One forwarder leads, the others wait: see [Source].
package outbox

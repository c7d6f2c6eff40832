package outbox_test

import (
	"context"
	"database/sql"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/outbox"
)

func ExampleAdd() {
	// pay marks an order as paid, and tells of it: both or neither.
	pay := func(ctx context.Context, db *sql.DB, order string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // does nothing once it is committed
		// First the lock of what the key stands for, then the message: so the
		// messages of an order keep the order in which things happened.
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET paid = true WHERE id = $1`, order); err != nil {
			return err
		}
		m := &relay.Message{Topic: "orders", Key: []byte(order), Value: []byte(`{"paid":true}`)}
		if err := outbox.Add(ctx, tx, m); err != nil {
			return err
		}
		return tx.Commit()
	}
	_ = pay
}

package postgres_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/daero/daero/driver/postgres"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/inbox"
	"github.com/daero/daero/relay/outbox"
)

func ExampleDB_Outbox() {
	run := func(ctx context.Context, log relay.Log) error {
		db, err := postgres.Open(postgres.Config{URL: "postgres://shop@db.internal/shop?sslmode=verify-full"})
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		// Start as many as you like: one leads.
		f, err := outbox.New(outbox.Config{Source: db.Outbox(), Log: log, Name: "shop"})
		if err != nil {
			return err
		}
		return f.Run(ctx)
	}
	_ = run
}

func ExampleDB_Inbox() {
	db, err := postgres.Open(postgres.Config{URL: "postgres://shop@db.internal/shop?sslmode=verify-full"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	take := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	http.Handle("POST /orders", inbox.Handler(db.Inbox(), take))
}

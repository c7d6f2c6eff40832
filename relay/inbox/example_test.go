package inbox_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/daero/daero/relay/inbox"
)

func ExampleHandler() {
	orders := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Println("one order more")
		w.WriteHeader(http.StatusCreated)
	})
	// Use driver/postgres's store where a restart must not do a message again.
	h := inbox.Handler(inbox.NewMemory(0, nil), orders)

	for range 2 { // the answer to the first was lost on its way
		r := httptest.NewRequest(http.MethodPost, "/orders", nil)
		r.Header.Set("Idempotency-Key", "7b1f")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, "replayed:", w.Header().Get("Idempotency-Replayed") == "true")
	}
	// Output:
	// one order more
	// 201 replayed: false
	// 201 replayed: true
}

func ExampleOnce() {
	var db *sql.DB // open, with inbox.OnceSchema applied

	take := func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		defer func() { _ = tx.Rollback() }() // does nothing once it is committed
		_, err = inbox.Once(ctx, tx, inbox.KeyOf(r), func() error {
			_, err := tx.ExecContext(ctx, `UPDATE stock SET n = n - 1 WHERE sku = $1`, "A7")
			return err
		})
		if err != nil || tx.Commit() != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent) // also if it was done before
	}
	http.HandleFunc("POST /orders", take)
}

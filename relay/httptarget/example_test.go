package httptarget_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

func Example() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("taken:", r.Header.Get("Idempotency-Key"))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer shop.Close()

	target, err := httptarget.New(httptarget.Config{Name: "shop", URL: shop.URL + "/orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer target.Close()
	delivery := relay.Delivery{Name: "shop", Topics: []string{"orders"}, Handler: target.Handle}

	// The relay calls it, once for each attempt.
	m := &relay.Message{Topic: "orders", Partition: 3, Offset: 42, Value: []byte(`{"sku":"A7"}`)}
	fmt.Println(delivery.Handler(context.Background(), m).Verb)
	// Output:
	// taken: orders/3/42
	// ack
}

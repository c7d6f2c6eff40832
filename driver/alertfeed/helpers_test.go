package alertfeed_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"testing"
	"time"
)

// accept answers a WebSocket's key, as RFC 6455 has it.
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func contextWithStop() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}

// wait waits for what a test is about.
func wait(t *testing.T, otherwise string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(30 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal(otherwise)
		}
	}
}

package widget

import (
	"net/http"
	"testing"
	"time"
)

// Bare is a handler of a program without browser files.
func Bare(t *testing.T, p Platform) *Handler {
	t.Helper()
	h := &Handler{cfg: Config{Platform: p, Client: connection, Now: time.Now}, mux: http.NewServeMux()}
	h.routes()
	return h
}

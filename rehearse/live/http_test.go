package live_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

func TestHTTPOutcomes(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/served":
			w.WriteHeader(http.StatusCreated)
		case "/busy":
			w.Header().Set("Retry-After", "7")
			w.Header().Set(live.AppointmentHeader, "x"+r.Header.Get(live.AppointmentHeader))
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/dated":
			w.Header().Set("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/broken":
			panic(http.ErrAbortHandler)
		case "/slow":
			<-release
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer srv.Close()
	defer close(release)
	for path, want := range map[string]live.Result{
		"/served":  {Outcome: surge.OK},
		"/busy":    {Outcome: surge.Refused, RetryAfter: 7 * time.Second, Appointment: "xold"},
		"/dated":   {Outcome: surge.Refused},
		"/broken":  {Outcome: surge.Failed},
		"/slow":    {Outcome: surge.TimedOut},
		"/unknown": {Outcome: surge.Failed},
	} {
		h := live.NewHTTP(func(live.Attempt) (*http.Request, error) { return http.NewRequest("GET", srv.URL+path, nil) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if got := h.Send(ctx, live.Attempt{Appointment: "old"}); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
		cancel()
		h.Close()
	}
}

package daero_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane/appointment"
)

func TestAppointmentIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDaero(t, lanesOf(1)), newService()
		h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
		release := fill(t, h, s)
		first := do(h, get("/v1/login", "X-User-Id", "kim"))
		token := first.Header().Get("Daero-Appointment")

		time.Sleep(100 * time.Millisecond)
		early := do(h, get("/v1/login", "X-User-Id", "kim", "Daero-Appointment", token))
		if got := early.Header().Get("Daero-Appointment"); got != token {
			t.Errorf("who returns early got another appointment: %q, had %q", got, token)
		}
		release()

		time.Sleep(2 * time.Second)
		if w := do(h, get("/v1/login", "X-User-Id", "kim", "Daero-Appointment", token)); w.Code != 200 {
			t.Errorf("at its time: %d", w.Code)
		}
		counts := d.Snapshot().Appointments
		if counts["issued"] != 1 || counts["early"] != 1 || counts["ok"] != 1 {
			t.Errorf("counts %v", counts)
		}
		noneOut(t, d)
	})
}

func TestAppointmentCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDaero(t, lanesOf(1)), newService()
		h := d.Handler(s, daero.HandlerConfig{Classify: byPath})
		release := fill(t, h, s)
		w := do(h, get("/v1/login", "Accept", "text/html"))
		release()
		cookie, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
		if err != nil || !cookie.HttpOnly || cookie.Path != "/" || cookie.MaxAge < 600 || cookie.Secure {
			t.Fatalf("%v, %v", cookie, err)
		}
		time.Sleep(2 * time.Second)
		r := get("/v1/login", "Cookie", `theme=dark; x-daero-appointment-login=no; `+cookie.Name+"="+cookie.Value+`; last=1`)
		w = do(h, r)
		if w.Code != 200 || d.Snapshot().Appointments["ok"] != 1 {
			t.Errorf("status %d, %v", w.Code, d.Snapshot().Appointments)
		}
		if gone := w.Header().Get("Set-Cookie"); !strings.Contains(gone, cookie.Name+"=;") || !strings.Contains(gone, "Max-Age=0") {
			t.Errorf("a used appointment stays: %q", gone)
		}
		// The header wins over the cookie.
		do(h, with(r, "Daero-Appointment", "garbage"))
		if c := d.Snapshot().Appointments; c["ok"] != 1 || c["garbage"] != 1 {
			t.Errorf("counts %v", c)
		}
	})
}

// TestBadAppointmentsAreIgnored: they are counted and cost their bearer nothing.
func TestBadAppointmentsAreIgnored(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	h := d.Handler(newService(), daero.HandlerConfig{Classify: byPath})
	ours, _ := appointment.NewSigner(appointment.Config{Secrets: [][]byte{[]byte(strings.Repeat("s", 32))}})
	theirs, _ := appointment.NewSigner(appointment.Config{Secrets: [][]byte{[]byte(strings.Repeat("t", 32))}})
	now := time.Now()
	for result, token := range map[string]string{
		"garbage":  "%%%\xff",
		"oversize": strings.Repeat("A", 100_000),
		"forged":   theirs.Sign("login", 0, now, now),
		"foreign":  ours.Sign("message", 0, now, now),
		"expired":  ours.Sign("login", 0, now.Add(-time.Hour), now.Add(-time.Hour)),
	} {
		if w := do(h, get("/v1/login", "Daero-Appointment", token)); w.Code != 200 {
			t.Errorf("%s: status %d", result, w.Code)
		}
		if n := d.Snapshot().Appointments[result]; n != 1 {
			t.Errorf("%s counted %d times", result, n)
		}
	}
}

package daero_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// echo answers with what it was sent.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })

// TestSlowBodyHoldsNoPermit: a client sends one byte a second; the only place
// stays free for others all the while.
func TestSlowBodyHoldsNoPermit(t *testing.T) {
	for name, length := range map[string]int64{"length known": 30, "length unknown": -1, "larger than the buffer": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDaero(t, lanesOf(1))
				h := d.Handler(echo, daero.HandlerConfig{Classify: byPath})
				reader, writer := io.Pipe()
				r := httptest.NewRequest("POST", "/v1/login", reader)
				r.ContentLength = length
				w, done := httptest.NewRecorder(), make(chan struct{})
				go func() { h.ServeHTTP(w, r); close(done) }()
				for i := range 30 {
					io.WriteString(writer, string(rune('a'+i%26)))
					time.Sleep(time.Second)
					synctest.Wait()
					if n := d.Snapshot().Backends["default"].InFlight; n != 0 {
						t.Fatalf("after %d bytes %d permits are held", i+1, n)
					}
					if w := do(h, get("/v1/login")); w.Code != 200 {
						t.Fatalf("another client was refused: %d", w.Code)
					}
				}
				writer.Close()
				<-done
				if w.Code != 200 || w.Body.String() != "abcdefghijklmnopqrstuvwxyzabcd" {
					t.Errorf("%d %q", w.Code, w.Body)
				}
				noneOut(t, d)
			})
		})
	}
}

// TestBodyIsWhole: whatever is read ahead, the service gets all of it.
func TestBodyIsWhole(t *testing.T) {
	d := newDaero(t, lanesOf(10))
	for _, buffer := range []int64{-1, 1, 100, 0} {
		h := d.Handler(echo, daero.HandlerConfig{Classify: byPath, BodyBuffer: buffer})
		for _, size := range []int{1, 99, 100, 101, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 300_000} {
			want := strings.Repeat("0123456789abcdef", size/16+1)[:size]
			for _, known := range []bool{true, false} {
				r := httptest.NewRequest("POST", "/v1/login", io.MultiReader(strings.NewReader(want)))
				if r.ContentLength = -1; known {
					r.ContentLength = int64(size)
				}
				if got := do(h, r).Body.String(); got != want {
					t.Errorf("buffer %d, %d bytes, length known %v: got %d bytes", buffer, size, known, len(got))
				}
			}
		}
	}
	noneOut(t, d)
}

// TestBodyBudget: bodies of clients that dawdle hold a bounded memory; beyond
// it they are read later, and none is lost.
func TestBodyBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := daero.New(daero.Config{BodyBudget: 64 << 10, Plan: daero.Plan{
			Backends: map[string]lane.Config{"default": lanesOf(1000)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		h := d.Handler(echo, daero.HandlerConfig{Classify: byPath})
		const clients = 100
		done := make(chan string, clients)
		writers := make([]*io.PipeWriter, clients)
		for i := range writers {
			var reader *io.PipeReader
			reader, writers[i] = io.Pipe()
			go func() {
				r := httptest.NewRequest("POST", "/v1/message", reader)
				r.ContentLength = -1
				done <- do(h, r).Body.String()
			}()
			writers[i].Write([]byte("hello"))
		}
		synctest.Wait()
		if n := d.Snapshot().BodyBytes; n != 64<<10 {
			t.Errorf("%d bytes are held, want the budget of %d", n, 64<<10)
		}
		if n := d.Snapshot().Backends["default"].InFlight; n != 0 {
			t.Errorf("%d permits are held by clients that send nothing", n)
		}
		for _, w := range writers {
			w.Write([]byte(" world"))
			w.Close()
		}
		for range writers {
			if got := <-done; got != "hello world" {
				t.Errorf("got %q", got)
			}
		}
		noneOut(t, d)
	})
}

// TestBodyFails: a client that goes away while sending costs no permit.
func TestBodyFails(t *testing.T) {
	d := newDaero(t, lanesOf(1))
	h := d.Handler(echo, daero.HandlerConfig{Classify: byPath})
	r := httptest.NewRequest("POST", "/v1/login", io.MultiReader(strings.NewReader("half"), failing{}))
	r.ContentLength = 100
	if w := do(h, r); w.Code != 400 {
		t.Errorf("status %d", w.Code)
	}
	if l := laneOf(d, "login"); l.Passed[lane.Foreground] != 0 {
		t.Errorf("it got a permit")
	}
	noneOut(t, d)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// TestBodyOutlivesRequest: a transport may still read the body when the
// request has ended. The permit is given back once, when that read is over.
func TestBodyOutlivesRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDaero(t, lanesOf(1))
		read := make(chan error, 1)
		hasty := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go func() {
				_, err := r.Body.Read(make([]byte, 10))
				read <- err
			}()
			synctest.Wait() // until it blocks in Read
			w.WriteHeader(http.StatusBadRequest)
		})
		h := d.Handler(hasty, daero.HandlerConfig{Classify: byPath, BodyBuffer: -1})
		reader, writer := io.Pipe()
		r := httptest.NewRequest("POST", "/v1/login", reader)
		r.ContentLength = -1
		do(h, r)
		if n := d.Snapshot().Backends["default"].InFlight; n != 0 {
			t.Errorf("%d permits held after the end", n)
		}
		writer.Write([]byte("late"))
		if err := <-read; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		noneOut(t, d)
		if l := laneOf(d, "login"); l.Served != 1 || l.Dropped != 0 {
			t.Errorf("served %d, dropped %d", l.Served, l.Dropped)
		}
	})
}

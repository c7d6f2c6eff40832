package inbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Inbox makes messages happen once. It is safe for concurrent use.
type Inbox struct {
	store Store
	cfg   Config
	stats stats
}

// Stats counts what an Inbox has seen. They only grow.
type Stats struct {
	Done     uint64 // handled, and the answer was kept
	Refused  uint64 // handled, and the answer was not 2xx, so that nothing was kept
	Repeated uint64 // answered from the store
	Busy     uint64 // came while the same message was being worked on
	Other    uint64 // came with a known key and another content
	Late     uint64 // came after their key's time, and were done again: raise TTL
	Lapsed   uint64 // came after a lease that ran out, and may have been done twice
	Lost     uint64 // took longer than their lease, or the store failed once they were done
	Failed   uint64 // not handled: the store did not answer
	Invalid  uint64 // no key, or too large
}

type stats struct {
	done, refused, repeated, busy, other, late, lapsed, lost, failed, invalid atomic.Uint64
}

// New returns an Inbox over store.
func New(store Store, cfg Config) (*Inbox, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Inbox{store: store, cfg: cfg.withDefaults()}, nil
}

// Handler is [Inbox.Handler] with the defaults.
func Handler(store Store, next http.Handler) http.Handler {
	b := &Inbox{store: store, cfg: Config{}.withDefaults()}
	return b.Handler(next)
}

// Stats returns what b has seen.
func (b *Inbox) Stats() Stats {
	s := &b.stats
	return Stats{
		Done: s.done.Load(), Refused: s.refused.Load(), Repeated: s.repeated.Load(), Busy: s.busy.Load(), Other: s.other.Load(),
		Late: s.late.Load(), Lapsed: s.lapsed.Load(), Lost: s.lost.Load(), Failed: s.failed.Load(), Invalid: s.invalid.Load(),
	}
}

// Handler calls next for messages that were not done before. next's answer goes
// out once it is kept, or when it outgrows [Config.MaxAnswer].
func (b *Inbox) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := Key{Caller: b.cfg.Caller(r), ID: r.Header.Get("Idempotency-Key")}
		switch {
		case key.ID == "" && b.cfg.Optional:
			next.ServeHTTP(w, r)
		case key.ID == "", len(key.ID) > maxID:
			b.stats.invalid.Add(1)
			refuse(w, http.StatusBadRequest, 0, "no Idempotency-Key, or one of more than 8 KiB: send one that is the same each time the message is sent")
		default:
			b.handle(w, r, key, next)
		}
	})
}

func (b *Inbox) handle(w http.ResponseWriter, r *http.Request, key Key, next http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, b.cfg.MaxBody))
	if err != nil {
		b.stats.invalid.Add(1)
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			refuse(w, http.StatusRequestEntityTooLarge, 0, "the body is larger than "+strconv.FormatInt(b.cfg.MaxBody, 10)+" bytes")
			return
		}
		refuse(w, http.StatusBadRequest, 0, "the body ended early")
		return
	}
	want := Want{
		Key: key.Sum(), Lease: b.cfg.Lease,
		Content: sum(r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding"), string(body)),
	}
	_, _ = rand.Read(want.Token[:]) // never fails
	found, err := b.store.Claim(r.Context(), want)
	if err != nil {
		b.stats.failed.Add(1)
		refuse(w, http.StatusServiceUnavailable, retryFailed, "what was done before cannot be looked up: nothing was done")
		return
	}
	switch found.State {
	case Claimed:
		if found.Late {
			b.stats.late.Add(1)
		}
		if found.Lapsed {
			b.stats.lapsed.Add(1)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		b.work(w, r, want, next)
	case Done:
		b.stats.repeated.Add(1)
		replay(w, key, found.Answer)
	case Busy:
		b.stats.busy.Add(1)
		refuse(w, http.StatusConflict, min(found.Left, retryBusy), "the same message is being worked on")
	case Other:
		b.stats.other.Add(1)
		refuse(w, http.StatusUnprocessableEntity, 0, "this Idempotency-Key was used with another content: a new message needs a new key")
	}
}

// work calls the handler, keeps its answer, and sends it.
func (b *Inbox) work(w http.ResponseWriter, r *http.Request, want Want, next http.Handler) {
	ctx, cancel := context.WithTimeout(r.Context(), b.cfg.Lease)
	defer cancel()
	rec := &recorder{w: w, max: b.cfg.MaxAnswer}
	finished := false
	defer func() {
		// The client may be gone; what was done was done.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
		defer cancel()
		if !finished || rec.status/100 != 2 { // a panic, or no
			b.stats.refused.Add(1)
			_ = b.store.Release(ctx, want.Key, want.Token) // else the lease runs out
		} else if err := b.store.Finish(ctx, want.Key, want.Token, rec.answer(), b.cfg.TTL); err != nil {
			b.stats.lost.Add(1) // it is done all the same, and whoever sent it is told so
		} else {
			b.stats.done.Add(1)
		}
		if finished {
			rec.send()
		}
	}()
	next.ServeHTTP(rec, r.WithContext(ctx))
	rec.WriteHeader(http.StatusOK)
	finished = true
}

// replay answers as before.
func replay(w http.ResponseWriter, key Key, a Answer) {
	w.Header().Set("Idempotency-Replayed", "true")
	if a.Cut {
		w.Header().Set("Idempotency-Key", key.ID)
		refuse(w, http.StatusConflict, 0, "done before; the answer was too large to keep")
		return
	}
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // whoever asked may be gone
}

// refuse answers with a problem document (RFC 9457).
func refuse(w http.ResponseWriter, status int, after time.Duration, detail string) {
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

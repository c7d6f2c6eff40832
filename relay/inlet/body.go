package inlet

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/daero/daero/relay/cloudevent"
)

// held is a body in memory, and what it has taken of the budgets.
type held struct {
	bytes []byte
	taken int64
	h     *Inlet
	who   *writer
}

func (b *held) take(n int64) bool {
	b.taken += n
	total, own := b.h.held.Add(n), b.who.held.Add(n)
	return total <= b.h.cfg.Held && own <= b.h.cfg.Held/2
}

func (b *held) release() {
	if b.h == nil {
		return
	}
	b.h.held.Add(-b.taken)
	b.who.held.Add(-b.taken)
	b.taken, b.bytes = 0, nil
}

// firstChunk is the first step of reading. Steps double, so that a body that
// dawdles holds at most twice what has come.
const firstChunk = 4 << 10

// read reads the body, undoes gzip, and bounds both sides of it.
func (h *Inlet) read(w http.ResponseWriter, r *http.Request, who *writer, t *topic) (held, *problem) {
	if who.reading.Add(1) > int64(h.cfg.Reading) {
		who.reading.Add(-1)
		return held{}, h.tooMany("too many bodies of this writer are on their way")
	}
	defer who.reading.Add(-1)
	limit := int64(t.MaxBytes)
	if cloudevent.ModeOf(r.Header) == cloudevent.Structured {
		limit = limit*4/3 + 64<<10 // base64, and the attributes
	}
	if r.ContentLength > limit {
		return held{}, tooLarge(t.MaxBytes)
	}
	// Not every server can set a deadline; those that cannot have their own.
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(h.cfg.Within)) == nil {
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	var from io.Reader = r.Body
	if r.Body == nil {
		from = http.NoBody
	}
	b := held{h: h, who: who}
	if !compressed(r.Header) {
		return b, b.fill(from, r.ContentLength, limit, t.MaxBytes)
	}
	// What is compressed counts as well: else a stream of empty blocks has no end.
	wire := &io.LimitedReader{R: from, N: limit + gzipExtra}
	z, err := gzip.NewReader(wire)
	if err != nil {
		return b, unreadable(err, "the body is no gzip")
	}
	p := b.fill(z, -1, limit, t.MaxBytes)
	if p != nil && wire.N <= 0 {
		p = tooLarge(t.MaxBytes)
	}
	return b, p
}

// gzipExtra is more than gzip adds to what cannot be compressed.
const gzipExtra = 64 << 10

// fill reads until the end. limit is what may come.
func (b *held) fill(from io.Reader, announced, limit int64, most int) *problem {
	size := min(firstChunk, limit+1)
	if announced > 0 && announced < size {
		size = announced + 1 // room to see the end
	}
	for {
		if !b.take(size - b.taken) {
			return b.h.busy("there is no room for the body at present")
		}
		grown := make([]byte, len(b.bytes), size)
		copy(grown, b.bytes)
		b.bytes = grown
		for len(b.bytes) < cap(b.bytes) {
			n, err := from.Read(b.bytes[len(b.bytes):cap(b.bytes)])
			b.bytes = b.bytes[:len(b.bytes)+n]
			switch {
			case int64(len(b.bytes)) > limit:
				return tooLarge(most)
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return unreadable(err, "the body breaks off")
			}
		}
		size = min(2*size, limit+1)
	}
}

func unreadable(err error, what string) *problem {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &problem{status: http.StatusRequestTimeout, kind: "slow", title: "The body took too long", detail: "send it faster"}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{status: http.StatusRequestEntityTooLarge, kind: "too-large", title: "The message is too large", detail: "the server takes less"}
	}
	return bad(what)
}

func compressed(h http.Header) bool {
	v := h["Content-Encoding"]
	return len(v) == 1 && (strings.EqualFold(v[0], "gzip") || strings.EqualFold(v[0], "x-gzip"))
}

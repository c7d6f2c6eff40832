package bench

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress is a line on a terminal, once it takes longer than two seconds.
type progress struct {
	w      io.Writer
	began  time.Time
	last   time.Time
	shown  bool
	silent bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, began: time.Now(), silent: true}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.silent = err != nil || info.Mode()&os.ModeCharDevice == 0
	}
	return p
}

// at says that step i of n is at a part of it.
func (p *progress) at(i, n int, name string, done, of int) {
	now := time.Now()
	if p.silent || now.Sub(p.began) < 2*time.Second || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = now, true
	_, _ = fmt.Fprintf(p.w, "\r\x1b[K%3d of %d: %.50s %3d %%", i+1, n, name, 100*done/max(of, 1)) // it is but a line
}

// done takes the line away.
func (p *progress) done() {
	if p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
}

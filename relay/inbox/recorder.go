package inbox

import (
	"bytes"
	"net/http"
)

// recorder holds an answer back until it is kept, as long as it is small.
type recorder struct {
	w      http.ResponseWriter
	max    int
	status int
	body   bytes.Buffer
	passed bool // it outgrew max, and goes straight out
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.w.Header() }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 { // interim answers are nobody's here
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if !r.passed && r.body.Len()+len(b) <= r.max {
		return r.body.Write(b)
	}
	if !r.passed {
		r.send()
		r.passed = true
	}
	return r.w.Write(b)
}

// answer is what is kept.
func (r *recorder) answer() Answer {
	a := Answer{Status: r.status, ContentType: r.w.Header().Get("Content-Type"), Cut: r.passed}
	if !r.passed {
		a.Body = r.body.Bytes()
	}
	return a
}

// send lets out what is held.
func (r *recorder) send() {
	if r.passed {
		return
	}
	r.w.WriteHeader(r.status)
	_, _ = r.w.Write(r.body.Bytes()) // whoever asked may be gone
}

package daero

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// tracked remembers the status that a handler answered with.
type tracked struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter. Informational responses are not
// the answer, except 101, after which there is no other.
func (t *tracked) WriteHeader(status int) {
	if t.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (t *tracked) Write(p []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	return t.ResponseWriter.Write(p)
}

// ReadFrom implements io.ReaderFrom, so that the kernel can copy where it can.
func (t *tracked) ReadFrom(r io.Reader) (int64, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	if rf, ok := t.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{t.ResponseWriter}, r)
}

// Unwrap is for http.ResponseController.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Flush implements http.Flusher, for handlers that ask for it by assertion.
func (t *tracked) Flush() {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	_ = http.NewResponseController(t.ResponseWriter).Flush() // not every writer can; the interface has no way to say so
}

// Hijack implements http.Hijacker, for handlers that ask for it by assertion.
func (t *tracked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(t.ResponseWriter).Hijack()
}

var (
	_ io.ReaderFrom = (*tracked)(nil)
	_ http.Flusher  = (*tracked)(nil)
	_ http.Hijacker = (*tracked)(nil)
)

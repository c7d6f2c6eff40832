package httptarget

import (
	"bufio"
	"net"
	"strconv"
	"syscall"
	"time"
)

// conn is one connection. One exchange at a time uses it.
type conn struct {
	nc    net.Conn
	r     *bufio.Reader
	born  time.Time
	used  time.Time // when the last exchange began
	raw   syscall.RawConn
	quiet bool // what look found
	look  func(fd uintptr) bool
}

func newConn(nc net.Conn, now, deadline time.Time) (*conn, error) {
	c := &conn{nc: nc, r: bufio.NewReaderSize(nc, maxLine), born: now}
	if err := nc.SetDeadline(deadline); err != nil {
		nc.Close()
		return nil, err
	}
	c.watch()
	return c, nil
}

// abort ends an exchange under way.
func (c *conn) abort() { _ = c.nc.SetDeadline(time.Unix(1, 0)) } // fails only if closed

// exchange sends a request and reads its answer. again reports that the
// connection can carry another one.
func (c *conn) exchange(f *fields, body []byte, a *answer, limit int) (again bool, err error) {
	sent := c.send(f.wire, body)
	// Also where sending failed: a service may refuse a request before it has
	// read it whole.
	if _, err := c.r.Peek(1); err != nil {
		if sent != nil {
			err = sent
		}
		return false, &silentError{err}
	}
	var h head
	if err := readHead(c.r, f.value(0), &h); err != nil {
		return false, err
	}
	a.status, a.after, a.same = h.status, h.after, h.same
	var whole bool
	if a.text, whole, err = readBody(c.r, &h, limit, a.text); err != nil {
		return false, err
	}
	// Bytes that nobody asked for would be taken for the next answer.
	return whole && sent == nil && !h.close && c.r.Buffered() == 0, nil
}

func (c *conn) send(head, body []byte) error {
	if len(body) == 0 {
		_, err := c.nc.Write(head)
		return err
	}
	parts := net.Buffers{head, body}
	_, err := parts.WriteTo(c.nc)
	return err
}

// appendHead appends f as they travel, and the end of the head.
func (f *fields) appendHead(to []byte, length int) []byte {
	for i, name := range f.names {
		to = append(to, name...)
		to = append(to, ": "...)
		to = append(to, f.value(i)...)
		to = append(to, "\r\n"...)
	}
	to = append(to, "Content-Length: "...)
	to = strconv.AppendInt(to, int64(length), 10)
	return append(to, "\r\n\r\n"...)
}

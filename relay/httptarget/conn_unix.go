//go:build unix

package httptarget

import (
	"errors"
	"syscall"
)

// watch prepares alive.
func (c *conn) watch() {
	sc, ok := c.nc.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	c.raw = raw
	c.look = func(fd uintptr) bool {
		var b [1]byte
		_, err := syscall.Read(int(fd), b[:])
		c.quiet = errors.Is(err, syscall.EAGAIN)
		return true // looked; do not wait
	}
}

// alive reports whether an idle connection is open and silent. One that was
// closed meanwhile costs a message a second attempt; what came without being
// asked for would be taken for the answer to the next message.
func (c *conn) alive() bool {
	if c.raw == nil {
		return true
	}
	return c.raw.Read(c.look) == nil && c.quiet
}

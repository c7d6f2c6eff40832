package httptarget

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Bounds of the parser.
const (
	maxLine    = 8 << 10 // bytes of one line, which is also the reader's size
	maxInterim = 8       // answers like 103 before the answer
)

// What an answer is called that cannot be read.
var (
	errStatusLine = &garbageError{"no status line"}
	errField      = &garbageError{"a header is malformed"}
	errLong       = &garbageError{"a header is longer than 8 KiB"}
	errMany       = &garbageError{"its headers have no end"}
	errLength     = &garbageError{"its length is malformed, or said twice"}
	errEncoding   = &garbageError{"its transfer encoding is not chunked"}
	errSwitch     = &garbageError{"it switches protocols"}
	errInterim    = &garbageError{"interim answers without end"}
	errChunk      = &garbageError{"a chunk is malformed"}
)

// head is what decides of an answer's status line and headers.
type head struct {
	status  int
	length  int64 // of the body, -1 if not said
	chunked bool
	close   bool   // the connection ends with the answer
	after   string // Retry-After
	same    bool   // Idempotency-Key is that of the request
}

// bodiless reports whether an answer has no body, whatever its headers say.
func (h *head) bodiless() bool { return h.status == 204 || h.status == 304 }

// readHead reads a status line and headers, past interim answers. id is the
// idempotency key of the request.
//
// It is stricter than net/http, and never reads an answer another way: what
// could be read in two ways is refused.
func readHead(r *bufio.Reader, id []byte, h *head) error {
	left := maxHead
	for range maxInterim {
		if err := readOne(r, id, h, &left); err != nil {
			return err
		}
		if h.status >= 200 {
			return nil
		}
		if h.status == 101 {
			return errSwitch
		}
	}
	return errInterim
}

func readOne(r *bufio.Reader, id []byte, h *head, left *int) error {
	line, err := readLine(r, left)
	if err != nil {
		return err
	}
	*h = head{length: -1}
	one, err := h.statusLine(line)
	if err != nil {
		return err
	}
	keep := false
	for range maxHeadLines {
		line, err := readLine(r, left)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			h.close = h.close || !one && !keep
			if h.chunked && (h.length >= 0 || !one) {
				return errLength
			}
			return nil
		}
		if err := h.field(line, id, &keep); err != nil {
			return err
		}
	}
	return errMany
}

// readLine returns a line without its end, valid until the next read.
func readLine(r *bufio.Reader, left *int) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if *left -= len(line); *left < 0 {
		return nil, errMany
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errLong
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// statusLine reads HTTP/1.x SP 3DIGIT [SP reason]; one reports version 1.1.
func (h *head) statusLine(line []byte) (one bool, err error) {
	const start = len("HTTP/1.1 ")
	if len(line) < start+3 || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' {
		return false, errStatusLine
	}
	for _, b := range line[start : start+3] {
		if b < '0' || b > '9' {
			return false, errStatusLine
		}
		h.status = h.status*10 + int(b-'0')
	}
	rest := line[start+3:]
	if h.status < 100 || len(rest) > 0 && rest[0] != ' ' || !clean(rest) {
		return false, errStatusLine
	}
	return line[7] == '1', nil
}

// field takes in one header.
func (h *head) field(line, id []byte, keep *bool) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return errField
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	if !token(name) || !clean(value) {
		return errField
	}
	switch len(name) {
	case len("Connection"):
		if is(name, "connection") {
			h.connection(value, keep)
		}
	case len("Retry-After"):
		if is(name, "retry-after") && h.after == "" {
			h.after = string(value)
		}
	case len("Content-Length"):
		if is(name, "content-length") {
			return h.setLength(value)
		}
	case len("Idempotency-Key"):
		if is(name, "idempotency-key") {
			h.same = len(id) > 0 && bytes.Equal(value, id)
		}
	case len("Transfer-Encoding"):
		if is(name, "transfer-encoding") {
			if h.chunked || !is(value, "chunked") {
				return errEncoding
			}
			h.chunked = true
		}
	}
	return nil
}

func (h *head) connection(value []byte, keep *bool) {
	for option := range bytes.SplitSeq(value, []byte{','}) {
		switch option = bytes.Trim(option, " \t"); {
		case is(option, "close"):
			h.close = true
		case is(option, "keep-alive"):
			*keep = true
		}
	}
}

func (h *head) setLength(value []byte) error {
	if len(value) == 0 || len(value) > 18 { // 18 digits fit an int64
		return errLength
	}
	var n int64
	for _, b := range value {
		if b < '0' || b > '9' {
			return errLength
		}
		n = n*10 + int64(b-'0')
	}
	if h.length >= 0 && h.length != n {
		return errLength
	}
	h.length = n
	return nil
}

// is reports whether b is word, which is lower case, in any case.
func is(b []byte, word string) bool {
	return len(b) == len(word) && strings.EqualFold(string(b), word)
}

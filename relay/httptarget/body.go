package httptarget

import (
	"bufio"
	"errors"
	"io"
)

// readBody reads the body that h announces, at most limit bytes of it with what
// frames it, and keeps the first of it in text, up to its capacity. whole
// reports that it was read to its end; without an error and not whole it was
// cut off at the limit.
func readBody(r *bufio.Reader, h *head, limit int, text []byte) (kept []byte, whole bool, err error) {
	switch {
	case h.bodiless():
		return text, true, nil
	case h.chunked:
		return readChunks(r, limit, text)
	case h.length >= 0:
		n := int(min(h.length, int64(limit)))
		if text, err = take(r, n, text); err != nil {
			return text, false, err
		}
		return text, int64(n) == h.length, nil
	}
	// It ends with the connection.
	h.close = true
	for n := 0; n < limit; {
		got, err := buffered(r, limit-n)
		if got > 0 {
			n += got
			text, _ = take(r, got, text)
		}
		if errors.Is(err, io.EOF) {
			return text, true, nil
		}
		if err != nil {
			return text, false, err
		}
	}
	return text, false, nil
}

// buffered waits for bytes, and returns how many there are, up to most.
func buffered(r *bufio.Reader, most int) (int, error) {
	_, err := r.Peek(1)
	return min(r.Buffered(), most), err
}

// take reads n bytes, and keeps what text has room for.
func take(r *bufio.Reader, n int, text []byte) ([]byte, error) {
	if keep := min(n, cap(text)-len(text)); keep > 0 {
		got, err := io.ReadFull(r, text[len(text):len(text)+keep])
		text = text[:len(text)+got]
		if err != nil {
			return text, cutShort(err)
		}
		n -= keep
	}
	_, err := r.Discard(n)
	return text, cutShort(err)
}

// cutShort: the end of a connection within a body is no end of the body.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readChunks reads a chunked body. limit bounds its data and its framing each.
func readChunks(r *bufio.Reader, limit int, text []byte) ([]byte, bool, error) {
	data, framing := limit, limit+maxHead
	for {
		size, err := chunkSize(r, &framing)
		if err != nil {
			return text, false, err
		}
		if size == 0 {
			return text, true, readTrailer(r)
		}
		n := int(min(size, int64(data)))
		if text, err = take(r, n, text); err != nil {
			return text, false, err
		}
		if data -= n; int64(n) < size || framing <= 0 {
			return text, false, nil
		}
		var end [2]byte
		if _, err := io.ReadFull(r, end[:]); err != nil {
			return text, false, cutShort(err)
		}
		if end != [2]byte{'\r', '\n'} {
			return text, false, errChunk
		}
	}
}

// chunkSize reads 1*HEXDIG CRLF. Extensions, which nobody sends, are refused.
func chunkSize(r *bufio.Reader, framing *int) (int64, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return 0, errChunk
		}
		return 0, cutShort(err)
	}
	*framing -= len(line)
	digits := len(line) - 2
	if digits < 1 || digits > 15 || line[digits] != '\r' { // 15 digits fit an int64
		return 0, errChunk
	}
	var n int64
	for _, b := range line[:digits] {
		switch {
		case '0' <= b && b <= '9':
			b -= '0'
		case 'a' <= b && b <= 'f':
			b -= 'a' - 10
		case 'A' <= b && b <= 'F':
			b -= 'A' - 10
		default:
			return 0, errChunk
		}
		n = n<<4 | int64(b)
	}
	return n, nil
}

// readTrailer reads past the fields after the last chunk. Like chunks, and unlike
// the head, their lines end with CR LF.
func readTrailer(r *bufio.Reader) error {
	left := maxHead
	for range maxHeadLines {
		line, err := readLine(r, &left)
		if err != nil {
			return err
		}
		if n := len(line); line[:n+1][n] != '\r' {
			return errChunk
		}
		if len(line) == 0 {
			return nil
		}
		var ignored head
		var keep bool
		if err := ignored.field(line, nil, &keep); err != nil {
			return err
		}
	}
	return errMany
}

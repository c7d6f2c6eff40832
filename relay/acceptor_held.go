package relay

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"
)

// heldMessage is a message in the spool.
//
//	byte 1 | run 8 | time, unix nano 8 | topic | key | value | n | n x (name, value)
//
// Integers are little endian or uvarint; a text is its length plus one, 0 for
// nil, and its bytes.
type heldMessage struct {
	m   *Message // nil if the entry cannot be read
	run uint64
}

const (
	heldVersion = 1
	heldHead    = 1 + 8 + 8
)

var errHeld = errors.New("the entry is none of ours")

// runID names a process.
func runID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

func appendHeld(b []byte, m *Message, run uint64) []byte {
	b = append(b, heldVersion)
	b = binary.LittleEndian.AppendUint64(b, run)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.Time.UnixNano()))
	b = appendText(b, []byte(m.Topic))
	b = appendText(b, m.Key)
	b = appendText(b, m.Value)
	b = binary.AppendUvarint(b, uint64(len(m.Headers)))
	for _, h := range m.Headers {
		b = appendText(b, []byte(h.Name))
		b = appendText(b, h.Value)
	}
	return b
}

func appendText(b, text []byte) []byte {
	if text == nil {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(text))+1)
	return append(b, text...)
}

// decodeHeld is the inverse of appendHeld. What it returns shares b's bytes.
func decodeHeld(b []byte) (heldMessage, error) {
	if len(b) < heldHead || b[0] != heldVersion {
		return heldMessage{}, errHeld
	}
	h := heldMessage{run: binary.LittleEndian.Uint64(b[1:])}
	m := &Message{Partition: -1, Time: time.Unix(0, int64(binary.LittleEndian.Uint64(b[9:])))}
	r := heldReader{b: b[heldHead:]}
	m.Topic = string(r.text())
	m.Key = r.text()
	m.Value = r.text()
	n := r.uvarint()
	if n > uint64(len(r.b))/2 { // a header takes two bytes at least
		return heldMessage{}, errHeld
	}
	m.Headers = make([]Header, 0, n+1)
	for range n {
		name := string(r.text())
		m.Headers = append(m.Headers, Header{name, r.text()})
	}
	if r.bad || len(r.b) > 0 || TopicName(m.Topic) != nil {
		return heldMessage{}, errHeld
	}
	h.m = m
	return h, nil
}

type heldReader struct {
	b   []byte
	bad bool
}

func (r *heldReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *heldReader) text() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	if n--; n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	text := r.b[:n:n]
	r.b = r.b[n:]
	return text
}

// rejected is a line about what the log refuses for good. Bytes are in base64.
type rejected struct {
	At      time.Time `json:"at"`
	Why     string    `json:"why"`
	Topic   string    `json:"topic,omitempty"`
	Key     []byte    `json:"key,omitempty"`
	Value   []byte    `json:"value,omitempty"`
	Headers []Header  `json:"headers,omitempty"`
	// Entry is what could not be read.
	Entry []byte `json:"entry,omitempty"`
}

func rejectedLine(now time.Time, why string, h heldMessage, raw []byte) ([]byte, error) {
	r := rejected{At: now, Why: why}
	if h.m == nil {
		r.Entry = raw
	} else {
		r.Topic, r.Key, r.Value, r.Headers = h.m.Topic, h.m.Key, h.m.Value, h.m.Headers
	}
	return json.Marshal(r)
}

package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daero/daero/relay/gate"
)

// Names of headers of dead letters, besides [HeaderLastError] and
// [HeaderLastStatus]. Values are text, offsets and times too; times are in
// RFC 3339.
const (
	DeadTopic      = "daero-dlq-topic"
	DeadPartition  = "daero-dlq-partition"
	DeadOffset     = "daero-dlq-offset"
	DeadTimestamp  = "daero-dlq-timestamp"
	DeadGroup      = "daero-dlq-group"
	DeadTarget     = "daero-dlq-target"
	DeadAttempts   = "daero-dlq-attempts"
	DeadFirstError = "daero-dlq-first-error"
	DeadLastError  = "daero-dlq-last-error"
	DeadStatus     = "daero-dlq-status"
	DeadFailedAt   = "daero-dlq-failed-at"
	// DeadCut says how many of the message's own headers were left out, for room.
	DeadCut = "daero-dlq-headers-cut"

	deadPrefix   = "daero-dlq-"
	springPrefix = "kafka_dlt-"
)

// Bounds of a dead letter's headers (F26).
const (
	maxReason          = 512      // bytes of an error
	maxDeadHeaderBytes = 32 << 10 // of the message's own
	maxDeadHeaders     = 256
)

// bury makes a dead letter of a message, which is the first of its key. It
// stays where it is until it is kept there (F25).
func (d *delivery) bury(u *unit) {
	d.trouble(u).bury = true
	d.gate.Stand(u, gate.Aside)
}

// startBury begins to keep a dead letter, unless there are so many that the
// target must be broken: then nothing is delivered for a while (F24).
func (d *delivery) startBury(u *unit, now time.Time) {
	it := &u.Value
	t := it.t
	if !t.token && !d.flood.Take(now) {
		at := d.flood.Next(now, float64(d.DeadLetters.PerMinute)/4)
		if !d.flooded {
			d.flooded = true
			d.repause = true
			d.pending.Store(true)
			d.tell(now, Event{What: DeadLettersFull, Why: fmt.Sprintf("more than %d dead letters in a minute: the target is taken to be broken, and deliveries pause until %s, or until somebody resumes them", d.DeadLetters.PerMinute, at.UTC().Format(time.RFC3339))})
		}
		d.block(u, at, gate.Aside)
		return
	}
	t.token = true
	it.p.out++
	d.hand(move{u, d.deadLetter(u, now), func(err error) { d.buried(u, err) }})
}

// buried is told what became of a dead letter.
func (d *delivery) buried(u *unit, err error) {
	now := time.Now()
	d.mu.Lock()
	it := &u.Value
	p := it.p
	d.cameBack(p)
	switch {
	case p.gone:
	case err == nil:
		d.count.dead++
		d.dead++
		d.tellDead(now)
		d.finish(u, now)
	default:
		t := it.t
		t.moveFails++
		wait := d.backoff(p).Wait(t.moveFails, d.rnd)
		if isTooLarge(err) && !t.slim {
			t.slim, wait = true, 0
		}
		d.block(u, now.Add(wait), gate.Aside)
		if wait > 0 {
			d.tellOnce(now, Event{What: ConsumeFailed, Partition: p.Partition.String(), Why: fmt.Sprintf("a dead letter could not be kept in %s, and its key waits: %v", d.DeadLetters.Topic, err)})
		}
	}
	d.dispatch(now)
	d.mu.Unlock()
	d.flush()
}

func isTooLarge(err error) bool { return errors.Is(err, ErrTooLarge) }

// tellDead tells of the first dead letter of a minute, and how many there were
// since the one told before.
func (d *delivery) tellDead(now time.Time) {
	if d.tellOnce(now, Event{What: DeadLettered, Why: fmt.Sprintf("%d dead letters went to %s since this was last told", d.dead, d.DeadLetters.Topic)}) {
		d.dead = 0
	}
}

// deadLetter makes the dead letter of a unit.
func (d *delivery) deadLetter(u *unit, now time.Time) *Message {
	it := &u.Value
	m, t := it.m, it.t
	dead := &Message{Topic: d.DeadLetters.Topic, Key: m.Key, Value: m.Value, Time: m.Time, Partition: -1}
	first := t.firstError
	if before := m.Header(DeadFirstError); before != nil {
		first = bounded(string(before), maxReason) // of before it was redriven
	}
	dead.Headers = ownHeaders(m, t.slim)
	add := func(name, value string) {
		if value != "" {
			dead.Headers = append(dead.Headers, Header{name, []byte(value)})
		}
	}
	if m.Header(HeaderOrigin) == nil || t.slim {
		add(HeaderOrigin, m.Position().String())
	}
	add(HeaderLastError, t.lastError)
	if t.status != 0 {
		add(HeaderLastStatus, strconv.Itoa(t.status))
		add(DeadStatus, strconv.Itoa(t.status))
	}
	add(DeadTopic, m.Topic)
	add(DeadPartition, strconv.Itoa(int(m.Partition)))
	add(DeadOffset, strconv.FormatInt(m.Offset, 10))
	add(DeadTimestamp, m.Time.UTC().Format(time.RFC3339Nano))
	add(DeadGroup, d.Group)
	add(DeadTarget, d.Name)
	add(DeadAttempts, strconv.Itoa(t.attempts))
	add(DeadFirstError, first)
	add(DeadLastError, t.lastError)
	add(DeadFailedAt, now.UTC().Format(time.RFC3339Nano))
	d.addSpring(dead, m, t)
	return dead
}

// addSpring adds what tools of Spring for Apache Kafka read. Numbers are
// big-endian, as its byte arrays are.
func (d *delivery) addSpring(dead, m *Message, t *trouble) {
	why := "daero.relay.RetriesExhausted"
	if t.rejected {
		why = "daero.relay.Rejected"
	}
	dead.Headers = append(dead.Headers,
		Header{springPrefix + "original-topic", []byte(m.Topic)},
		Header{springPrefix + "original-partition", binary.BigEndian.AppendUint32(nil, uint32(m.Partition))},
		Header{springPrefix + "original-offset", binary.BigEndian.AppendUint64(nil, uint64(m.Offset))},
		Header{springPrefix + "original-timestamp", binary.BigEndian.AppendUint64(nil, uint64(m.Time.UnixMilli()))},
		Header{springPrefix + "original-timestamp-type", []byte("LogAppendTime")},
		Header{springPrefix + "original-consumer-group", []byte(d.Group)},
		Header{springPrefix + "exception-fqcn", []byte(why)},
		Header{springPrefix + "exception-message", []byte(t.lastError)})
}

// ownHeaders are a message's headers without those of an earlier death, as many
// as there is room for; with slim only those that it needs to be itself.
func ownHeaders(m *Message, slim bool) (hs []Header) {
	bytes, cut := 0, 0
	for _, h := range m.Headers {
		if isDeadHeader(h.Name) {
			continue
		}
		needed := h.Name == HeaderID || h.Name == HeaderWriter || h.Name == HeaderRedriven
		bytes += len(h.Name) + len(h.Value)
		if !needed && (slim || bytes > maxDeadHeaderBytes || len(hs) >= maxDeadHeaders) {
			cut++
			continue
		}
		hs = append(hs, h)
	}
	if cut > 0 {
		hs = append(hs, Header{DeadCut, strconv.AppendInt(nil, int64(cut), 10)})
	}
	return hs
}

// isDeadHeader reports whether a header says how a message died.
func isDeadHeader(name string) bool {
	return strings.HasPrefix(name, deadPrefix) || strings.HasPrefix(name, springPrefix) || name == HeaderLastError || name == HeaderLastStatus
}

// bounded cuts a text to so many bytes of valid UTF-8.
func bounded(s string, n int) string {
	if len(s) > n {
		s = s[:n]
		for len(s) > 0 {
			if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	return strings.ToValidUTF8(s, "?")
}

package httptarget

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/daero/daero/relay"
)

// fields are the headers of one request: names, and their values one after the
// other in one buffer, which is used again.
type fields struct {
	names []string
	ends  []int
	buf   []byte
	wire  []byte // the whole request as it travels, for plainWay
}

func (f *fields) reset() { f.names, f.ends, f.buf = f.names[:0], f.ends[:0], f.buf[:0] }

// end closes the value that was appended to buf.
func (f *fields) end(name string) {
	f.names = append(f.names, name)
	f.ends = append(f.ends, len(f.buf))
}

func (f *fields) value(i int) []byte {
	start := 0
	if i > 0 {
		start = f.ends[i-1]
	}
	return f.buf[start:f.ends[i]]
}

func (f *fields) text(name, v string) {
	f.buf = append(f.buf, v...)
	f.end(name)
}

func (f *fields) number(name string, n int64) {
	f.buf = strconv.AppendInt(f.buf, n, 10)
	f.end(name)
}

// raw passes v on if a header can carry it.
func (f *fields) raw(name string, v []byte) {
	v = bytes.Trim(v, " \t")
	if len(v) == 0 || !clean(v) {
		return
	}
	f.buf = append(f.buf, v...)
	f.end(name)
}

// encoded passes v on, percent-encoded where it must be.
func (f *fields) encoded(name string, v []byte) {
	f.buf = appendPercent(f.buf, v)
	f.end(name)
}

// appendPercent encodes as CloudEvents' HTTP binding does: what is not
// printable ASCII, space, " and %.
func appendPercent[S ~string | ~[]byte](to []byte, v S) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(v) {
		b := v[i]
		if b <= ' ' || b >= 0x7f || b == '"' || b == '%' {
			to = append(to, '%', hex[b>>4], hex[b&15])
		} else {
			to = append(to, b)
		}
	}
	return to
}

// message fills in what belongs to m. forward holds lower-case names.
func (f *fields) message(m *relay.Message, forward map[string]string) {
	if id := m.Header(relay.HeaderID); len(id) > 0 {
		f.encoded("Idempotency-Key", id)
	} else {
		f.buf = appendPercent(f.buf, m.ID())
		f.end("Idempotency-Key")
	}
	f.buf = appendPercent(f.buf, m.Topic)
	f.end("Daero-Topic")
	f.number("Daero-Partition", int64(m.Partition))
	f.number("Daero-Offset", m.Offset)
	f.number("Daero-Attempt", int64(max(m.Attempt, 1)))
	f.number("Daero-Epoch", m.Epoch)
	if m.Key != nil && len(m.Key) <= maxKey {
		f.encoded("Daero-Key", m.Key)
		if n := len(f.ends); len(f.value(n-1)) > maxKey {
			f.buf = f.buf[:f.ends[n-2]]
			f.names, f.ends = f.names[:n-1], f.ends[:n-1]
		}
	}
	typed, event := false, false
	for i := range m.Headers {
		h := &m.Headers[i]
		switch h.Name {
		case relay.HeaderID: // done
		case relay.HeaderContentType:
			if !typed && clean(h.Value) && len(h.Value) > 0 {
				typed = true
				f.raw("Content-Type", h.Value)
			}
		case relay.HeaderTrace:
			f.raw("Traceparent", h.Value)
		case "tracestate":
			f.raw("Tracestate", h.Value)
		case "content-encoding":
			f.raw("Content-Encoding", h.Value)
		case relay.HeaderWriter:
			f.encoded("Daero-Writer", h.Value)
		case relay.HeaderRedriven:
			f.encoded("Daero-Redriven", h.Value)
		default:
			event = f.other(h, forward) || event
		}
	}
	if !typed && !event { // of an event it is an attribute, and may be missing
		f.text("Content-Type", "application/octet-stream")
	}
}

// other passes on CloudEvents attributes, and what is configured. It reports
// whether h is an attribute.
func (f *fields) other(h *relay.Header, forward map[string]string) bool {
	if attribute, ok := strings.CutPrefix(h.Name, "ce_"); ok {
		name := attributeHeader(attribute)
		if name != "" {
			f.encoded(name, h.Value)
		}
		return name != ""
	}
	if name, ok := forward[h.Name]; ok {
		f.raw(name, h.Value)
	}
	return false
}

// attributeHeader names the header of a CloudEvents attribute, "" if that is
// no attribute: their names are lower-case letters and digits.
func attributeHeader(attribute string) string {
	switch attribute { // those that every event has
	case "id":
		return "Ce-Id"
	case "source":
		return "Ce-Source"
	case "type":
		return "Ce-Type"
	case "specversion":
		return "Ce-Specversion"
	case "time":
		return "Ce-Time"
	case "subject":
		return "Ce-Subject"
	case "":
		return ""
	}
	for i := range len(attribute) {
		if b := attribute[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return ""
		}
	}
	return "Ce-" + strings.ToUpper(attribute[:1]) + attribute[1:]
}

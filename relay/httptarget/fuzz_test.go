package httptarget_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/daero/daero/relay/httptarget"
)

// FuzzAnswer: what the parser reads, net/http reads too, and as the same. The
// other way round it may refuse more.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 204\r\n\r\n",
		"HTTP/1.0 503 Busy\nRetry-After: 7\n\nbusy",
		"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n",
		"HTTP/1.1 409 Conflict\r\nIdempotency-Key:\tid-1 \r\nConnection: close, X\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
		"HTTP/1.1 200 OK\r\n X: folded\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
		"HTTP/1.1 200 \nTransfer-Encoding: chunked\n\n0\r\n\n",
		"HTTP/1.1 999 \r\nContent-Length: 5\r\n\r\nab",
	} {
		f.Add([]byte(s), 100)
	}
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		limit = limit&0xffff + 1
		status, after, same, text, whole, err := httptarget.Read(bytes.NewReader(in), "id-1", limit)
		// However the bytes are cut into reads.
		status2, after2, same2, text2, whole2, err2 := httptarget.Read(iotest.OneByteReader(bytes.NewReader(in)), "id-1", limit)
		if status != status2 || after != after2 || same != same2 || !bytes.Equal(text, text2) || whole != whole2 || (err == nil) != (err2 == nil) {
			t.Fatalf("read at once: %d %q %t %q %t %v\nbyte by byte: %d %q %t %q %t %v",
				status, after, same, text, whole, err, status2, after2, same2, text2, whole2, err2)
		}
		if len(text) > 4<<10 || len(text) > limit {
			t.Fatalf("kept %d bytes, limit %d", len(text), limit)
		}
		if err != nil {
			return
		}
		status2, head, body, err := netHTTP(in)
		if head == nil {
			t.Fatalf("read as %d, and net/http refuses it: %v", status, err)
		}
		if status2 != status || head.Get("Retry-After") != after {
			t.Fatalf("read as %d %q, net/http as %d %q", status, after, status2, head.Get("Retry-After"))
		}
		if whole && err != nil {
			t.Fatalf("whole with %q, and net/http breaks off after %q: %v", text, body, err)
		}
		if n := min(len(body), len(text)); !bytes.Equal(text[:n], body[:n]) || whole && len(body) < 4<<10 && len(body) != len(text) {
			t.Fatalf("body %q, net/http's %q", text, body)
		}
		if same && !strings.Contains(strings.Join(head.Values("Idempotency-Key"), ","), "id-1") {
			t.Fatalf("taken as the same: %v", head)
		}
	})
}

// netHTTP reads an answer past interim ones, and its body.
func netHTTP(in []byte) (status int, head http.Header, body []byte, err error) {
	r := bufio.NewReader(bytes.NewReader(in))
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodPost})
		if err != nil {
			return 0, nil, nil, err
		}
		if resp.StatusCode/100 == 1 {
			resp.Body.Close()
			continue
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, resp.Header, body, err
	}
}

// FuzzTarget: no message makes a request that a server cannot read, or reads
// with a header that the message has no say in.
func FuzzTarget(f *testing.F) {
	f.Add("orders", "key", "content-type", "text/plain\r\nX-Evil: 1", "ce_id", "a\x00b")
	f.Add("a b", "\xff", "idempotency-key", "\r\n\r\nPOST / HTTP/1.1", "traceparent", "00-1\n")
	f.Fuzz(func(t *testing.T, topic, key, name1, value1, name2, value2 string) {
		wire := httptarget.Wire(topic, key, name1, value1, name2, value2)
		r := bufio.NewReader(bytes.NewReader(wire))
		req, err := http.ReadRequest(r)
		if err != nil {
			t.Fatalf("%v: %q", err, wire)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil || string(body) != "body" || r.Buffered() > 0 || req.Method != "POST" || req.URL.Path != "/take" {
			t.Fatalf("%v, body %q: %q", err, body, wire)
		}
		for name := range req.Header {
			switch {
			case strings.HasPrefix(name, "Daero-"), strings.HasPrefix(name, "Ce-"), strings.HasPrefix(name, "Webhook-"):
			case name == "Idempotency-Key", name == "Content-Type", name == "Content-Length", name == "User-Agent",
				name == "Traceparent", name == "Tracestate", name == "Content-Encoding", name == "Tenant":
			default:
				t.Fatalf("header %q: %q", name, wire)
			}
		}
	})
}

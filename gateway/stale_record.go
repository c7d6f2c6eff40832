package gateway

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/cachecontrol/cacheobject"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// recorder passes an answer on as it comes and remembers it on the way. Where
// it turns out that the answer must not be kept, it only passes it on.
type recorder struct {
	http.ResponseWriter
	kept   *answers
	before http.Header // what handlers in front of us had set
	status int
	off    bool

	public   bool
	header   http.Header
	vary     []string
	age      time.Duration
	length   int64 // as the answer says; -1: it does not
	body     []byte
	reserved int64
}

// WriteHeader implements http.ResponseWriter.
func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		rec.status = status
		rec.off = rec.off || status != http.StatusOK || !rec.consider(rec.ResponseWriter.Header())
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (rec *recorder) Write(p []byte) (int, error) {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	n, err := rec.ResponseWriter.Write(p)
	if rec.off {
		return n, err
	}
	if err != nil || int64(len(rec.body)+n) > maxStaleBody || !rec.kept.room(int64(n)) {
		rec.drop()
		return n, err
	}
	rec.reserved += int64(n)
	rec.body = append(rec.body, p[:n]...)
	return n, nil
}

// Unwrap is for http.ResponseController.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// Flush implements http.Flusher, for handlers that ask for it by assertion.
func (rec *recorder) Flush() {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(rec.ResponseWriter).Flush() // not every writer can; the interface has no way to say so
}

// Hijack implements http.Hijacker. What follows is not an answer.
func (rec *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	rec.drop()
	return http.NewResponseController(rec.ResponseWriter).Hijack()
}

// drop stops recording.
func (rec *recorder) drop() {
	rec.off, rec.body = true, nil
	rec.kept.recording.Add(-rec.reserved)
	rec.reserved = 0
}

// consider looks at an answer's headers and reports whether it may be kept.
func (rec *recorder) consider(h http.Header) bool {
	rec.header = http.Header{}
	for name, values := range h {
		if slices.Equal(values, rec.before[name]) || slices.Contains(notKept, name) {
			continue
		}
		rec.header[name] = slices.Clone(values)
	}
	rec.length = -1
	if text := h.Get("Content-Length"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > maxStaleBody {
			return false
		}
		rec.length = n
	}
	if seconds, err := strconv.Atoi(h.Get("Age")); err == nil && seconds > 0 {
		rec.age = time.Duration(min(seconds, 1<<30)) * time.Second
	}
	var ok bool
	rec.public, ok = mayKeep(h)
	if !ok {
		return false
	}
	rec.vary, ok = varyOf(h)
	return ok
}

// notKept are headers that belong to one connection or to one moment.
var notKept = []string{
	"Age", "Alt-Svc", "Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Cache-Status",
}

// mayKeep reports whether an answer may be kept at all, and whether for
// everyone (RFC 9111, sections 3 and 5.2.2). What the service wants asked for
// anew each time is not kept, although the playbook would allow it to be old.
func mayKeep(h http.Header) (public, ok bool) {
	if len(h["Set-Cookie"]) > 0 || len(h["Trailer"]) > 0 || len(h["Content-Range"]) > 0 || strings.Contains(strings.ToLower(h.Get("Pragma")), "no-cache") {
		return false, false
	}
	if strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") {
		return false, false
	}
	cc, err := cacheobject.ParseResponseCacheControl(strings.Join(h["Cache-Control"], ", "))
	if err != nil || cc.NoStore || cc.PrivatePresent || cc.NoCachePresent || cc.MustRevalidate || cc.ProxyRevalidate {
		return false, false
	}
	return cc.Public || cc.SMaxAge >= 0, true
}

// varyOf returns the headers of the request by which an answer differs. One
// that differs by more than headers is not kept.
func varyOf(h http.Header) (names []string, ok bool) {
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			switch name = strings.TrimSpace(name); name {
			case "":
			case "*":
				return nil, false
			default:
				names = append(names, http.CanonicalHeaderKey(name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// recording is a handler whose answers are remembered.
type recording struct {
	next caddyhttp.Handler
	kept *answers
	by   asker
	safe bool // it may be recorded; else it is told whether it changed anything
}

// ServeHTTP implements caddyhttp.Handler.
func (c *recording) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	rec := &recorder{ResponseWriter: w, kept: c.kept, off: !c.safe}
	if c.safe {
		rec.before = w.Header().Clone()
	}
	defer func() { rec.drop() }() // also when next panics
	err := c.next.ServeHTTP(rec, r)
	if err != nil || r.Context().Err() != nil {
		return err
	}
	if !c.safe {
		if rec.status >= 200 && rec.status < 400 {
			c.kept.cache.Invalidate(c.by.shared) // RFC 9111, section 4.4
			c.kept.cache.Invalidate(c.by.own)
		}
		return nil
	}
	c.keep(rec, r)
	return nil
}

// keep remembers a whole answer: for everyone if it is public, for its user if
// there is one.
func (c *recording) keep(rec *recorder, r *http.Request) {
	if rec.off || rec.status == 0 || rec.length >= 0 && rec.length != int64(len(rec.body)) {
		return
	}
	key := c.by.shared
	if !rec.public {
		if !c.by.known {
			return
		}
		key = c.by.own
	}
	c.kept.keep(key, r, &answer{at: time.Now(), age: rec.age, header: rec.header, body: slices.Clip(rec.body)}, rec.vary)
}

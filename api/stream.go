package api

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/live"
)

// Bounds of streams.
const (
	maxStreams  = 200 // in all
	maxStreamsN = 20  // of one operator
	// streamBehind is how many events a watcher may be behind: one that reads
	// slower loses the stream, and comes back.
	streamBehind  = 32
	streamBeat    = 5 * time.Second
	streamRecheck = 15 * time.Second
	streamWrite   = 10 * time.Second
)

// subscriber is one who watches.
type subscriber struct {
	who    string
	frames chan []byte   // closed with the stream
	ended  chan struct{} // closed when it is over, and why says why
	why    string
}

// frame writes an event as a stream has it.
func frame(event string, id int64, data []byte) []byte {
	b := make([]byte, 0, len(data)+64)
	b = append(b, "event: "+event+"\n"...)
	if id != 0 {
		b = append(b, "id: "+strconv.FormatInt(id, 10)+"\n"...)
	}
	b = append(b, "data: "...)
	b = append(b, data...) // JSON has no line ends
	return append(b, "\n\n"...)
}

// send gives a frame to who watches. mu is held.
func (p *Pulse) send(f []byte) {
	for s := range p.subs {
		select {
		case s.frames <- f:
		default:
			p.drop(s, "slow")
		}
	}
}

// sendEvent sends an event to who watches. mu is held.
func (p *Pulse) sendEvent(ev live.Event) {
	if len(p.subs) == 0 {
		return
	}
	if data, err := json.Marshal(ev); err == nil {
		p.send(frame("audit", ev.ID, data))
	}
}

// Job tells who watches how a rehearsal fares.
func (p *Pulse) Job(doc any) {
	data, err := json.Marshal(doc)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send(frame("job", 0, data))
}

// drop ends a stream. mu is held.
func (p *Pulse) drop(s *subscriber, why string) {
	if _, there := p.subs[s]; there {
		delete(p.subs, s)
		s.why = why
		close(s.ended)
	}
}

// end ends all streams, and there will be no more.
func (p *Pulse) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for s := range p.subs {
		p.drop(s, "shutdown")
	}
}

// Streams is how many watch.
func (p *Pulse) Streams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.subs)
}

// errStreams is that of one stream too many.
var errStreams = problem{
	Status: http.StatusServiceUnavailable, Kind: "streams", Title: "Too many are watching",
	Detail: "close a tab of the console, or ask GET now instead",
}

// subscribe begins a stream, with the events after an ID. whole is false if some
// of those are gone.
func (p *Pulse) subscribe(who string, after int64) (s *subscriber, missed []live.Event, whole bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := 0
	for other := range p.subs {
		if other.who == who {
			mine++
		}
	}
	if p.closed || len(p.subs) >= maxStreams || mine >= maxStreamsN {
		return nil, nil, false, errStreams
	}
	s = &subscriber{who: who, frames: make(chan []byte, streamBehind), ended: make(chan struct{})}
	p.subs[s] = struct{}{}
	whole = true
	if after > 0 {
		missed, whole = p.feed.After(after)
	}
	return s, missed, whole, nil
}

func (p *Pulse) leave(s *subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(s, "left")
}

// helloDoc is the first event of a stream.
type helloDoc struct {
	Build string    `json:"build"`
	At    time.Time `json:"at"`
	Last  int64     `json:"last"` // ID of the newest event
}

// gapDoc says that events are missing, from the one after an ID on.
type gapDoc struct {
	From int64 `json:"from"`
}

// byeDoc is the last event of a stream that ends on purpose.
type byeDoc struct {
	Reason string `json:"reason"` // shutdown, session, slow
	Retry  int    `json:"retry_ms"`
}

func showStream(c *call) error {
	p, err := c.pulse()
	if err != nil {
		return err
	}
	after, err := lastEvent(c.r)
	if err != nil {
		return err
	}
	s, missed, whole, err := p.subscribe(c.who, after)
	if err != nil {
		return err
	}
	defer p.leave(s)
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in between is not to collect events
	c.w.WriteHeader(http.StatusOK)
	out := &streamer{rc: http.NewResponseController(c.w), w: c.w, clock: time.Now}
	out.event("hello", helloDoc{c.Build, c.Now(), p.lastEvent()})
	if !whole {
		out.event("gap", gapDoc{after})
	}
	for _, ev := range missed {
		out.audit(ev)
	}
	out.event("now", p.Now(c.Now()))
	if why := c.stream(out, s); why != "" {
		out.event("bye", byeDoc{why, 500 + rand.IntN(2000)}) //nolint:gosec // spreads those who come back
	}
	return nil
}

// stream sends until the stream is over, and returns why if it is on purpose.
func (c *call) stream(out *streamer, s *subscriber) (why string) {
	beat, recheck := time.NewTicker(streamBeat), time.NewTicker(streamRecheck)
	defer beat.Stop()
	defer recheck.Stop()
	for out.err == nil {
		select {
		case <-c.r.Context().Done():
			return ""
		case <-c.Ending:
			return "shutdown"
		case <-s.ended:
			return s.why
		case f := <-s.frames:
			out.write(f)
		case <-beat.C:
			out.write([]byte(": \n\n"))
		case <-recheck.C:
			if c.again() != nil {
				return "session"
			}
		}
	}
	return ""
}

// again reports whether who watches still may.
func (c *call) again() error {
	ctx, cancel := context.WithTimeout(c.r.Context(), streamWrite)
	defer cancel()
	later := &call{API: c.API, w: discarding{}, r: c.r.WithContext(ctx)}
	err := later.admit(Route{Method: http.MethodGet, Path: Prefix + "stream", Role: store.Viewer})
	if p, ok := errors.AsType[problem](err); ok && p.Status >= http.StatusInternalServerError {
		return nil // a store that is away ends nobody's stream
	}
	return err
}

// discarding is a response that nobody gets.
type discarding struct{}

func (discarding) Header() http.Header         { return http.Header{} }
func (discarding) Write(b []byte) (int, error) { return len(b), nil }
func (discarding) WriteHeader(int)             {}

// streamer writes events, each within a time.
type streamer struct {
	rc    *http.ResponseController
	w     http.ResponseWriter
	clock func() time.Time
	err   error // the first
}

func (o *streamer) event(name string, doc any) {
	data, err := json.Marshal(doc)
	if err != nil {
		o.err = err
		return
	}
	o.write(frame(name, 0, data))
}

func (o *streamer) audit(ev live.Event) {
	if data, err := json.Marshal(ev); err == nil {
		o.write(frame("audit", ev.ID, data))
	}
}

func (o *streamer) write(f []byte) {
	if o.err != nil {
		return
	}
	if err := o.rc.SetWriteDeadline(o.clock().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		o.err = err
		return
	}
	if _, o.err = o.w.Write(f); o.err == nil {
		o.err = o.rc.Flush()
	}
}

func (p *Pulse) lastEvent() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.feed.Last()
}

// lastEvent is the ID after which a stream goes on: browsers send it as a
// header by themselves, programs may as a query.
func lastEvent(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if q := r.URL.Query().Get("last"); q != "" {
		text = q
	}
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, bad("Last-Event-ID " + clip(text) + ": give the id of an event")
	}
	return id, nil
}

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	maxStreamsN = 20  // of one session, or of one token
	// streamBehind is how many events a watcher may be behind: one that reads
	// slower loses the stream, and comes back.
	streamBehind  = 32
	streamBeat    = 5 * time.Second
	streamRecheck = 15 * time.Second
	streamWrite   = 10 * time.Second
)

// topics are what a stream is about, as bits.
type topics uint8

const (
	topicNow   topics = 1 << iota // what is, once a second and when something changes
	topicAudit                    // what happens
	topicJobs                     // how a rehearsal fares
	topicAll   = topicNow | topicAudit | topicJobs
)

var topicNames = map[string]topics{"now": topicNow | topicAudit, "audit": topicAudit, "jobs": topicJobs}

// subscriber is one who watches.
type subscriber struct {
	who    string
	topics topics
	frames chan []byte   // the same bytes for all who watch
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

// send gives a frame to who watches a topic. mu is held.
func (p *Pulse) send(topic topics, f []byte) {
	for s := range p.subs {
		if s.topics&topic == 0 {
			continue
		}
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
		p.send(topicAudit, frame("audit", ev.ID, data))
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
	p.send(topicJobs, frame("job", 0, data))
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
func (p *Pulse) subscribe(who string, about topics, after int64) (s *subscriber, missed []live.Event, whole bool, err error) {
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
	s = &subscriber{who: who, topics: about, frames: make(chan []byte, streamBehind), ended: make(chan struct{})}
	p.subs[s] = struct{}{}
	whole = true
	if after > 0 && about&topicAudit != 0 {
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
	// Build names the program: a page of another one is to be loaded again.
	Build string    `json:"build"`
	At    time.Time `json:"at"`
	NowID int64     `json:"now_id"` // ID of the newest event
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
	about, after, err := streamQuery(c.r)
	if err != nil {
		return err
	}
	s, missed, whole, err := p.subscribe(c.watcher(), about, after)
	if err != nil {
		c.w.Header().Set("Retry-After", "10")
		return err
	}
	defer p.leave(s)
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	// A proxy in between is neither to collect events nor to compress them.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.w.WriteHeader(http.StatusOK)
	out := &streamer{rc: http.NewResponseController(c.w), w: c.w, clock: time.Now}
	out.event("hello", helloDoc{c.Build, c.Now(), p.lastEvent()})
	if !whole {
		out.event("gap", gapDoc{after})
	}
	for _, ev := range missed {
		out.audit(ev)
	}
	if about&topicNow != 0 {
		out.event("now", p.Now(c.Now()))
	}
	if why := c.stream(out, s); why != "" {
		out.event("bye", byeDoc{why, p.retryOf(why)})
	}
	return nil
}

// watcher names the session or the token that a stream is counted for.
func (c *call) watcher() string {
	if c.session != nil {
		return c.session.ID
	}
	return c.who
}

// retryOf is how many milliseconds to wait before coming back: different for
// each, so that not all come at once; steps of the golden ratio leave no gap and
// no run. Who was slow waits longer.
func (p *Pulse) retryOf(why string) int {
	least := 500
	if why == "slow" {
		least = 3000
	}
	return least + int(p.byes.Add(1)*927%1500)
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
	if err != nil && problemOf(err).Status >= http.StatusInternalServerError {
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

// streamQuery reads what a stream is to be about, and the ID of the event after
// which it goes on: browsers send that as a header by themselves, programs may
// as a query.
func streamQuery(r *http.Request) (about topics, after int64, err error) {
	q := r.URL.Query()
	about = topicAll
	if text := q.Get("topics"); text != "" {
		about = 0
		for name := range strings.SplitSeq(text, ",") {
			t, known := topicNames[name]
			if !known {
				return 0, 0, bad(fmt.Sprintf("topics %q: use now, audit and jobs", clip(text)))
			}
			about |= t
		}
	}
	text := r.Header.Get("Last-Event-ID")
	if last := q.Get("last"); last != "" {
		text = last
	}
	if text = strings.TrimSpace(text); text == "" {
		return about, 0, nil
	}
	after, err = strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, 0, bad(fmt.Sprintf("Last-Event-ID %q: give the id of an event", clip(text)))
	}
	return about, after, nil
}

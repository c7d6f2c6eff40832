// Package feedserver is an alert feed that plays a script, for tests and
// rehearsals. It serves the same events in every format that alertfeed reads:
//
//	/cap/atom.xml                  Atom feed with the CAP alerts in it
//	/cap/links.xml                 Atom feed with links to them
//	/cap/latest.xml                the last CAP alert
//	/cap/{name}.xml                one CAP alert
//	/usgs/all_hour.geojson         USGS summary feed
//	/p2pquake/v2/ws                P2PQuake's WebSocket
//	/pews/data/{time}.b            KMA PEWS, time as UTC yyyymmddHHMMSS
//	/pews/data/{number}/{time}.b   its replay of 2017000407, Pohang
//
// Events are written from public facts, with their times moved to now. What a
// format cannot say it does not: there are no tests in USGS's and PEWS's feeds.
package feedserver

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Server serves a feed. It is safe for concurrent use.
type Server struct {
	mux    *http.ServeMux
	script []Event

	streams sync.WaitGroup
	done    chan struct{} // closed by Close

	mu        sync.Mutex
	closed    bool
	published []message
	listeners map[chan []byte]struct{}
}

// message is an event that was published.
type message struct {
	Event
	serial int       // of its ID, from 1
	at     time.Time // when it was published
	origin time.Time // when it happened
}

// New returns a Server that plays events once [Server.Play] is called. It
// starts nothing.
func New(events ...Event) *Server {
	s := &Server{script: events, done: make(chan struct{}), listeners: map[chan []byte]struct{}{}, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /cap/{name}", s.serveCAP)
	s.mux.HandleFunc("GET /usgs/all_hour.geojson", s.serveUSGS)
	s.mux.HandleFunc("GET /p2pquake/v2/ws", s.serveP2PQuake)
	s.mux.HandleFunc("GET /pews/data/{file}", s.servePEWS)
	s.mux.HandleFunc("GET /pews/data/{number}/{file}", s.servePEWSReplay)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Play publishes the script, each event at its time after the call. It returns
// nil after the last one, or the reason why ctx ended.
func (s *Server) Play(ctx context.Context) error {
	start := time.Now()
	for _, e := range inOrder(s.script) {
		wait := time.NewTimer(time.Until(start.Add(e.After)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return context.Cause(ctx)
		case <-wait.C:
		}
		s.Publish(time.Now(), e)
	}
	return nil
}

// Publish makes an event known, at once. The first of an ID says when it
// happened; what comes later with that ID replaces or cancels it.
func (s *Server) Publish(now time.Time, e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := message{Event: e, serial: 1, at: now, origin: now.Add(-e.Age)}
	for _, p := range s.published {
		if p.ID != e.ID {
			continue
		}
		m.serial, m.origin = p.serial+1, p.origin
		if e.Kind == Again {
			m = p
		}
	}
	if e.Kind != Again {
		s.published = append(s.published, m)
	}
	for l := range s.listeners {
		select {
		case l <- p2pquake(m):
		default: // who does not read misses it, as from the real one
		}
	}
}

// Close ends all streams and waits for them. http.Server does not know of them.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errors.New("feedserver: closed twice")
	}
	s.closed = true
	close(s.done)
	s.mu.Unlock()
	s.streams.Wait()
	return nil
}

// listen registers a stream; leave ends it. ok is false once closed.
func (s *Server) listen() (l chan []byte, leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, false
	}
	s.streams.Add(1)
	l = make(chan []byte, 16)
	s.listeners[l] = struct{}{}
	return l, func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
		s.streams.Done()
	}, true
}

// until returns what was published up to a time.
func (s *Server) until(t time.Time) (out []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.published {
		if !m.at.After(t) {
			out = append(out, m)
		}
	}
	return out
}

// Listeners is how many streams are open.
func (s *Server) Listeners() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.listeners)
}

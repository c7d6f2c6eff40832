package deferred

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of waiting for an end.
const (
	longestPoll = 25 * time.Second
	mostPolls   = 10_000
	lookEvery   = time.Second // at the Store, for what is delivered elsewhere
)

// ServeHTTP tells whoever brings a ticket how far its request is, or gives the
// answer as the service gave it. It takes GET and HEAD at [Prefix] and a ticket.
// Prefer: wait=20 waits for the end, up to 25 seconds.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := d.settings.Load()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "ask with GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	text, found := strings.CutPrefix(r.URL.Path, s.Prefix)
	t, ours := s.mint.read(text)
	if !found || !ours || t.user != 0 && s.User != nil && t.user != userTag(s.User(r)) {
		// Whether there is such a ticket is no stranger's business.
		s.tell(w, r, report{status: http.StatusNotFound, say: sayNothing, header: Unknown})
		return
	}
	wait, asked := preference(r)
	if asked && d.polls.Add(1) > mostPolls {
		wait = 0
	}
	if asked {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
		defer d.polls.Add(-1)
	}
	rep, a, err := d.find(r.Context(), s, &t, text, wait)
	switch {
	case err != nil:
		d.counts.stores.Add(1)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the answers cannot be looked at right now", http.StatusServiceUnavailable)
	case a != nil && a.State == Done:
		s.replay(w, r, a)
	default:
		s.tell(w, r, rep)
	}
}

// preference reads Prefer: wait=N.
func preference(r *http.Request) (wait time.Duration, asked bool) {
	for _, line := range r.Header["Prefer"] {
		for p := range strings.SplitSeq(line, ",") {
			v, ok := strings.CutPrefix(strings.TrimSpace(p), "wait=")
			if n, err := strconv.ParseUint(v, 10, 16); ok && err == nil {
				return min(time.Duration(n)*time.Second, longestPoll), true
			}
		}
	}
	return 0, false
}

// find returns what there is to tell, or the service's answer, and waits for
// its end as long as is asked for.
func (d *Desk) find(ctx context.Context, s *settings, t *ticket, text string, wait time.Duration) (report, *Answer, error) {
	var timeout <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		timeout = timer.C
	}
	id := t.id()
	for {
		now := time.Now()
		// First the line, then the Store: who ends goes into the Store first.
		st, here := d.lines.look(id, now)
		if !here {
			a, err := s.Answers.Get(ctx, id)
			if err == nil && a.Until.After(now) {
				return ended(&a), &a, nil
			}
			if err != nil && !errors.Is(err, ErrNoAnswer) {
				return report{}, nil, err
			}
			st = standing{state: Waiting, ticket: text, taken: t.takenAt(), until: t.until()}
			if rep, over := s.nowhere(t, st, now); over {
				return rep, nil, nil
			}
		}
		rep := report{status: http.StatusAccepted, say: sayWaiting, st: st, local: here, header: st.state}
		switch st.state {
		case Delivering:
			rep.say = sayDelivering
		case Unknown:
			rep.say, rep.key = sayDoubt, text
		}
		if timeout == nil {
			return rep, nil, nil
		}
		var look <-chan time.Time
		if !here {
			look = time.After(lookEvery)
		}
		select {
		case <-st.ended:
		case <-look:
		case <-ctx.Done():
			return rep, nil, nil
		case <-timeout:
			timeout = nil
		}
	}
}

// nowhere is what there is to tell about a ticket of ours of which there is no
// trace here: while its time runs it waits, here before a restart or elsewhere;
// after that nobody knows, and in the end nobody needs to.
func (s *settings) nowhere(t *ticket, st standing, now time.Time) (rep report, over bool) {
	answersFor := DefaultAnswersFor
	if c := s.tags[t.lane]; c != nil {
		answersFor = c.AnswersFor
	}
	switch {
	case now.After(st.until.Add(answersFor)):
		return report{status: http.StatusNotFound, say: sayNothing, header: Unknown}, true
	case t.doubt:
		return report{status: http.StatusNotFound, say: sayDoubt, st: st, key: st.ticket, header: Unknown}, true
	case now.After(st.until.Add(overdue)):
		return report{status: http.StatusGatewayTimeout, say: sayExpiredTried, st: st, header: Expired}, true
	}
	return rep, false
}

// ended is what there is to tell about a request that has ended.
func ended(a *Answer) report {
	rep := report{say: sayDone, st: standing{state: a.State, ticket: a.Ticket, taken: a.Taken}, header: a.State}
	switch a.State {
	case Done:
		rep.cut = a.Cut
	case Failed:
		rep.status, rep.say = http.StatusBadGateway, sayFailed
	case Expired:
		rep.status, rep.say = http.StatusGatewayTimeout, sayExpired
		if a.Tried {
			rep.say = sayExpiredTried
		}
	}
	return rep
}

// replay gives the service's answer as it came, but for a body that was not
// kept.
func (s *settings) replay(w http.ResponseWriter, r *http.Request, a *Answer) {
	if a.Cut > 0 {
		rep := ended(a)
		if rep.status = a.Status; a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
			rep.status = http.StatusOK
		}
		s.tell(w, r, rep)
		return
	}
	h := w.Header()
	tag := `"done-` + a.ID + `"`
	h.Set("Etag", tag)
	h.Set(Header, string(Done))
	h.Set("Cache-Control", "no-store")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	maps.Copy(h, a.Header)
	if _, said := h["Content-Type"]; !said {
		h["Content-Type"] = nil // or net/http would guess one
	}
	h.Set(Header+"-At", a.At.UTC().Format(time.RFC3339))
	if a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
	if r.Method != http.MethodHead {
		w.Write(a.Body)
	}
}

package alertfeed_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/driver/alertfeed/feedserver"
)

// TestOutageShows cuts the line: the reason shows, the last time heard stays,
// and once the line is back the feed is heard again.
func TestOutageShows(t *testing.T) {
	for name, cfg := range feeds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := feedserver.New()
				feed, w := run(t, s, cfg)
				time.Sleep(3 * time.Second)
				if r := feed.Read(time.Now()); r.At.IsZero() || r.Note != "" {
					t.Fatalf("at first: %+v, want heard", r)
				}
				w.setCut(true)
				time.Sleep(10 * time.Minute)
				r := feed.Read(time.Now())
				if time.Since(r.At) < 9*time.Minute || r.Value != 0 || !strings.Contains(r.Note, "feed.test: the line is cut") {
					t.Errorf("during the outage: %+v (heard %s ago)", r, time.Since(r.At))
				}
				w.setCut(false)
				time.Sleep(6 * time.Minute) // the longest wait
				if r := feed.Read(time.Now()); time.Since(r.At) > time.Minute || r.Note != "" {
					t.Errorf("after it: %+v (heard %s ago)", r, time.Since(r.At))
				}
			})
		})
	}
}

// TestHangingUpIsNormal lets a WebSocket live for half an hour, in which the
// server hangs up three times.
func TestHangingUpIsNormal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := feedserver.New()
		feed, _ := run(t, s, feeds["p2pquake"])
		for range 30 * 60 / 5 {
			time.Sleep(5 * time.Second)
			if r := feed.Read(time.Now()); time.Since(r.At) > 31*time.Second || r.Note != "" {
				t.Fatalf("%+v (heard %s ago)", r, time.Since(r.At))
			}
		}
		s.Publish(time.Now(), feedserver.Pohang2017()[0])
		time.Sleep(time.Second)
		if r := feed.Read(time.Now()); r.Value != 1 {
			t.Errorf("after it all: %+v", r)
		}
	})
}

// TestSilentConnectionIsLeft has a server that accepts and then says nothing,
// not even to a ping.
func TestSilentConnectionIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dialled atomic.Int32
		feed, _ := run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			dialled.Add(1)
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(buf, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-WebSocket-Key")))
			_ = buf.Flush()
			for b := make([]byte, 512); err == nil; {
				_, err = conn.Read(b) // and never a word
			}
		}), feeds["p2pquake"])
		time.Sleep(5 * time.Minute)
		if n := dialled.Load(); n < 3 || n > 10 {
			t.Errorf("connected %d times in five minutes, want a few", n)
		}
		if r := feed.Read(time.Now()); r.Value != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// answers counts what a handler is asked.
type answers struct {
	n    atomic.Int32
	give func(n int, w http.ResponseWriter, r *http.Request)
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.give(int(a.n.Add(1)), w, r)
}

func TestConditionalGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := feedserver.New()
		s.Publish(time.Now(), feedserver.Pohang2017()[0])
		var same atomic.Int32
		h := &answers{give: func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				same.Add(1)
			}
			s.ServeHTTP(w, r)
		}}
		feed, _ := run(t, h, feeds["cap"])
		time.Sleep(30 * time.Second)
		if r := feed.Read(time.Now()); r.Value != 1 || time.Since(r.At) > 2*time.Second {
			t.Errorf("%+v", r)
		}
		if n := h.n.Load(); n < 25 || n > 35 || same.Load() != n-1 {
			t.Errorf("asked %d times in 30 s, %d of them for what is new: want about 30, all but the first", n, same.Load())
		}
		_ = s.Close()
	})
}

// TestLinksAreFetchedOnce, and only what is on the feed's host.
func TestLinksAreFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := feedserver.New()
		s.Publish(time.Now(), feedserver.Pohang2017()[0])
		var documents atomic.Int32
		h := &answers{give: func(_ int, w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/cap/2017") {
				documents.Add(1)
			}
			s.ServeHTTP(w, r)
		}}
		feed, _ := run(t, h, feeds["links"])
		time.Sleep(30 * time.Second)
		if r := feed.Read(time.Now()); r.Value != 1 || documents.Load() != 1 {
			t.Errorf("%+v; fetched %d documents, want 1", r, documents.Load())
		}
		_ = s.Close()
	})
}

func TestLinksElsewhereAreNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &answers{give: func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.Host != "feed.test" || r.URL.Path != "/cap/links.xml" {
				t.Errorf("asked %s%s", r.Host, r.URL.Path)
			}
			fmt.Fprint(w, `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><link href="http://169.254.169.254/meta"/></entry><entry><id>b</id><link href="https://feed.test/x"/></entry><entry><id>c</id><link href="file:///etc/passwd"/></entry></feed>`)
		}}
		feed, _ := run(t, h, feeds["links"])
		time.Sleep(5 * time.Second)
		if r := feed.Read(time.Now()); r.Value != 0 || r.At.IsZero() || !strings.Contains(r.Note, "another host") {
			t.Errorf("%+v, want heard, with a note about the links", r)
		}
	})
}

func TestRedirectElsewhereIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &answers{give: func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.Host != "feed.test" {
				t.Errorf("asked %s, with key %q", r.Host, r.Header.Get("X-Key"))
			}
			http.Redirect(w, r, "http://elsewhere.test/", http.StatusFound)
		}}
		cfg := feeds["usgs"]
		cfg.Header = http.Header{"X-Key": {"secret"}}
		feed, _ := run(t, h, cfg)
		time.Sleep(5 * time.Second)
		if r := feed.Read(time.Now()); !r.At.IsZero() || !strings.Contains(r.Note, "another host") {
			t.Errorf("%+v", r)
		}
	})
}

// TestFailuresSlowDown: a server in trouble is not asked every second.
func TestFailuresSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &answers{give: func(_ int, w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }}
		cfg := feeds["usgs"]
		cfg.URL += "?key=secret"
		feed, _ := run(t, h, cfg)
		time.Sleep(time.Hour)
		if n := h.n.Load(); n > 40 {
			t.Errorf("asked %d times in an hour", n)
		}
		if r := feed.Read(time.Now()); r.Note != "not heard: feed.test: it answers 502 Bad Gateway" {
			t.Errorf("note %q", r.Note)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := &answers{give: func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		}}
		_, _ = run(t, h, feeds["usgs"])
		time.Sleep(119 * time.Second)
		if n := h.n.Load(); n != 1 {
			t.Errorf("asked %d times within its Retry-After, want once", n)
		}
	})
}

// TestHostileBodies: nothing arms, nothing hangs, and the note says why.
func TestHostileBodies(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"a login page":    {"<!DOCTYPE html><html>", "DTD"},
		"an entity bomb":  {`<!DOCTYPE a [<!ENTITY a "aaaa">]><alert>&a;</alert>`, "DTD"},
		"no end":          {strings.Repeat("<a>", 500_000), "1 MB"},
		"empty":           {"", "no XML element"},
		"another format":  {`{"type":"FeatureCollection"}`, "no XML element"},
		"control letters": {"<\x1b[2J>", "not XML"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &answers{give: func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.body) }}
				feed, _ := run(t, h, feeds["cap"])
				time.Sleep(5 * time.Second)
				r := feed.Read(time.Now())
				if r.Value != 0 || !r.At.IsZero() || !strings.Contains(r.Note, tt.want) || strings.ContainsRune(r.Note, '\x1b') {
					t.Errorf("%+v, want a note with %q", r, tt.want)
				}
			})
		})
	}
}

// TestSlowServer drips a byte a second and never ends.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &answers{give: func(_ int, w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				if http.NewResponseController(w).Flush() != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}}
		feed, _ := run(t, h, feeds["usgs"])
		time.Sleep(15 * time.Second)
		if r := feed.Read(time.Now()); !strings.Contains(r.Note, "no answer in time") {
			t.Errorf("%+v", r)
		}
	})
}

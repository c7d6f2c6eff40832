package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/alertfeed/feedserver"
	"github.com/daero/daero/level"
	"github.com/daero/daero/rehearse/live"
)

// Stagehand is a Set on which more can happen than that workers come and go.
type Stagehand interface {
	// Trouble makes what syncs depend on so much slower, and drops a share of
	// the sessions that the service has.
	Trouble(ctx context.Context, slower time.Duration, drop float64) error
	// Warn publishes a warning, or takes it back.
	Warn(cancel bool)
	// Emergency is a person at the switch.
	Emergency(ctx context.Context) error
}

// Recorded is a Set whose gateway keeps a record.
type Recorded interface {
	// Record returns the entries since a time, the oldest first.
	Record(ctx context.Context, since time.Time) ([]audit.Entry, error)
}

// event is the warning of the alert feed.
var event = feedserver.Pohang2017()[0]

// director lets happen what the scenario wants while an arm runs.
type director struct {
	s    Settings
	arm  string
	plan *live.Plan
	hand Stagehand
	wg   sync.WaitGroup
	err  error // of the person at the switch; read after end
}

// begin starts what happens between phases. The director must be ended.
func (d *director) begin(ctx context.Context) (end func() error) {
	if d.hand == nil {
		return func() error { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	at := func(t time.Duration, do func(context.Context) error) {
		d.wg.Go(func() {
			select {
			case <-ctx.Done():
			case <-time.After(t):
				if err := do(ctx); err != nil && ctx.Err() == nil {
					d.err = err
				}
			}
		})
	}
	from, until := d.s.trouble(d.plan)
	switch {
	case d.arm == ArmManual:
		at(d.s.personAt(d.plan), d.hand.Emergency)
	case d.arm == ArmAuto && d.s.warns():
		// A feed is asked once a second: the warning is known two seconds
		// before the trouble at the earliest, and one at the latest.
		at(max(from-2*time.Second, 0), func(context.Context) error { d.hand.Warn(false); return nil })
		if d.s.Scenario == FalseAlert {
			// Only one goroutine at a time writes err: neither of these fails.
			at(until, func(context.Context) error { d.hand.Warn(true); return nil })
		}
	}
	return func() error {
		cancel()
		d.wg.Wait()
		return d.err
	}
}

// phase lets happen what a phase begins with.
func (d *director) phase(ctx context.Context, i int) error {
	now := d.s.stretch(i)
	was := stretch{}
	if i > 0 {
		was = d.s.stretch(i - 1)
	}
	if d.hand == nil || now.slow == was.slow && now.cut == 0 {
		return nil
	}
	return d.hand.Trouble(ctx, now.slow, now.cut)
}

// cut says whose sessions break as a phase begins.
func (d *director) cut(i int) (source string, share float64) {
	return "message", d.s.stretch(i).cut
}

// Trouble implements [Stagehand].
func (p *processes) Trouble(ctx context.Context, slower time.Duration, drop float64) error {
	admin := "http://" + p.backend + "/admin/"
	err := send(ctx, http.MethodPut, admin+"dependency", "application/json", fmt.Sprintf(`{"delay_ms":%d}`, slower.Milliseconds()))
	if drop > 0 {
		err = errors.Join(err, send(ctx, http.MethodPut, admin+"sessions", "application/json", fmt.Sprintf(`{"drop_percent":%g}`, drop*100)))
	}
	return err
}

// Emergency implements [Stagehand].
func (p *processes) Emergency(ctx context.Context) error {
	p.switched = true
	return send(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/load", p.admin), "text/caddyfile", p.caddyfile(p.settings.Workers))
}

// Warn implements [Stagehand].
func (p *processes) Warn(cancel bool) {
	if p.feed == nil {
		return
	}
	e := event
	if cancel {
		e.Kind = feedserver.Cancel
	}
	p.feed.events.Publish(time.Now(), e)
}

// feed is an alert feed on the loopback interface.
type feed struct {
	events *feedserver.Server
	server *http.Server
	addr   string
	done   chan error
}

func startFeed() (*feed, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("alert feed: %w", err)
	}
	f := &feed{events: feedserver.New(), addr: ln.Addr().String(), done: make(chan error, 1)}
	f.server = &http.Server{Handler: f.events, ReadHeaderTimeout: 10 * time.Second}
	go func() { f.done <- f.server.Serve(ln) }()
	return f, nil
}

func (f *feed) close() error {
	err := errors.Join(f.events.Close(), f.server.Close())
	if served := <-f.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Record implements [Recorded].
func (p *processes) Record(ctx context.Context, since time.Time) ([]audit.Entry, error) {
	if p.arm != ArmAuto {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := fmt.Sprintf("http://127.0.0.1:%d/daero/api/audit?limit=1000&since=%s", p.admin, since.UTC().Format("2006-01-02T15:04:05.000Z"))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("record: the gateway answered %s", resp.Status)
	}
	var doc struct{ Entries []audit.Entry }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return doc.Entries, nil
}

// dwell is how long a level is kept in the auto arm. It is a quarter of the arm,
// so that one sees levels come down, and longer than the whole seconds in which
// clients are told to come back: else each of their returns would be a storm of
// its own.
func (s Settings) dwell() time.Duration {
	return min(max((s.Duration/4).Round(100*time.Millisecond), time.Second), level.DefaultDwell)
}

func (p *processes) dataDir() string { return filepath.Join(p.dir, "data") }

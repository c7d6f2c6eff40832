package alertfeed

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

const (
	// redial is the wait before connecting again.
	redial = time.Second
	// steady is how long a connection must have lasted for its end to be normal:
	// P2PQuake hangs up every ten minutes.
	steady = time.Minute
	// heartbeat is how often an answer is asked for on a quiet connection.
	heartbeat = 30 * time.Second
)

// stream listens to a WebSocket, and connects again and again.
func (f *Feed) stream(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		began := time.Now()
		err := f.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= steady {
			failures = 0
		} else {
			failures++
			f.fail(err)
		}
		if !sleep(ctx, backoff(f.rand, redial, failures)) {
			return
		}
	}
}

// listen connects and takes messages until the connection ends.
func (f *Feed) listen(ctx context.Context) error {
	c, err := f.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(format.MaxBody)
	f.hear(time.Now(), nil, nil)

	ctx, stop := context.WithCancel(ctx)
	var beat sync.WaitGroup
	beat.Go(func() { f.beat(ctx, stop, c) })
	defer beat.Wait()
	defer stop()
	for {
		_, body, err := c.Read(ctx)
		if err != nil {
			return err
		}
		a, ok, err := format.P2PQuake(body)
		var alerts []alert.Alert
		if ok {
			alerts = append(alerts, a)
		}
		f.hear(time.Now(), alerts, err)
	}
}

func (f *Feed) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	h := http.Header{}
	f.head(h)
	//nolint:bodyclose // the library takes the body: "you never need to close it"
	c, resp, err := websocket.Dial(ctx, f.cfg.URL, &websocket.DialOptions{HTTPClient: f.client, HTTPHeader: h})
	if err != nil && resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, &statusError{resp.StatusCode, 0}
	}
	return c, err
}

// beat pings; a connection that does not answer is at its end.
func (f *Feed) beat(ctx context.Context, stop context.CancelFunc, c *websocket.Conn) {
	for sleep(ctx, heartbeat) {
		ping, cancel := context.WithTimeout(ctx, timeout)
		err := c.Ping(ping)
		cancel()
		if err != nil {
			stop()
			return
		}
		f.hear(time.Now(), nil, nil)
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/pow"
)

// opened is a challenge that waits for its work.
type opened struct {
	reply   captcha.Reply
	y       string
	address string
}

// bench is one run.
type bench struct {
	o      options
	g      *gateway
	send   func(method, path, address, body string) (int, []byte, error)
	opened []opened
}

// measure runs every step.
func measure(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	g, err := startGateway(ctx, o)
	if g != nil {
		defer g.close()
	}
	if err != nil {
		return nil, err
	}
	c := newClient()
	defer c.CloseIdleConnections()
	b := &bench{o: o, g: g, send: func(method, path, address, body string) (int, []byte, error) {
		return do(ctx, c, method, g.url+path, address, body)
	}}
	r := newReport(o)
	if err := b.filled(ctx, stderr); err != nil {
		return nil, err
	}
	asks, err := g.addSite(ctx, string(captcha.AskAlways))
	if err != nil {
		return nil, err
	}
	n := int(o.duration.Seconds() * float64(o.rate))
	steps := []func() (stepResult, error){
		func() (stepResult, error) { return b.ping(ctx, n), nil },
		func() (stepResult, error) { return b.open(ctx, asks.Key, n), nil },
		func() (stepResult, error) { return b.ping(ctx, n), b.solve(ctx) },
		func() (stepResult, error) { return b.ask(ctx), nil },
		func() (stepResult, error) { return b.ping(ctx, n), nil },
	}
	for _, step := range steps {
		s, err := step()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "%s: %v, p50 %.2f ms, p99 %.2f ms\n", s.Name, s.Results, s.P50, s.P99)
		r.Steps = append(r.Steps, s)
	}
	r.Verify, err = b.verify(ctx)
	return r, err
}

var mapsReady = regexp.MustCompile(`daero_captcha_maps_ready\{lang="en"\} (\d+)`)

// filled waits until no more maps are drawn: until their number rests.
func (b *bench) filled(ctx context.Context, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	was, rests := -1, 0
	for tick := time.Tick(500 * time.Millisecond); rests < 4; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the gateway draws no maps, or without end: %w", ctx.Err())
		case <-tick:
		}
		_, data, err := b.send("GET", "/metrics", "127.0.0.1", "")
		if err != nil {
			return err
		}
		n := 0 // also while the captcha is being put in force
		if m := mapsReady.FindSubmatch(data); m != nil {
			n, _ = strconv.Atoi(string(m[1])) // digits
		}
		if rests++; n != was || n == 0 {
			was, rests = n, 0
		}
	}
	fmt.Fprintf(stderr, "maps ready: %d\n", was)
	return nil
}

func (b *bench) ping(ctx context.Context, n int) stepResult {
	return atRate(ctx, "static answer", n, b.o.rate, func(int) string {
		status, _, err := b.send("GET", "/ping", "127.0.0.1", "")
		return resultOf(status, nil, err)
	})
}

// open begins challenges, each from a network of its own.
func (b *bench) open(ctx context.Context, key string, n int) stepResult {
	b.opened = make([]opened, n)
	body := fmt.Sprintf(`{"sitekey":%q,"session":"bench","lang":"en"}`, key)
	return atRate(ctx, "challenge", n, b.o.rate, func(i int) string {
		o := &b.opened[i]
		o.address = fmt.Sprintf("10.%d.%d.1", i>>8&0xff, i&0xff)
		status, data, err := b.send("POST", "/daero/captcha/challenge", o.address, body)
		return resultOf(status, &o.reply, err, data...)
	})
}

// solveWithin leaves a challenge half of its two minutes to be handed in.
const solveWithin = 60 * time.Second

// solve does the work, on every core: nothing is measured meanwhile. What is not
// done in time is left out, and the report says how many were.
func (b *bench) solve(ctx context.Context) error {
	var wg sync.WaitGroup
	end := time.Now().Add(solveWithin)
	next := make(chan *opened)
	for range 2 {
		wg.Go(func() {
			for o := range next {
				if w := o.reply.Work; w != nil {
					o.y, _ = pow.Solve(w.N, w.X, w.T) // what is wrong is refused
				}
			}
		})
	}
	for i := range b.opened {
		if ctx.Err() != nil || time.Now().After(end) {
			break
		}
		next <- &b.opened[i]
	}
	close(next)
	wg.Wait()
	b.opened = slices.DeleteFunc(b.opened, func(o opened) bool { return o.y == "" })
	return ctx.Err()
}

// ask hands in the work, and fetches the picture of the question.
func (b *bench) ask(ctx context.Context) stepResult {
	return atRate(ctx, "question with its picture", len(b.opened), b.o.rate, func(i int) string {
		o := &b.opened[i]
		var asked captcha.Reply
		status, data, err := b.send("POST", "/daero/captcha/challenge/"+o.reply.ID+"/work", o.address, fmt.Sprintf(`{"session":"bench","y":%q}`, o.y))
		if what := resultOf(status, &asked, err, data...); what != ok {
			return what
		}
		if asked.Ask != nil && asked.Ask.Mode == captcha.Sound {
			return "sound instead" // no map was left
		}
		status, _, err = b.send("GET", "/daero/captcha/challenge/"+asked.ID+"/image", o.address, "")
		if what := resultOf(status, nil, err); what != ok {
			return "picture " + what
		}
		return ok
	})
}

// resultOf says in a word what an answer was.
func resultOf(status int, into *captcha.Reply, err error, data ...byte) string {
	switch {
	case err != nil:
		return "error"
	case status != 200:
		return "refused " + strconv.Itoa(status)
	case into == nil:
		return ok
	case json.Unmarshal(data, into) != nil:
		return "error"
	case into.Step == captcha.StepWait:
		return into.Code
	}
	return ok
}

// verifyResult is how many tokens were verified, and static answers given, by the
// same connections.
type verifyResult struct {
	Verified float64 `json:"verified_per_second"`
	Static   float64 `json:"static_per_second"`
	Wrong    int     `json:"wrong"`
}

const script = `wrk.method = "POST"
wrk.body = %q
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function response(status, headers, body)
	if not body:find('"success":true', 1, true) then wrk.thread:stop() end
end
`

// verify asks about a token again and again with the idempotency key that it was
// redeemed with: each time it is opened, looked up and said to be good.
func (b *bench) verify(ctx context.Context) (v verifyResult, err error) {
	s, err := b.g.addSite(ctx, string(captcha.AskNever))
	if err != nil {
		return v, err
	}
	var o opened
	status, data, err := b.send("POST", "/daero/captcha/challenge", "192.0.2.1", fmt.Sprintf(`{"sitekey":%q,"session":"bench","contract":"turnstile"}`, s.Key))
	if what := resultOf(status, &o.reply, err, data...); what != ok || o.reply.Work == nil {
		return v, fmt.Errorf("no challenge for a token: %s", what)
	}
	y, err := pow.Solve(o.reply.Work.N, o.reply.Work.X, o.reply.Work.T)
	if err != nil {
		return v, err
	}
	status, data, err = b.send("POST", "/daero/captcha/challenge/"+o.reply.ID+"/work", "192.0.2.1", fmt.Sprintf(`{"session":"bench","y":%q}`, y))
	if what := resultOf(status, &o.reply, err, data...); what != ok || o.reply.Token == "" {
		return v, fmt.Errorf("no token: %s", what)
	}
	file := filepath.Join(b.g.dir, "verify.lua")
	body := "secret=" + s.Secret + "&response=" + o.reply.Token + "&idempotency_key=6f1d2a34-1b2c-4d5e-8f90-a1b2c3d4e5f6"
	if err := os.WriteFile(file, fmt.Appendf(nil, script, body), 0o600); err != nil {
		return v, err
	}
	if v.Static, _, err = b.wrk(ctx, "/ping"); err != nil {
		return v, err
	}
	v.Verified, v.Wrong, err = b.wrk(ctx, "/turnstile/v0/siteverify", "-s", file)
	return v, err
}

var (
	perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrongs    = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

func (b *bench) wrk(ctx context.Context, path string, more ...string) (rate float64, wrong int, err error) {
	args := append([]string{"-t1", "-c64", fmt.Sprintf("-d%.0fs", min(b.o.duration, 5*time.Second).Seconds())}, more...)
	out, err := exec.CommandContext(ctx, b.o.wrk, append(args, b.g.url+path)...).CombinedOutput()
	m := perSecond.FindSubmatch(out)
	if err != nil || m == nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	rate, err = strconv.ParseFloat(string(m[1]), 64)
	if m := wrongs.FindSubmatch(out); m != nil {
		wrong, _ = strconv.Atoi(string(m[1])) // digits
	}
	return rate, wrong, err
}

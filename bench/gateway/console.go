package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// What open consoles cost: one gateway with twenty lanes, driven with none, one
// and fifty streams open. All three are the same process, so that nothing but
// the streams differs.
const (
	armNoConsole  = "no console"
	armOneConsole = "one console"
	armConsoles   = "50 consoles"

	perToken     = 20 // streams that the gateway lets one token have
	consoleLanes = 20
)

// watched is how many streams are open while an arm is driven.
var watched = map[string]int{armOneConsole: 1, armConsoles: 50}

// consoles opens streams and reads them as a browser does.
type consoles struct {
	url    string
	tokens []string
}

// startConsole starts the gateway that is watched, and has its operators added.
func (b *bench) startConsole(ctx context.Context, port, admin, upstream int) error {
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	for _, arm := range []string{armNoConsole, armOneConsole, armConsoles} {
		b.url[arm] = url + "/message"
	}
	if err := b.gateway(ctx, armNoConsole, consoleConfig(port, admin, upstream)); err != nil {
		return err
	}
	for _, arm := range []string{armOneConsole, armConsoles} {
		b.pids[arm] = b.pids[armNoConsole]
	}
	b.consoles.url = url + "/daero/api/stream"
	for n := range (watched[armConsoles] + perToken - 1) / perToken {
		token, err := b.addOperator(ctx, fmt.Sprintf("watcher-%d", n), admin)
		if err != nil {
			return err
		}
		b.consoles.tokens = append(b.consoles.tokens, token)
	}
	return nil
}

// addOperator returns the token of a new viewer.
func (b *bench) addOperator(ctx context.Context, name string, admin int) (string, error) {
	cmd := b.cpus.command(ctx, loadCore, b.o.daero, "operator", "add", name, "--role", "viewer",
		"--output", "json", "--address", fmt.Sprintf("127.0.0.1:%d", admin))
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+b.dir, "XDG_CONFIG_HOME="+b.dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("daero operator add: %w\n%s", err, said.String())
	}
	var added struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(out, &added); err != nil || added.Token == "" {
		return "", fmt.Errorf("daero operator add: no token in %q: %w", out, err)
	}
	return added.Token, nil
}

// open opens n streams and returns once all of them have had their first
// document. close ends them and returns how many documents came.
func (c *consoles) open(ctx context.Context, n int) (closed func() (documents int), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var mu sync.Mutex
	documents, first := 0, make(chan error, n)
	for i := range n {
		wg.Go(func() {
			seen := 0
			err := c.watch(ctx, c.tokens[i/perToken], func() {
				if seen++; seen == 1 {
					first <- nil
				}
			})
			if seen == 0 {
				first <- err
			}
			mu.Lock()
			defer mu.Unlock()
			documents += seen
		})
	}
	closed = func() int {
		cancel()
		wg.Wait()
		return documents
	}
	for range n {
		if err := <-first; err != nil {
			closed()
			return nil, err
		}
	}
	return closed, nil
}

// watch reads a stream until ctx ends, and tells of each document.
func (c *consoles) watch(ctx context.Context, token string, document func()) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	transport := &http.Transport{} // a connection of its own, as a browser has
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("stream: %s", resp.Status)
	}
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("stream: %w", err)
		}
		if bytes.HasPrefix(line, []byte("event: now")) {
			document()
		}
	}
}

// check says whether n streams had the documents of their time: one a second each.
func (c *consoles) check(documents, n int, d time.Duration) error {
	if float64(documents) < float64(n)*d.Seconds()/2 {
		return fmt.Errorf("%d documents in %s: %d streams should have one a second each", documents, d, n)
	}
	return nil
}

// watchedLoad drives an arm with its streams open.
func (b *bench) watchedLoad(ctx context.Context, arm string, d time.Duration) (sample, error) {
	closed, err := b.consoles.open(ctx, watched[arm])
	if err != nil {
		return sample{}, err
	}
	s, err := b.drive(ctx, arm, d)
	return s, errors.Join(err, b.consoles.check(closed(), watched[arm], d))
}

// consoleConfig is a gateway with the API and twenty lanes.
func consoleConfig(port, admin, upstream int) string {
	var lanes strings.Builder
	for n := range consoleLanes - 1 {
		fmt.Fprintf(&lanes, "\t\tlane other-%02d {\n\t\t\tpath /other/%d/*\n\t\t\ttier normal\n\t\t}\n", n, n)
	}
	options := strings.Replace(gatewayOptions, "admin off", fmt.Sprintf("admin 127.0.0.1:%d", admin), 1)
	return fmt.Sprintf(`{
%s	daero
}
http://127.0.0.1:%d {
	daero_api
	lanes {
		lane message {
			path /message*
			tier critical
		}
%s		user header X-User-Id
	}
	reverse_proxy 127.0.0.1:%d
}
`, options, port, lanes.String(), upstream)
}

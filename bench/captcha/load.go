package main

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// stepResult is what came of requests that were sent at a fixed rate.
type stepResult struct {
	Name    string         `json:"name"`
	N       int            `json:"n"`
	Results map[string]int `json:"results"` // ok, busy, refused …
	// Of those that are ok, in milliseconds, from when they were due.
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// ok is the result of what was answered as it should be.
const ok = "ok"

// atRate sends n requests at a rate, whether those before were answered or not,
// and waits for all. Time counts from when a request was due: a gateway that
// stalls does not hold up the clock as well.
func atRate(ctx context.Context, name string, n, perSecond int, send func(i int) string) stepResult {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		took []time.Duration
	)
	res := stepResult{Name: name, N: n, Results: map[string]int{}}
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			wg.Wait()
			return res
		}
		wg.Go(func() {
			what := send(i)
			d := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			res.Results[what]++
			if what == ok {
				took = append(took, d)
			}
		})
	}
	wg.Wait()
	if slices.Sort(took); len(took) > 0 {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		res.P50, res.P99, res.Max = ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1])
	}
	return res
}

// newClient keeps as many connections as are used at once.
func newClient() *http.Client {
	return &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 4096, DisableCompression: true},
	}
}

// do sends one request as a visitor of the network address, and reads all of the
// answer.
func do(ctx context.Context, c *http.Client, method, url, address, body string) (status int, data []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("X-Forwarded-For", address)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(resp.Body)
	return resp.StatusCode, data, err
}

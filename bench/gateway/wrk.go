package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// sample is what one run of wrk saw.
type sample struct {
	OK      float64 `json:"ok_per_s"`      // 2xx and 3xx
	Refused float64 `json:"refused_per_s"` // the rest
	Errors  int     `json:"socket_errors"`
	CPU     float64 `json:"cpu_us_per_request"`
}

var (
	wrkTotal  = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([\d.]+)(s|m),`)
	wrkNon2xx = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
	wrkErrors = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

// wrk drives url with one thread: one core serves one core.
func (b *bench) wrk(ctx context.Context, url string, d time.Duration) (sample, error) {
	cmd := b.cpus.command(ctx, loadCore, b.o.wrk, "-t1",
		"-c"+strconv.Itoa(b.o.connections), "-d"+strconv.Itoa(int(d/time.Second))+"s", url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("wrk %s: %w\n%s", url, err, out)
	}
	return parseWrk(string(out))
}

// parseWrk reads wrk's report. The last line's "Requests/sec" counts refusals
// too, so the rates are computed from the counts.
func parseWrk(out string) (sample, error) {
	m := wrkTotal.FindStringSubmatch(out)
	if m == nil {
		return sample{}, fmt.Errorf("wrk: no count in its report:\n%s", out)
	}
	total, _ := strconv.ParseFloat(m[1], 64)
	seconds, _ := strconv.ParseFloat(m[2], 64)
	if m[3] == "m" {
		seconds *= 60
	}
	if total == 0 || seconds == 0 {
		return sample{}, fmt.Errorf("wrk: no request was answered:\n%s", out)
	}
	bad := 0.0
	if m := wrkNon2xx.FindStringSubmatch(out); m != nil {
		bad, _ = strconv.ParseFloat(m[1], 64)
	}
	s := sample{OK: (total - bad) / seconds, Refused: bad / seconds}
	if m := wrkErrors.FindStringSubmatch(out); m != nil {
		for _, n := range m[1:] {
			k, _ := strconv.Atoi(n)
			s.Errors += k
		}
	}
	return s, nil
}

package main

import (
	"strings"
	"testing"

	"github.com/daero/daero/captcha"
)

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"-rate", "0"}, {"-duration", "10ms"}, {"-duration", "2m"}, {"-output", "xml"}, {"extra"}, {"-nosuch"}, {"-wrk", "/nosuch"}} {
		var stderr strings.Builder
		if code := run(t.Context(), args, &stderr, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%v: exit status %d, %q", args, code, stderr.String())
		}
	}
}

func TestResults(t *testing.T) {
	var r captcha.Reply
	for want, got := range map[string]string{
		"ok":          resultOf(200, &r, nil, []byte(`{"step":"question","id":"a"}`)...),
		"busy":        resultOf(200, &r, nil, []byte(`{"step":"wait","code":"busy"}`)...),
		"refused 429": resultOf(429, &r, nil, []byte(`{}`)...),
		"error":       resultOf(200, &r, nil, []byte(`<html>`)...),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	with := func(p99, static, verified float64, answered int) int {
		r := report{
			Steps: []stepResult{
				{Name: "static answer", P99: static},
				{Name: "question with its picture", N: 10, Results: map[string]int{ok: answered}, P99: p99},
			},
			Verify: verifyResult{Verified: verified},
		}
		return r.status()
	}
	if got := [5]int{with(4, 1, 12e3, 10), with(6, 1, 12e3, 10), with(4, 1, 12e3, 9), with(4, 1, 9e3, 10), with(6, 20, 12e3, 10)}; got != [5]int{0, 1, 1, 1, 3} {
		t.Errorf("held, too slow, not all asked, too few verified, too noisy: %v", got)
	}
}

func TestAtRate(t *testing.T) {
	r := atRate(t.Context(), "x", 20, 1000, func(i int) string {
		if i%4 == 0 {
			return "busy"
		}
		return ok
	})
	if r.Results[ok] != 15 || r.Results["busy"] != 5 || r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 {
		t.Errorf("%+v", r)
	}
}

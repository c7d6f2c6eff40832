package daero

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kind is the form in which a client understands a refusal.
type kind uint8

const (
	wantsProblem kind = iota // a program
	wantsCookie              // a program inside a browser
	wantsPage                // a person with a browser
	wantsGRPC
)

func kindOf(r *http.Request) kind {
	if ct := r.Header["Content-Type"]; len(ct) > 0 && isGRPC(ct[0]) {
		return wantsGRPC
	}
	for _, a := range r.Header["Accept"] {
		if strings.Contains(a, "text/html") {
			return wantsPage
		}
	}
	if len(r.Header["Sec-Fetch-Mode"]) > 0 {
		return wantsCookie
	}
	return wantsProblem
}

// isGRPC tells gRPC from gRPC-Web, whose refusals are plain HTTP.
func isGRPC(contentType string) bool {
	const grpc = "application/grpc"
	rest, ok := strings.CutPrefix(contentType, grpc)
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// IsStream reports whether a request asks for a connection that lasts: an
// upgrade, an extended CONNECT, or an event stream. gRPC streams look like
// calls until they have lasted, so they are not told apart.
func IsStream(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return true
	}
	if len(r.Header["Upgrade"]) > 0 {
		for _, c := range r.Header["Connection"] {
			if containsToken(c, "upgrade") {
				return true
			}
		}
	}
	for _, a := range r.Header["Accept"] {
		if containsToken(a, "text/event-stream") {
			return true
		}
	}
	return false
}

// containsToken looks for a token in a comma-separated list, parameters aside.
func containsToken(list, token string) bool {
	for list != "" {
		var part string
		part, list, _ = strings.Cut(list, ",")
		part, _, _ = strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(part), token) {
			return true
		}
	}
	return false
}

// prefersKorean compares the weights of Korean and English in Accept-Language.
func prefersKorean(r *http.Request) bool {
	ko, en := -1.0, -1.0
	for _, line := range r.Header["Accept-Language"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ",")
			tag, q := weight(part)
			switch tag, _, _ = strings.Cut(tag, "-"); {
			case strings.EqualFold(tag, "ko"):
				ko = max(ko, q)
			case strings.EqualFold(tag, "en"):
				en = max(en, q)
			}
		}
	}
	return ko > 0 && ko >= en
}

// weight takes "ko-KR;q=0.8" apart. A weight that is no number counts as 0.
func weight(part string) (tag string, q float64) {
	tag, params, _ := strings.Cut(part, ";")
	tag = strings.TrimSpace(tag)
	value, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
	if !ok {
		return tag, 1
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return tag, 0
	}
	return tag, q
}

// patience returns how long the caller will still wait, 0 if it does not say.
// gRPC callers say so in grpc-timeout: up to eight digits and a unit.
func patience(r *http.Request) time.Duration {
	v := r.Header["Grpc-Timeout"]
	if len(v) == 0 || len(v[0]) < 2 || len(v[0]) > 9 {
		return 0
	}
	digits, unit := v[0][:len(v[0])-1], v[0][len(v[0])-1]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	d := time.Duration(n)
	switch unit {
	case 'H':
		return min(d, 24) * time.Hour
	case 'M':
		return min(d, 24*60) * time.Minute
	case 'S':
		return d * time.Second
	case 'm':
		return d * time.Millisecond
	case 'u':
		return d * time.Microsecond
	case 'n':
		return d
	}
	return 0
}

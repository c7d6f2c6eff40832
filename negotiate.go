package daero

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/internal/speak"
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
	if speak.ToPerson(r) {
		return wantsPage
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

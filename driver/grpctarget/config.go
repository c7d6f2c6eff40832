package grpctarget

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Config describes a Target.
type Config struct {
	// Name of the target in errors. Default: its address.
	Name string
	// Address is HOST:PORT, for example orders.internal:9000. Its names are
	// resolved by DNS, and calls are spread over the addresses behind it.
	Address string
	// Plain uses no TLS. Default: TLS with the system's roots.
	Plain bool
	// TLS is for certificates of one's own. Default: the system's roots.
	TLS *tls.Config
	// Timeout bounds one attempt, besides the context's deadline. Default 30 s.
	Timeout time.Duration
	// Metadata is sent with every message, for example authorization. It is sent
	// over plain connections too.
	Metadata map[string]string
	// MaxMessage bounds a message as it is sent, in bytes. What is larger is
	// rejected. Default 17 MiB: the largest message of a topic, and its frame.
	MaxMessage int
	// MaxAfter bounds the wait that a target may ask for. Default 5 min.
	MaxAfter time.Duration
}

// Bounds that are not configured.
const (
	maxOutcome  = 64 << 10 // bytes
	maxMetadata = 16 << 10 // bytes of an answer's metadata
	pingAfter   = 30 * time.Second
	pingWithin  = 10 * time.Second
	dialWithin  = 10 * time.Second
	userAgent   = "daero (+https://github.com/daero/daero)"
)

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.MaxMessage = cmp.Or(c.MaxMessage, 17<<20)
	c.MaxAfter = cmp.Or(c.MaxAfter, 5*time.Minute)
	c.Name = cmp.Or(c.Name, c.Address, "without a name")
	return c
}

// Validate reports every mistake at once, joined. No metadata is in the error.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	host, port, err := net.SplitHostPort(c.Address)
	n, err2 := strconv.Atoi(port)
	if err != nil || err2 != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, "/ ") {
		errs = append(errs, errors.New("the address must be HOST:PORT, without a scheme"))
	}
	if c.Plain && c.TLS != nil {
		errs = append(errs, errors.New("plain and TLS: use one of the two"))
	}
	if c.Timeout < 0 || c.MaxAfter < 0 || c.MaxMessage < 0 {
		errs = append(errs, errors.New("a time or bound is below zero: leave it out for the default"))
	}
	for name, value := range c.Metadata {
		if why := unusable(name); why != "" {
			errs = append(errs, fmt.Errorf("metadata %q: %s", name, why))
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			errs = append(errs, fmt.Errorf("metadata %q: its value must be printable ASCII: look for a line break at its end", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("target %s: %w", c.Name, err)
	}
	return nil
}

// unusable says why a name of metadata cannot be configured, "" if it can.
func unusable(name string) string {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r) {
			return "write it in lower case, of letters, digits, - _ and ."
		}
	}
	switch {
	case name == "", strings.HasPrefix(name, "grpc-"), strings.HasSuffix(name, "-bin"), name == "traceparent", name == "tracestate":
		return "it is gRPC's or the relay's own: leave it out"
	}
	return ""
}

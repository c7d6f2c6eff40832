package httptarget

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// standard is net/http's client: for https, with HTTP/2 where the service
// offers it.
type standard struct {
	cfg       *Config
	first     http.Request // of which every request is a copy
	transport *http.Transport
	fixed     map[string]string
}

func newStandard(cfg *Config, u *url.URL, fixed map[string]string) *standard {
	dialer := &net.Dialer{Timeout: dialWithin}
	s := &standard{
		cfg: cfg, fixed: fixed,
		first: http.Request{Method: cfg.Method, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		transport: &http.Transport{
			DialContext:            dialer.DialContext, // no Proxy: to the configured address only
			TLSHandshakeTimeout:    dialWithin,
			MaxIdleConns:           cfg.InFlight,
			MaxIdleConnsPerHost:    cfg.InFlight,
			IdleConnTimeout:        idleFor,
			MaxResponseHeaderBytes: maxHead,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
	if cfg.TLS != nil {
		s.transport.TLSClientConfig = cfg.TLS.Clone()
	}
	return s
}

func (s *standard) close() { s.transport.CloseIdleConnections() }

func (s *standard) do(ctx context.Context, f *fields, body []byte, a *answer) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req := s.first.WithContext(ctx)
	req.Header = make(http.Header, len(s.fixed)+len(f.names))
	for name, v := range s.fixed {
		req.Header[name] = []string{v}
	}
	for i, name := range f.names {
		req.Header[name] = append(req.Header[name], string(f.value(i)))
	}
	req.ContentLength = int64(len(body))
	req.Body, req.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	if len(body) > 0 {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return plain(err)
	}
	defer resp.Body.Close()
	return s.read(resp, f, a)
}

// plain marks what net/http says about answers that it cannot read.
func plain(err error) error {
	var protocol textproto.ProtocolError
	text := err.Error()
	switch {
	case errors.As(err, &protocol), strings.Contains(text, "malformed"), strings.Contains(text, "transfer encoding"):
		return &garbageError{"it cannot be read"}
	case strings.Contains(text, "exceeded") && strings.Contains(text, "header"):
		return &garbageError{"its headers have no end"}
	case strings.Contains(text, "HTTP response to HTTPS client"):
		return errPlain
	}
	return err
}

// read takes the answer in, up to the bound.
func (s *standard) read(resp *http.Response, f *fields, a *answer) error {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return errSwitch // and its body, the connection itself, would not end with the context
	}
	a.status = resp.StatusCode
	a.after = resp.Header.Get("Retry-After")
	a.same = resp.Header.Get("Idempotency-Key") == string(f.value(0))
	a.text = a.text[:0]
	n := 0
	for n <= s.cfg.MaxAnswer {
		room := a.text[len(a.text):cap(a.text)]
		if len(room) == 0 {
			break
		}
		got, err := resp.Body.Read(room)
		n += got
		a.text = a.text[:len(a.text)+got]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	// What is left is read, so that the connection can be used again, unless
	// that is too much.
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, int64(max(s.cfg.MaxAnswer-n, 0))))
	return err
}

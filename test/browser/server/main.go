// Command server is the CAPTCHA platform as browsers and clients meet it, for
// tests: over TLS under the hosts that pages and libraries have in their code,
// with a page host beside it, and with a port on which tests are told what
// nobody else is. It is no part of daero.
//
// It says where it listens in one line of JSON on its standard output, and ends
// when its standard input does: whoever started it, it does not outlive them.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ready is what is said once it listens.
type ready struct {
	TLS     int    `json:"tls"`     // port of everything that is tested
	Control int    `json:"control"` // port of what tests ask
	CA      string `json:"ca"`      // the certificate that signs the others, PEM
}

func run(in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := newStage()
	if err != nil {
		return err
	}
	ca, cert, err := certificate(s.clock.now(), hosts)
	if err != nil {
		return err
	}
	secure, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ended := make(chan error, 4)
	serve := func(h http.Handler, l net.Listener) *http.Server {
		s := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second,
			// Browsers open connections that they then have no use for.
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		go func() { ended <- s.Serve(l) }()
		return s
	}
	servers := []*http.Server{serve(s.public(), secure), serve(s.control(), plain)}
	go func() { ended <- s.run(ctx) }()
	go func() {
		_, err := io.Copy(io.Discard, in)
		ended <- err
	}()
	if err := json.NewEncoder(out).Encode(ready{port(secure), port(plain), string(ca)}); err != nil {
		return err
	}
	err = <-ended
	cancel()
	for _, s := range servers {
		_ = s.Close() // it ends with the process
	}
	return err
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

package httptarget

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Reasons of no answer. They hold no address: that may hold a key.
const (
	whyTime    = "no answer in time"
	whyEnded   = "given up: the delivery ended"
	whyRefused = "the connection was refused: is the service running?"
	whyName    = "the name of its host cannot be resolved: check the address and DNS"
	whyTLS     = "no TLS connection: check its certificate, and the roots that are trusted"
	whyPlain   = "it does not speak TLS there: check the address"
	whyCut     = "the connection broke before the answer was complete"
	whyNoHost  = "its host cannot be reached"
	whyFiles   = "this process has no more files to open: raise its limit (ulimit -n), or lower in_flight"
	whyGarbage = "what it answered is not HTTP"
	whyOther   = "the connection failed"
)

// cause says why there is no answer, for people.
func cause(ctx context.Context, err error) string {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return whyEnded
	}
	var dns *net.DNSError
	var garbage *garbageError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &garbage):
		return whyGarbage + ": " + garbage.what
	case errors.As(err, &record), errors.Is(err, errPlain):
		return whyPlain
	case untrusted(err):
		return whyTLS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timeout(err):
		return whyTime
	case errors.As(err, &dns):
		return whyName
	case errors.Is(err, syscall.ECONNREFUSED):
		return whyRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return whyNoHost
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return whyFiles
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return whyCut
	}
	return whyOther
}

func timeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// untrusted reports whether err is about a certificate.
func untrusted(err error) bool {
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var alert tls.AlertError
	return errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &alert)
}

var errPlain = errors.New(whyPlain)

// garbageError is an answer that is not HTTP as we read it.
type garbageError struct{ what string }

func (e *garbageError) Error() string { return whyGarbage + ": " + e.what }

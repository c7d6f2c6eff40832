package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/inlet"
	"github.com/daero/daero/relay/spool"
)

const (
	// token shows that a writer may write: it guards nothing, the acceptor is on
	// this machine, for as long as the run takes.
	token      = "verify"
	keyHeader  = "Daero-Key"
	acceptedAt = "/daero/relay/"
)

func acceptPath(topic string) string { return acceptedAt + url.PathEscape(topic) }

// receipt is what the acceptor answers.
type receipt struct {
	ID      string `json:"id"`
	Spooled bool   `json:"spooled"`
}

// spooledAnswer says whether an acknowledgement came out of the spool.
func spooledAnswer(said []byte) bool {
	var r receipt
	return json.Unmarshal(said, &r) == nil && r.Spooled
}

// runAcceptor takes records over HTTP until ctx ends.
func runAcceptor(ctx context.Context, cfg childConfig) error {
	client := cfg.Access.client(cfg.Brokers, "daero-verify-acceptor")
	client.AppendWithin = time.Second
	log, err := kafka.Open(client)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // what it was given is answered, or unknown
	topic := relay.Topic{Name: cfg.Topic, Order: relay.ByKey}
	rc := relay.Config{Log: log, AcceptWithin: 1500 * time.Millisecond}
	if cfg.Spool {
		s, err := spool.Open(spool.Config{Dir: cfg.Data})
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }() // everything in it is on disk already
		topic.Outage, rc.Spool = relay.Spool, s
	}
	rc.Topics = []relay.Topic{topic}
	r, err := relay.New(rc)
	if err != nil {
		return err
	}
	in, err := inlet.New(inlet.Config{
		Relay: r, Topics: rc.Topics, Prefix: acceptedAt,
		Writers: []inlet.Writer{{Name: "verify", Topic: cfg.Topic, Token: inlet.Hash(token)}},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = r.Run(ctx) }) // ends with ctx, and returns why
	err = serve(ctx, cfg.Listen, breakAcceptor(cfg.Broken, in, &tasks))
	cancel()
	tasks.Wait()
	return err
}

// breakAcceptor has the acceptor answer before the log has the record.
func breakAcceptor(how Broken, in http.Handler, tasks *sync.WaitGroup) http.Handler {
	if how != AnswersEarly {
		return in
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil || r.Method != http.MethodPost {
			return
		}
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(b))
		tasks.Go(func() { in.ServeHTTP(discard{http.Header{}}, late) })
		w.WriteHeader(http.StatusAccepted)
	})
}

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/daero/daero/internal/child"
)

// open starts all processes.
func (r *run) open(ctx context.Context) error {
	ports, err := child.FreePorts(4)
	if err != nil {
		return err
	}
	brokers := r.cfg.Brokers
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	base := childConfig{
		Seed: r.cfg.Seed, Broken: r.cfg.Broken, Topic: r.topic, Group: r.group, Spool: r.cfg.Spool,
		Partitions: r.cfg.Partitions, Target: "http://" + at(2), Ledger: r.ledger,
		Access: access{r.cfg.TLS, r.cfg.SASL.Mechanism, r.cfg.SASL.User, r.cfg.SASL.Password},
	}
	if len(brokers) == 0 {
		brokers = []string{at(0)}
		r.seat(Broker, at(0), base, r.brokerReady)
	}
	base.Brokers = brokers
	r.log, err = openLogReader(base.Access, brokers, r.topic, r.group, r.cfg.Partitions)
	if err != nil {
		return err
	}
	if len(r.seats) > 0 {
		if err := r.seats[0].start(ctx, &r.lives); err != nil {
			return err
		}
	}
	if err := r.log.makeTopics(ctx); err != nil {
		return fmt.Errorf("topic %s: %w", r.topic, err)
	}
	first := len(r.seats)
	r.seat(Target, at(2), base, child.Answers("http://"+at(2)))
	r.seat(Acceptor, at(1), base, child.Answers("http://"+at(1)))
	r.seat(Relay, at(3), base, child.Answers("http://"+at(3)))
	for _, s := range r.seats[first:] {
		if err := s.start(ctx, &r.lives); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) seat(role Role, listen string, cfg childConfig, ready func(context.Context) error) {
	cfg.Listen = listen
	cfg.Data = filepath.Join(r.dir, string(role))
	r.seats = append(r.seats, &seat{role: role, command: r.cfg.Command, cfg: cfg, ready: ready})
}

func (r *run) brokerReady(ctx context.Context) error { return r.log.ping(ctx) }

// address is where a role listens.
func (r *run) address(role Role) string {
	for _, s := range r.seats {
		if s.role == role {
			return s.cfg.Listen
		}
	}
	return ""
}

// close ends all processes: who asks before who answers.
func (r *run) close() error {
	var errs []error
	http.DefaultClient.CloseIdleConnections()
	for i := len(r.seats) - 1; i >= 0; i-- {
		if r.seats[i].role == Broker && r.log != nil {
			r.log.close()
			r.log = nil
		}
		errs = append(errs, r.seats[i].stop())
	}
	if r.log != nil {
		errs = append(errs, r.log.dropTopics())
		r.log.close()
	}
	return errors.Join(errs...)
}

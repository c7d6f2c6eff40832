package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// run is one run.
type run struct {
	cfg    Config
	dir    string
	topic  string
	group  string
	ledger string
	start  time.Time
	lives  lives
	seats  []*seat
	log    *logReader

	writers   *writers
	delivered atomic.Int64 // different records that arrived
}

// progress is what is done of 2 x Records: acknowledged, and delivered.
func (r *run) progress() int { return int(r.writers.acked.Load() + r.delivered.Load()) }

// Run writes, kills and judges. Nothing that it has started outlives it. An
// error says that the run could not be made; what a run shows is in the Result.
func Run(ctx context.Context, cfg Config) (res Result, err error) {
	if err := cfg.Validate(); err != nil {
		return Result{}, err
	}
	cfg = cfg.withDefaults()
	if cfg.Command, err = program(cfg.Command); err != nil {
		return Result{}, err
	}
	r := &run{cfg: cfg, dir: cfg.Dir, start: time.Now()}
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "daero-verify-"); err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	}
	r.topic = fmt.Sprintf("%s-%d-%d", cfg.Topic, r.start.UnixMilli(), cfg.Seed)
	r.group = "daero." + r.topic
	r.ledger = filepath.Join(r.dir, "ledger")
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.open(ctx); err != nil {
		return Result{}, err
	}
	kills, err := r.play(ctx)
	if err != nil {
		return Result{}, err
	}
	return r.result(kills)
}

// play runs writers and killer, and waits until all has arrived, or nothing
// has for a while.
func (r *run) play(ctx context.Context) ([]Kill, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.writers = newWriters(r.cfg, "http://"+r.address(Acceptor)+acceptPath(r.topic), r.start)
	k := newKiller(r)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	written, killed := make(chan struct{}), make(chan struct{})
	tasks.Go(func() {
		defer close(written)
		if err := r.writers.run(ctx); err != nil {
			cancel(err)
		}
	})
	tasks.Go(func() {
		defer close(killed)
		if err := k.loop(ctx); err != nil {
			cancel(err)
		}
	})
	err := r.watch(ctx, k, written, killed)
	if err != nil {
		cancel(err) // then the others end
		return nil, err
	}
	// Everything arrived, or never will: what is still to be killed is not.
	cancel(errDone)
	tasks.Wait()
	return k.kills, nil
}

var errDone = errors.New("the run is over")

// watch follows the ledger until all is over.
func (r *run) watch(ctx context.Context, k *killer, written, killed <-chan struct{}) error {
	f := follower{name: r.ledger, records: map[Record]struct{}{}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	moved, last := time.Now(), 0
	for n := 0; ; n++ {
		arrived, err := f.follow()
		if err != nil {
			return err
		}
		r.delivered.Store(int64(arrived))
		if p := r.progress(); p != last {
			moved, last = time.Now(), p
		}
		if n%5 == 0 {
			r.cfg.Progress(Progress{int(r.writers.acked.Load()), arrived, r.cfg.Records, k.made(), r.cfg.Kills})
		}
		over := ended(written) && arrived >= r.cfg.Records && ended(killed)
		stuck := time.Since(moved) > r.cfg.Patience
		switch {
		case over, stuck && ended(written):
			return nil
		case stuck:
			return fmt.Errorf("nothing has moved for %s: %d of %d records acknowledged; the last answer was %q",
				r.cfg.Patience, r.writers.acked.Load(), r.cfg.Records, r.writers.last())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func ended(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// result judges.
func (r *run) result(kills []Kill) (Result, error) {
	// The relay ends first, so that nothing is delivered while it is judged.
	for _, s := range r.seats {
		if s.role == Relay {
			if err := s.stop(); err != nil {
				return Result{}, err
			}
		}
	}
	arrivals, err := readLedger(r.ledger)
	if err != nil {
		return Result{}, err
	}
	for i := range kills {
		if kills[i].Role == Broker && kills[i].Settled == 0 {
			kills[i].Settled = size(r.ledger)
		}
	}
	v := Judge(Evidence{Written: r.writers.written, Arrivals: arrivals, Kills: kills})
	res := Result{
		Acked: v.Acked, Delivered: v.Delivered, Lost: v.Lost, Duplicated: v.Duplicated, Unexplained: v.Unexplained,
		InFlightBound: v.InFlight, OrderViolations: v.OrderViolations, WrongIDs: v.WrongIDs,
		Kills: len(kills), Killed: map[Role]int{}, Seed: r.cfg.Seed, Seconds: time.Since(r.start).Seconds(),
		Broker: "embedded", OK: v.OK() && len(kills) == r.cfg.Kills, Findings: v.Findings,
	}
	if len(r.cfg.Brokers) > 0 {
		res.Broker = "kafka"
	}
	for _, k := range kills {
		res.Killed[k.Role]++
	}
	for _, w := range r.writers.written {
		res.Resent += w.Sends - 1
		if w.Spooled {
			res.Spooled++
		}
	}
	return res, nil
}

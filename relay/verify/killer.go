package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// killer kills one process after the other.
type killer struct {
	run    *run
	random *rand.Rand
	due    []int // at how much progress, rising
	tasks  sync.WaitGroup
	fail   context.CancelCauseFunc

	mu        sync.Mutex
	kills     []Kill
	clustered bool // a broker of the cluster is down, or not settled yet
}

// newKiller draws when to kill: by what is acknowledged and delivered, so that
// every kill meets work, however fast the machine is.
func newKiller(r *run) *killer {
	k := &killer{run: r, random: rand.New(rand.NewPCG(r.cfg.Seed, 0xdead))}
	whole := 2 * r.cfg.Records
	for range r.cfg.Kills {
		k.due = append(k.due, whole/100+k.random.IntN(max(1, whole*95/100)))
	}
	slices.Sort(k.due)
	return k
}

// loop kills until all kills are made or ctx ends. It returns when everything
// that was killed has been started again.
func (k *killer) loop(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	k.fail = cancel
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil && k.made() < len(k.due) {
		if k.run.progress() >= k.due[k.made()] {
			k.once(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	k.tasks.Wait()
	return context.Cause(ctx)
}

func (k *killer) made() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.kills)
}

// once kills one process that is not being killed already.
func (k *killer) once(ctx context.Context) {
	seats := k.run.seats
	i := k.random.IntN(len(seats) + k.clusterShare())
	if i >= len(seats) {
		k.killOfCluster(ctx)
		return
	}
	s := seats[i]
	if !s.take() {
		return // another one, in a moment
	}
	before := Places(nil)
	if s.role == Broker {
		if before = k.places(ctx); before == nil {
			s.release()
			return
		}
	}
	s.process.Kill()
	n := k.note(Kill{Role: s.role, Life: s.cfg.Life, At: time.Since(k.run.start), Ledger: size(k.run.ledger), Places: before})
	pause := time.Duration(k.random.IntN(200)) * time.Millisecond
	if s.role == Broker && k.run.cfg.Spool {
		pause += 2 * time.Second // so long that the acceptor turns to the spool
	}
	k.tasks.Go(func() {
		defer s.release()
		if err := k.revive(ctx, s, n, pause); err != nil && ctx.Err() == nil {
			k.fail(err)
		}
	})
}

// clusterShare is how many of the lots are a broker of the cluster: one in
// nine, as they take longest to come back.
func (k *killer) clusterShare() int {
	if k.run.cfg.Cluster == nil {
		return 0
	}
	return max(1, len(k.run.seats)/8)
}

func (k *killer) note(kill Kill) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kills = append(k.kills, kill)
	return len(k.kills) - 1
}

func (k *killer) edit(n int, change func(*Kill)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.kills[n])
}

// revive starts what was killed again.
func (k *killer) revive(ctx context.Context, s *seat, n int, pause time.Duration) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return nil
	}
	if s.role == Relay {
		// Nobody commits for the group now, so this is where it stood at the kill.
		places := k.places(ctx)
		if places == nil {
			return errors.New("the broker did not say where the group stands")
		}
		k.edit(n, func(kill *Kill) { kill.Places = places })
	}
	if err := s.start(ctx, &k.run.lives); err != nil {
		return err
	}
	if s.role == Broker {
		k.settle(ctx, n)
	}
	return nil
}

// settle waits until the group commits again after a broker was killed: until
// then what it delivers may have to be delivered once more.
func (k *killer) settle(ctx context.Context, n int) {
	bound, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	before, err := k.run.log.sum(bound)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for bound.Err() == nil {
		if now, err2 := k.run.log.sum(bound); err == nil && err2 == nil && now > before {
			break
		} else if err != nil {
			before, err = now, err2
		}
		select {
		case <-tick.C:
		case <-bound.Done():
		}
	}
	k.edit(n, func(kill *Kill) { kill.Settled = size(k.run.ledger) })
}

const settleWithin = 20 * time.Second

// killOfCluster kills a broker of the cluster, one at a time.
func (k *killer) killOfCluster(ctx context.Context) {
	k.mu.Lock()
	busy := k.clustered
	k.clustered = true
	k.mu.Unlock()
	if busy {
		return
	}
	i := k.random.IntN(k.run.cfg.Cluster.Size())
	places := k.places(ctx)
	if places == nil {
		k.free()
		return
	}
	if err := k.run.cfg.Cluster.Kill(i); err != nil {
		k.fail(fmt.Errorf("broker %d: %w", i, err))
		k.free()
		return
	}
	n := k.note(Kill{Role: Broker, Life: i, At: time.Since(k.run.start), Ledger: size(k.run.ledger), Places: places})
	k.tasks.Go(func() {
		defer k.free()
		if err := k.run.cfg.Cluster.Restart(ctx, i); err != nil && ctx.Err() == nil {
			k.fail(fmt.Errorf("broker %d: %w", i, err))
			return
		}
		k.settle(ctx, n)
	})
}

func (k *killer) free() {
	k.mu.Lock()
	k.clustered = false
	k.mu.Unlock()
}

// places asks the broker where the group stands, for as long as it takes a
// broker to come back; nil if it does not.
func (k *killer) places(ctx context.Context) Places {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := k.run.log.places(ctx)
		if err == nil {
			return p
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/relay"
)

// Consume implements [relay.Log]. Besides its words: a member that another
// process with the same Group.Instance has replaced ends with
// [relay.ErrFenced]. Everything else that fails is told to the Listener, and
// tried again after a while.
func (l *Log) Consume(ctx context.Context, g relay.Group, c relay.Consumer) error {
	g, err := checked(g)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	losses := map[relay.Partition]int64{}
	for fails := 0; ; {
		claimed, err := l.join(ctx, g, c, known, losses)
		switch {
		case errors.Is(err, relay.ErrFenced):
			l.cfg.tell(relay.Event{What: relay.Fenced, Target: g.Name, Why: "another member runs under the instance name of this one"})
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errAnew):
			fails = 0
			continue
		}
		if claimed {
			fails = 0
		}
		fails++
		l.cfg.tell(relay.Event{What: relay.ConsumeFailed, Target: g.Name, Why: err.Error()})
		if !wait(ctx, anew(fails)) {
			return context.Cause(ctx)
		}
	}
}

// join is a member once, and reports whether it ever held anything.
func (l *Log) join(ctx context.Context, g relay.Group, c relay.Consumer, known map[string]bool, losses map[relay.Partition]int64) (bool, error) {
	byBrokers, err := l.assignedByBrokers(ctx)
	if err != nil {
		return false, err
	}
	m, err := newMember(l, g, c, known, losses, byBrokers)
	if err != nil {
		return false, err
	}
	err = m.run(ctx)
	return m.everClaimed, err
}

// errAnew ends a membership so that it begins again with its claims made anew.
var errAnew = errors.New("begin anew")

// anew is how long to wait before a membership is tried again: 0.5 s, doubled
// up to 15 s.
func anew(fails int) time.Duration {
	return min(500*time.Millisecond<<min(fails-1, 5), 15*time.Second)
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

const (
	defaultDrain = 10 * time.Second
	maxDrain     = 5 * time.Minute
)

func checked(g relay.Group) (relay.Group, error) {
	if g.Name == "" || len(g.Topics) == 0 {
		return g, fmt.Errorf("group %q with %d topics: name the group and at least one topic", g.Name, len(g.Topics))
	}
	if g.Drain == 0 {
		g.Drain = defaultDrain
	}
	if g.Drain < 0 || g.Drain > maxDrain {
		return g, fmt.Errorf("group %s: drain %v: use up to %v", g.Name, g.Drain, maxDrain)
	}
	if g.FetchBytes == 0 {
		g.FetchBytes = 16 << 20
	}
	if g.FetchBytes < 1<<10 || g.FetchBytes > 1<<30 {
		return g, fmt.Errorf("group %s: fetch bytes %d: use 1024 to %d", g.Name, g.FetchBytes, 1<<30)
	}
	companions := map[string]bool{}
	for _, t := range g.Topics {
		name := companion(g, t)
		if name == "" {
			continue
		}
		if companions[name] {
			return g, fmt.Errorf("group %s: companion %s belongs to two topics: give each its own", g.Name, name)
		}
		companions[name] = true
	}
	for _, t := range g.Topics {
		if companions[t] {
			return g, fmt.Errorf("group %s: %s is a topic and a companion: it can only be one", g.Name, t)
		}
	}
	return g, nil
}

func companion(g relay.Group, topic string) string {
	if g.Companion == nil {
		return ""
	}
	return g.Companion(topic)
}

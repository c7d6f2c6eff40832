package peers

import (
	"context"
	"time"

	"github.com/daero/daero/rehearse/virtual"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
)

const limitsModule = "github.com/platinummonkey/go-concurrency-limits"

// partitions are the Go port of Netflix' concurrency-limits: one limit, cut
// into a partition for each kind, which borrow from each other while the limit
// is not reached.
//
// Tuned, by trying 9 settings on the storms of 10x: windows of 300 ms with 10
// samples instead of 1 s with 100, smoothing by half, and at the start as many
// places as the backend has workers. Smaller partitions for messages than half
// lose messages.
func partitions() []Peer {
	const half = "partitions 50/50, window 1 s, 100 samples"
	const tuned = "partitions 50/50, window 300 ms, 10 samples, smoothing 0.5, from the number of workers"
	const start = "the workers at the start"
	return []Peer{{
		Name: "Gradient2, partitions", Module: limitsModule,
		Setting: "defaults: limit 20–200 from 20; " + half, Build: partitioned(gradient2, false),
	}, {
		Name: "Gradient2, partitions, tuned", Module: limitsModule,
		Setting: "limit 4–1,000, long window 100; " + tuned, Told: start, Build: partitioned(gradient2, true),
	}, {
		Name: "Vegas, partitions", Module: limitsModule,
		Setting: "defaults: limit to 1,000 from 20; " + half, Build: partitioned(vegas, false),
	}, {
		Name: "Vegas, partitions, tuned", Module: limitsModule,
		Setting: "probe multiplier 1,000; " + tuned, Told: start, Build: partitioned(vegas, true),
	}}
}

var noMetrics = core.EmptyMetricRegistryInstance

// gradient2 builds the default, or the tuned one if workers is above 0.
func gradient2(workers int) (core.Limit, error) {
	if workers == 0 {
		return limit.NewDefaultGradient2Limit("bench", nil, noMetrics), nil
	}
	return limit.NewGradient2Limit("bench", workers, 1000, 4, nil, 0.5, 100, nil, noMetrics)
}

func vegas(workers int) (core.Limit, error) {
	if workers == 0 {
		return limit.NewDefaultVegasLimit("bench", nil, noMetrics), nil
	}
	return limit.NewVegasLimitWithRegistry("bench", workers, nil, 1000, 0.5, nil, nil, nil, nil, nil, 1000, nil, noMetrics), nil
}

func partitioned(build func(workers int) (core.Limit, error), tuned bool) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		parts := map[string]*strategy.LookupPartition{}
		for _, k := range []virtual.Kind{virtual.Message, virtual.Login} {
			parts[k.String()] = strategy.NewLookupPartitionWithMetricRegistry(k.String(), 0.5, 1, noMetrics)
		}
		s, err := strategy.NewLookupPartitionStrategyWithMetricRegistry(parts, kindOf, 20, noMetrics)
		if err != nil {
			return nil, nil, err
		}
		window, samples, workers := time.Second, 100, 0
		if tuned {
			window, samples, workers = 300*time.Millisecond, 10, st.Scenario.Workers
		}
		found, err := build(workers)
		if err != nil {
			return nil, nil, err
		}
		bounded, err := limiter.NewDefaultLimiter(found, int64(window), int64(time.Second), int64(100*time.Microsecond), samples, s, limit.NoopLimitLogger{}, noMetrics)
		return &partition{bounded}, nil, err
	}
}

type kindKey struct{}

func kindOf(ctx context.Context) string {
	k, _ := ctx.Value(kindKey{}).(string)
	return k
}

type partition struct{ core.Limiter }

func (*partition) MayWait(virtual.Attempt) bool { return false }

func (p *partition) Enter(ctx context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	l, ok := p.Acquire(context.WithValue(ctx, kindKey{}, a.Kind.String()))
	if !ok {
		return nil, errFull
	}
	return func(o virtual.Outcome) {
		switch o {
		case virtual.Served:
			l.OnSuccess()
		case virtual.Failed:
			l.OnIgnore()
		case virtual.Overloaded:
			l.OnDropped()
		}
	}, nil
}

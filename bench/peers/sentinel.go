package peers

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/base"
	"github.com/alibaba/sentinel-golang/core/isolation"
	"github.com/alibaba/sentinel-golang/core/stat"
	"github.com/alibaba/sentinel-golang/core/system"
	"github.com/alibaba/sentinel-golang/core/system_metric"
	"github.com/alibaba/sentinel-golang/logging"
	"github.com/alibaba/sentinel-golang/util"
	"github.com/daero/daero/rehearse/virtual"
)

const sentinelModule = "github.com/alibaba/sentinel-golang"

// sentinels are Sentinel's concurrency isolation per resource, and its system
// rule with the BBR strategy.
//
// Its background ticker for the time is not started, so that it asks its clock,
// which can be set: to virtual time, moved ahead by an hour for each play, as
// its statistics do not bear a clock that goes back. Its CPU reading can be set
// too: it is the share of the backend that is busy, at once, instead of the
// host's over a second.
func sentinels() []Peer {
	return []Peer{{
		Name: "Sentinel, isolation", Module: sentinelModule, Alone: true,
		Setting: "concurrency thresholds as in *lanes set by hand, once*",
		Told:    "the workers, rates and costs at the start",
		Build: func(st *Stage) (virtual.Contender, func(), error) {
			_, err := isolation.LoadRules([]*isolation.Rule{
				{Resource: virtual.Login.String(), MetricType: isolation.Concurrency, Threshold: uint32(plan(st)[0].logins)},
			})
			c, done := newSentinel()
			return c, done, err
		},
	}, {
		Name: "Sentinel, system BBR", Module: sentinelModule, Alone: true,
		Setting: "rule `CpuUsage` at 0.8 with strategy BBR",
		Told:    "how busy the backend is, exactly, every 10 ms",
		Build: func(st *Stage) (virtual.Contender, func(), error) {
			system_metric.SetSystemCpuUsage(0)
			st.Every(10*time.Millisecond, func() { system_metric.SetSystemCpuUsage(st.Busy()) })
			_, err := system.LoadRules([]*system.Rule{{MetricType: system.CpuUsage, TriggerCount: 0.8, Strategy: system.BBR}})
			c, done := newSentinel()
			return c, done, err
		},
	}}
}

func init() { logging.ResetGlobalLoggerLevel(logging.ErrorLevel) } // its rules are told on standard output otherwise

var sentinelPlays atomic.Int64

// movedClock is virtual time, moved ahead.
type movedClock struct {
	util.RealClock
	by time.Duration
}

func (c *movedClock) Now() time.Time            { return time.Now().Add(c.by) }
func (c *movedClock) CurrentTimeMillis() uint64 { return uint64(c.Now().UnixMilli()) }
func (c *movedClock) CurrentTimeNano() uint64   { return uint64(c.Now().UnixNano()) }

// thirtyYears leads from where virtual time begins, in 2000, past the time at
// which the library's variables were made.
const thirtyYears = 30 * 365 * 24 * time.Hour

func newSentinel() (*sentinel, func()) {
	util.SetClock(&movedClock{by: thirtyYears + time.Duration(sentinelPlays.Add(1))*time.Hour})
	stat.ResetResourceNodeMap()
	s := &sentinel{inside: map[*base.SentinelEntry]bool{}}
	return s, func() {
		for e := range s.inside {
			e.Exit()
		}
		_ = isolation.ClearRules()
		_ = system.ClearRules()
		util.SetClock(util.NewRealClock())
	}
}

// sentinel is driven from the world's goroutine.
type sentinel struct{ inside map[*base.SentinelEntry]bool }

func (*sentinel) MayWait(virtual.Attempt) bool { return false }

func (s *sentinel) Enter(_ context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	e, blocked := api.Entry(a.Kind.String(), api.WithTrafficType(base.Inbound))
	if blocked != nil {
		return nil, errFull
	}
	s.inside[e] = true
	return func(virtual.Outcome) {
		delete(s.inside, e)
		e.Exit()
	}, nil
}

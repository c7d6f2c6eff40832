package rehearse_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// service answers in virtual time as a function of time.
type service func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome)

// arm is what happens where a service answers like that.
func arm(t *testing.T, name string, s rehearse.Settings, answer service) (out rehearse.ArmLog) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		log, err := live.Run(t.Context(), s.Earthquake(name), target(func(ctx context.Context, a live.Attempt) live.Result {
			d, o := answer(time.Since(start), a)
			time.Sleep(d)
			return live.Result{Outcome: o}
		}), live.Options{Sleep: time.Sleep})
		if err != nil {
			t.Fatal(err)
		}
		out = rehearse.ArmLog{Name: name, Log: log}
	})
	return out
}

type target func(context.Context, live.Attempt) live.Result

func (f target) Send(ctx context.Context, a live.Attempt) live.Result { return f(ctx, a) }

const ms = time.Millisecond

// healthy serves everybody: messages in 3 ms, logins in 100.
func healthy(_ time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
	if a.Source.Lane == "login" {
		return 100 * ms, surge.OK
	}
	return 3 * ms, surge.OK
}

// Phases of an 8.5 s arm: calm to 1.5 s, storm to 3.5, halved to 5.5, restored
// to 7.3 (1.75 rounded up), recovery to the end.
var short = rehearse.Settings{Seed: 3, Duration: 8500 * ms, Storm: 0.5, Messages: 100, Syncs: 20}.WithDefaults()

func TestBarsFindWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		answer      service
		correctness bool
		missed      []string
	}{
		"nothing": {healthy, false, nil},
		"one message lost": {func() service {
			var lost atomic.Bool
			return func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
				if a.Source.Lane == "message" && at > 4*time.Second && lost.CompareAndSwap(false, true) {
					return 3 * ms, surge.Refused
				}
				return healthy(at, a)
			}
		}(), false, []string{"message success"}},
		"slow for 0.7 s after a change": {func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "message" && at > 3500*ms && at < 4200*ms {
				return 20 * ms, surge.OK
			}
			return healthy(at, a)
		}, false, []string{"message seconds degraded per change"}},
		"a little slow all the time": {func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "message" && at > 1500*ms && at < 7*time.Second {
				return 5 * ms, surge.OK
			}
			return healthy(at, a)
		}, false, []string{"message p99 when settled / calm"}},
		"no recovery": {func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "sync" && at > 7200*ms {
				return 200 * ms, surge.OK
			}
			return healthy(at, a)
		}, false, []string{"seconds to recover"}},
		"logins starve": {func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "login" && at > 3500*ms && at < 5500*ms && a.User%2 == 0 {
				return ms, surge.Refused
			}
			return healthy(at, a)
		}, false, []string{"login goodput / static lanes"}},
		"a broken connection": {func() service {
			var broken atomic.Bool
			return func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
				if a.Source.Lane == "sync" && broken.CompareAndSwap(false, true) {
					return ms, surge.Failed
				}
				return healthy(at, a)
			}
		}(), true, []string{"requests broken or unanswered"}},
		"no login at all": {func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "login" && at > 3400*ms && at < 5600*ms {
				return ms, surge.Refused
			}
			return healthy(at, a)
		}, true, []string{"logins served per second"}},
	} {
		t.Run(name, func(t *testing.T) {
			logs := []rehearse.ArmLog{arm(t, "static", short, healthy), arm(t, "lanes", short, c.answer)}
			r := short.Judge(logs, c.correctness)
			var missed []string
			for _, b := range r.Bars {
				if !b.OK {
					missed = append(missed, b.Name)
				}
			}
			if strings.Join(missed, ", ") != strings.Join(c.missed, ", ") || r.OK != (len(c.missed) == 0) {
				t.Errorf("missed %q, ok %v, noisy %v; want %q missed", missed, r.OK, r.Noisy, c.missed)
			}
		})
	}
}

func TestNoise(t *testing.T) {
	calmer := func(slow time.Duration) service {
		return func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
			if a.Source.Lane == "message" {
				return slow, surge.OK
			}
			return healthy(at, a)
		}
	}
	for name, c := range map[string]struct {
		logs func() []rehearse.ArmLog
		want string
	}{
		"the calm is not the same throughout": {func() []rehearse.ArmLog {
			return []rehearse.ArmLog{arm(t, "none", short, func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
				if a.Source.Lane == "message" && at < 300*ms {
					return 20 * ms, surge.OK
				}
				return healthy(at, a)
			})}
		}, "in the first half"},
		"the calm is not the same in all arms": {func() []rehearse.ArmLog {
			return []rehearse.ArmLog{arm(t, "none", short, healthy), arm(t, "lanes", short, calmer(9*ms))}
		}, "in one arm and"},
		"failures in the calm": {func() []rehearse.ArmLog {
			return []rehearse.ArmLog{arm(t, "none", short, func(at time.Duration, a live.Attempt) (time.Duration, surge.Outcome) {
				if at < 100*ms {
					return 3 * ms, surge.Failed
				}
				return healthy(at, a)
			})}
		}, "failed in the calm"},
		"other programs": {func() []rehearse.ArmLog {
			log := arm(t, "none", short, healthy)
			log.CPU = map[string]float64{"others": 0.9}
			return []rehearse.ArmLog{log}
		}, "other programs used 0.9 processors"},
	} {
		r := short.Judge(c.logs(), false)
		if r.OK || !strings.Contains(strings.Join(r.Noisy, "\n"), c.want) {
			t.Errorf("%s: %v", name, r.Noisy)
		}
		if r := short.Judge(c.logs(), true); len(r.Noisy) > 0 {
			t.Errorf("%s: noise matters to correctness: %v", name, r.Noisy)
		}
	}
}

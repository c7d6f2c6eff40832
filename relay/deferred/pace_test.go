package deferred_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/deferred"
)

// TestPermits: the lane is asked before the service, is told how it ended, and
// without a permit nothing is sent and nothing of the pace is used up.
func TestPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, err := lane.New(lane.Config{FixedLimit: 1, Lanes: []lane.LaneConfig{{Name: "login", Tier: lane.Sheddable}}})
		if err != nil {
			t.Fatal(err)
		}
		l := set.Lane("login")
		r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) {
			c.Pace = func(string) float64 { return 1 }
			c.Ask = func(ctx context.Context, name string, user uint64) (*lane.Permit, time.Duration, error) {
				if name != "login" || user != 7 {
					t.Errorf("asked for %s, user %d", name, user)
				}
				p, err := l.Enter(ctx, lane.Request{User: user, Intent: lane.Background, Deferred: true})
				if refused, ok := errors.AsType[*lane.Refusal](err); ok {
					return nil, refused.After, nil
				}
				return p, 0, err
			}
		})
		r.put(post("/v1/login", "x"), 7)
		m := r.shelf.next(t)
		held, err := l.Enter(t.Context(), lane.Request{})
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			res := r.Handle(t.Context(), m)
			if res.Verb != relay.Deferred || time.Until(res.Until) > time.Second || len(r.service.asked) != 0 {
				t.Fatalf("%+v", res)
			}
			time.Sleep(time.Until(res.Until))
		}
		held.Drop()
		r.service.status = 503
		if res := r.Handle(t.Context(), m); res.Verb != relay.Retried || !res.Overloaded {
			t.Errorf("%+v", res)
		}
		if sn := set.Snapshot().Lanes[0]; sn.InFlight != 0 || sn.Overloaded != 1 {
			t.Errorf("%+v", sn)
		}
		// A transport that panics gives the permit back.
		r.service.fail = nil
		time.Sleep(2 * time.Second)
		func() {
			defer func() { _ = recover() }()
			r.cfg.Lanes["login"] = deferred.Lane{Topic: "t", Target: r.cfg.Lanes["login"].Target, Send: panics{}}
			if err := r.Reload(r.cfg); err != nil {
				t.Fatal(err)
			}
			r.Handle(t.Context(), m)
		}()
		if n := set.Snapshot().Lanes[0].InFlight; n != 0 {
			t.Errorf("%d permits out", n)
		}
	})
}

type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("transport") }

// TestPace: deliveries keep to the rate, none go while it is 0, and nothing is
// saved up for later.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := 0.0
		r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.Pace = func(string) float64 { return rate } })
		for i := range 300 {
			r.put(post("/v1/login", "x"), uint64(i+1))
		}
		// deliver offers all that is left again and again, as a relay would.
		type due struct {
			m  *relay.Message
			at time.Time
		}
		var all []due
		for _, m := range r.shelf.row {
			m.Attempt = 1
			all = append(all, due{m, time.Now()})
		}
		deliver := func(d time.Duration) (sent, calls int) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				var left []due
				for _, x := range all {
					if time.Now().Before(x.at) {
						left = append(left, x)
						continue
					}
					calls++
					switch res := r.Handle(t.Context(), x.m); res.Verb {
					case relay.Acked:
						sent++
					case relay.Deferred:
						if !res.Until.After(time.Now()) || time.Until(res.Until) > 6*time.Second {
							t.Fatalf("due at %s", res.Until)
						}
						left = append(left, due{x.m, res.Until})
					default:
						t.Fatalf("%+v", res)
					}
				}
				all = left
			}
			return sent, calls
		}
		if sent, _ := deliver(10 * time.Second); sent != 0 {
			t.Errorf("%d went while the lane was held", sent)
		}
		rate = 20
		if sent, calls := deliver(5 * time.Second); sent < 90 || sent > 101 || calls > 2000 {
			t.Errorf("%d in 5 s at 20/s, in %d calls", sent, calls)
		}
		rate = 0.5
		if sent, _ := deliver(10 * time.Second); sent < 4 || sent > 7 {
			t.Errorf("%d in 10 s at 0.5/s", sent)
		}
		rate = -1
		if sent, _ := deliver(6 * time.Second); sent < 150 || len(all) != 0 {
			t.Errorf("%d went and %d are left when nothing bounds them", sent, len(all))
		}
	})
}

// TestACrowdDoesNotAskAllTheTime: thousands that wait for a lane that
// delivers little, or nothing, ask a few thousand times a second at most.
func TestACrowdDoesNotAskAllTheTime(t *testing.T) {
	for name, rate := range map[string]float64{"nothing": 0, "little": 20} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(c *deferred.Config, _ *deferred.Lane) { c.Pace = func(string) float64 { return rate } })
			const crowd, seconds = 8_000, 10
			for i := range crowd {
				r.put(post("/v1/login", "x"), uint64(i+1))
			}
			due := map[int64][]*relay.Message{time.Now().UnixMilli(): r.shelf.row} // by millisecond: who looks then
			calls, sent := 0, 0
			for end := time.Now().Add(seconds * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				now := time.Now().UnixMilli()
				all := due[now]
				delete(due, now)
				for _, m := range all {
					res := r.Handle(t.Context(), m)
					if calls++; res.Verb == relay.Acked {
						sent++
						continue
					}
					wait := time.Until(res.Until)
					if res.Verb != relay.Deferred || wait > time.Minute {
						t.Fatalf("%s: %+v", name, res)
					}
					at := now + max(1, wait.Milliseconds())
					due[at] = append(due[at], m)
				}
			}
			if most := crowd + 2500*seconds; calls > most || float64(sent) > rate*seconds+2 || float64(sent) < rate*seconds*0.9 {
				t.Errorf("%s: %d calls in %d s, at most %d; %d sent", name, calls, seconds, most, sent)
			}
			t.Logf("%s: %d calls, %d sent", name, calls, sent)
		})
	}
}

package live_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

type answers func(ctx context.Context, a live.Attempt) live.Result

func (f answers) Send(ctx context.Context, a live.Attempt) live.Result { return f(ctx, a) }

func withSessions() *live.Plan {
	once := surge.Population{{Weight: 1, Client: surge.Naive{Tries: 1}}}
	return &live.Plan{
		Lanes:  []string{"message", "login"},
		Phases: []live.Phase{{Name: "calm", Length: 2 * time.Second}, {Name: "cut", Length: 8 * time.Second}},
		Sources: []live.Source{
			{Name: "message", Lane: "message", Curve: surge.Constant(100), Clients: once, Timeout: time.Second, Users: 200, Login: "reconnect"},
			{Name: "reconnect", Lane: "login", Curve: surge.Constant(0), Timeout: time.Second},
		},
	}
}

func TestSessions(t *testing.T) {
	cut := func(phase int) (string, float64) { return "message", []float64{0, 0.5}[phase] }
	for name, c := range map[string]struct {
		answer answers
		cut    func(int) (string, float64)
		kept   func(live.SessionLog) bool
		logins func(int64) bool
	}{
		"nothing fails": {
			func(context.Context, live.Attempt) live.Result { return live.Result{} }, nil,
			func(l live.SessionLog) bool { return l.Kept() == 1 && l.LoggedOut == 0 && l.Users > 150 },
			func(n int64) bool { return n == 0 },
		},
		"half break and come back": {
			func(context.Context, live.Attempt) live.Result { return live.Result{} }, cut,
			func(l live.SessionLog) bool { return l.Kept() == 1 && l.LoggedOut > 0 },
			func(n int64) bool { return n > 70 && n < 130 },
		},
		"half break and nobody gets in": {
			func(_ context.Context, a live.Attempt) live.Result {
				if a.Source.Name == "reconnect" {
					return live.Result{Outcome: surge.Refused, RetryAfter: time.Minute}
				}
				return live.Result{}
			}, cut,
			func(l live.SessionLog) bool { return l.Kept() < 0.65 && l.Lost == 0 && l.Out > 70 },
			func(n int64) bool { return n > 70 && n < 130 },
		},
		"a message refused costs no session": {
			func(context.Context, live.Attempt) live.Result { return live.Result{Outcome: surge.Refused} }, nil,
			func(l live.SessionLog) bool { return l.Kept() == 1 },
			func(n int64) bool { return n == 0 },
		},
		"messages time out": {
			func(ctx context.Context, a live.Attempt) live.Result {
				if a.Source.Name == "message" {
					<-ctx.Done()
					return live.Result{Outcome: surge.TimedOut}
				}
				return live.Result{}
			}, nil,
			func(l live.SessionLog) bool { return l.Lost > 150 && l.Kept() < 0.1 },
			func(n int64) bool { return n > 150 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, err := live.Run(t.Context(), withSessions(), c.answer, live.Options{Sleep: time.Sleep, Cut: c.cut})
				if err != nil {
					t.Fatal(err)
				}
				if logins := log.Lane("login").Actions; !c.kept(log.Sessions) || !c.logins(logins) {
					t.Errorf("%+v, kept %.2f, %d logins", log.Sessions, log.Sessions.Kept(), logins)
				}
			})
		})
	}
}

func TestSessionsNeedALogin(t *testing.T) {
	p := withSessions()
	p.Sources[0].Login = "nobody"
	if p.Validate() == nil {
		t.Error("a login that there is not was accepted")
	}
}

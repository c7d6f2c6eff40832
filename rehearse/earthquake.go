package rehearse

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/surge"
)

// The phases of the earthquake.
const (
	phaseCalm     = "calm"
	phaseStorm    = "storm"
	phaseHalved   = "halved"
	phaseRestored = "restored"
	phaseRecovery = "recovery"
)

// The lanes.
const (
	laneMessage = "message"
	laneSync    = "sync"
	laneLogin   = "login"
)

// shares is how an arm's time is divided, of 17 parts.
var shares = []struct {
	name    string
	parts   float64
	changed bool
}{
	{phaseCalm, 3, false},
	{phaseStorm, 4, true},
	{phaseHalved, 4, true},
	{phaseRestored, 3.5, true},
	{phaseRecovery, 2.5, true},
}

// Earthquake returns what is sent in one arm.
//
//	logins/s, naive clients, where nothing were served:
//	10 × left |      ____________________
//	          |     /                    |
//	          |    /                     |
//	   normal |---'                      '-----
//	          +---+-------+--------+-----+-----> t
//	         calm   storm   halved  back  recovery
//
// The storm: a broadcast wakes storm × left phones, log-normally, within a
// minute scaled to the length of the storm; left is how many logins a second
// fit beside the messages. Each tries again a second after a refusal, so that
// together they try storm × left times a second. Stragglers wake at the rate
// at which phones can be served, so that the storm stands until it ends. Then
// the phones put their apps back to sleep.
//
// Clients that honour Retry-After are the same phones at the same times.
func (s Settings) Earthquake(arm string) *live.Plan {
	p := &live.Plan{Lanes: []string{laneMessage, laneSync, laneLogin}, Seed: s.Seed}
	for _, sh := range shares {
		length := time.Duration(float64(s.Duration) * sh.parts / 17).Round(binWidth) // no bin in two phases
		p.Phases = append(p.Phases, live.Phase{Name: sh.name, Length: length, Changed: sh.changed})
	}
	p.Settle = min(2*time.Second, p.Phases[1].Length/2)
	starts := p.Starts()
	from, until := starts[1], starts[4]
	minute := until - from // what stands for a minute
	left := s.LoginsLeft(s.Workers)

	people := surge.Population{{Weight: 1, Client: surge.Impatient{}}}
	phones := surge.Population{{Weight: 1, Client: surge.Naive{Tries: 1000}}}
	asleep := until
	if arm == ArmHonouring || arm == ArmAuto {
		phones, asleep = honouring, 0
	}
	wave := surge.Between{From: from, To: until, Curve: surge.Sum{
		surge.WakeUp{At: from, Devices: s.Storm * left, Median: minute * 4 / 60, Tail: minute},
		surge.Constant(left * min(1, s.Storm)),
	}}
	p.Sources = []live.Source{
		{Name: "message", Lane: laneMessage, Curve: surge.Constant(s.Messages), Clients: onePress, Timeout: time.Second, Users: 50_000, Login: reconnect},
		{Name: "sync", Lane: laneSync, Curve: surge.Constant(s.Syncs), Clients: onePress, Timeout: time.Second, Users: 50_000},
		{Name: "people", Lane: laneLogin, Curve: surge.Constant(s.Logins), Clients: people, Timeout: 2 * time.Second},
		{Name: "phones", Lane: laneLogin, Curve: wave, Clients: phones, Timeout: 2 * time.Second, Until: asleep},
		reconnecting(),
	}
	return p
}

// workersIn returns how many workers the service has in a phase.
func (s Settings) workersIn(phase string) int {
	if phase == phaseHalved {
		return s.Workers / 2
	}
	return s.Workers
}

// request makes the HTTP request of an attempt.
//
// The oracle's lanes, and what a person switches, are changed by reloading the gateway, which closes
// connections that happen to be idle; its clients may send once more on
// another connection, as any app does for what it knows to be safe. The other
// arms have no such excuse: there a broken connection counts as failed.
func request(base, arm string) func(live.Attempt) (*http.Request, error) {
	return func(a live.Attempt) (*http.Request, error) {
		name := a.Source.Name
		if name == reconnect {
			name = "message" // whose session was lost
		}
		user := name + "-" + strconv.FormatUint(a.User, 10)
		var req *http.Request
		var err error
		switch a.Source.Lane {
		case laneMessage:
			req, err = post(base+"/v1/messages", `{"text":"are you all right?"}`)
		case laneSync:
			req, err = http.NewRequest(http.MethodGet, base+"/v1/sync?since=18446744073709551614", nil)
		case laneLogin:
			req, err = post(base+"/v1/login", fmt.Sprintf(`{"user":%q}`, user))
		default:
			err = fmt.Errorf("lane %s: has no request", a.Source.Lane)
		}
		if err != nil {
			return nil, err
		}
		req.Header.Set("X-User-Id", user)
		if arm == ArmStatic || arm == ArmManual {
			req.Header["Idempotency-Key"] = []string{} // net/http: safe to repeat; nothing is sent
		}
		if a.Source.Name == "phones" {
			req.Header.Set("X-App-State", "background")
		}
		return req, nil
	}
}

func post(url, body string) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, url, io.NopCloser(bytes.NewReader([]byte(body))))
	if err == nil {
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(body))), nil }
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

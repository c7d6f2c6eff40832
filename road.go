package daero

import (
	"sync/atomic"

	"github.com/daero/daero/lane"
)

// Road is the way into one lane, with everything a refusal says prepared.
type Road struct {
	lane   *lane.Lane
	name   string
	id     string // names the lane among all backends'
	stream bool   // of long-lived connections
	cookie string // the name of its appointment cookie
	forget string // Set-Cookie value that deletes it
	busy   problem
	early  problem
	shed   problem
	posted *atomic.Pointer[Posted]
}

func newRoad(l *lane.Lane, id string, stream bool, posted *atomic.Pointer[Posted]) *Road {
	name := l.Name()
	cookie := CookiePrefix + name
	return &Road{
		lane:   l,
		name:   name,
		id:     id,
		stream: stream,
		posted: posted,
		cookie: cookie,
		forget: cookie + "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		busy: newProblem(503, "busy", "Too busy right now",
			"There is no room in lane "+name+" at the moment. Come back at the time given and you go first.", name),
		early: newProblem(429, "early", "Too early",
			"Your appointment for lane "+name+" is later. It stays valid; coming back before its time does not help.", name),
		shed: newProblem(429, "shed", "Not now",
			"Lane "+name+" is kept short so that the service lives for everyone. Come back at the time given and you go first.", name),
	}
}

// roadID names a lane among those of all backends: "login", or "api/login" of
// a backend that is not the default.
func roadID(backend, name string) string {
	if backend == DefaultBackend {
		return name
	}
	return backend + "/" + name
}

// Name returns the lane's name.
func (r *Road) Name() string { return r.name }

// Streams reports whether the lane is one of long-lived connections, which
// hold no permit of the backend.
func (r *Road) Streams() bool { return r.stream }

// Posted is what the playbook asks of whoever answers requests of the lane,
// nil for nothing.
func (r *Road) Posted() *Posted { return r.posted.Load() }

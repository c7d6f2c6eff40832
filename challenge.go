package daero

import "net/http"

// Challenger asks callers whether a person is there, and knows who was asked.
// Package captcha/gate has one. It is asked nothing while no playbook challenges
// a lane.
type Challenger interface {
	// Cleared reports whether a request brings a clearance of its caller, who was
	// asked and passed, and if not whether the device had one lately: then it is
	// known. It is asked for every request of a lane that challenges, so it must be
	// quick. A clearance that is forged, over or another caller's does not count.
	Cleared(r *http.Request, user uint64) (cleared, known bool)
	// Challenge answers a request with what is asked of its caller, in the form
	// that the caller understands, and with the way on from there. Lanes are named
	// as a [Deferrer] names them. Without an answer the request is refused.
	Challenge(w http.ResponseWriter, r *http.Request, lane string, user uint64) (answered bool)
}

// isPreflight reports whether a browser asks on behalf of a page elsewhere whether
// it may send a request. It brings nothing of the user's, no cookie and no
// clearance, so that nobody could ever pass; the request itself is asked.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header["Access-Control-Request-Method"]) > 0
}

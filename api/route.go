package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/daero/daero/api/store"
)

// Route is one thing that can be asked for.
type Route struct {
	Method string
	// Path is as net/http's patterns have it: {name} stands for one segment.
	Path string
	// Role is the least that may; "" is anyone.
	Role store.Role
	// Summary says what it does, in a sentence.
	Summary string

	serve func(*call) error // what goes in and out of it is in shapes
}

// routes is all there is. Everything else is made from it.
var routes = []Route{
	{"GET", Prefix + "now", store.Viewer, "All that is looked at in an incident.", showNow},
	{"GET", Prefix + "history", store.Viewer, "What lanes did in the last two hours, point by point.", showHistory},
	{"GET", Prefix + "stream", store.Viewer, "What is and what happens, as server-sent events.", showStream},
	{"GET", Prefix + "openapi.json", store.Viewer, "This API, as OpenAPI 3.1.", showOpenAPI},
	{"GET", Prefix + "level", store.Viewer, "The level, why, and what brings it down.", showLevel},
	{"POST", Prefix + "level/pin", store.Acting, "Pins the level for a while.", pinLevel},
	{"DELETE", Prefix + "level/pin", store.Acting, "Ends a pin.", unpinLevel},
	{"GET", Prefix + "playbook", store.Viewer, "What happens at which level, and what is in force.", showPlaybook},
	{"GET", Prefix + "playbook/runs", store.Viewer, "When actions were in force, the newest first.", showRuns},
	{"GET", Prefix + "playbook/coming", store.Viewer, "What is expected: events of calendars, and warnings that stand.", showComing},
	{"POST", Prefix + "playbook/preview", store.Viewer, "What a playbook would do, and how it differs; nothing is changed.", previewPlaybook},
	{"POST", Prefix + "playbook/pause", store.Acting, "Withdraws everything the playbook does, for a while.", pausePlaybook},
	{"POST", Prefix + "playbook/resume", store.Acting, "Ends a pause.", resumePlaybook},
	{"POST", Prefix + "playbook/actions/{id}/stop", store.Acting, "Withdraws one action, for a while.", stopAction},
	{"POST", Prefix + "playbook/actions/{id}/start", store.Acting, "Ends the stop of one action.", startAction},
	{"POST", Prefix + "controls/{revision}/undo", store.Acting, "Undoes a change by hand, by the revision that it made.", undoRevision},
	{"POST", Prefix + "audit/{id}/undo", store.Acting, "Undoes what an entry of the record says was done by hand.", undoEntry},
	{"POST", Prefix + "lanes/of", store.Viewer, "Which lane a request would take, and why.", findLane},
	{"GET", Prefix + "lanes/orders", store.Viewer, "What is ordered of single lanes by hand.", listLaneOrders},
	{"PUT", Prefix + "lanes/{backend}/{lane}/order", store.Acting, "Orders one lane, for a while.", orderLane},
	{"DELETE", Prefix + "lanes/{backend}/{lane}/order", store.Acting, "Ends the order for a lane.", releaseLane},
	{"GET", Prefix + "audit", store.Viewer, "What was done, by whom or what, and why.", showRecord},
	{"GET", Prefix + "operators", store.Admin, "Who has a token.", listOperators},
	{"POST", Prefix + "operators", store.Admin, "Adds an operator; the answer has the token, once.", addOperator},
	{"DELETE", Prefix + "operators/{name}", store.Admin, "Removes an operator: the token ends at once.", removeOperator},
	{"PUT", Prefix + "operators/{name}/password", store.Admin, "Gives an operator a password, and ends the operator's sessions.", setOperatorPassword},
	{"POST", Prefix + "operators/{name}/link", store.Admin, "Makes a one-time link that logs an operator in.", makeOperatorLink},
	{"POST", Prefix + "link", store.Admin, "Makes a one-time link for an admin who is to be added.", makeAdminLink},
	{"PUT", Prefix + "account/password", store.Viewer, "Changes one's own password, and ends one's other sessions.", changePassword},
	{"GET", Prefix + "session", "", "Who is logged in, and how one can log in.", showSession},
	{"POST", Prefix + "session", "", "Logs a browser in, by a name and a password, or by a token.", logIn},
	{"DELETE", Prefix + "session", "", "Logs this browser out.", logOut},
	{"GET", Prefix + "sessions", store.Viewer, "Browsers that are logged in: one's own, all for an admin.", listSessions},
	{"DELETE", Prefix + "sessions/{id}", store.Viewer, "Ends a session.", endSession},
	{"GET", Prefix + "oidc/start", "", "Sends a browser to where accounts are kept elsewhere.", startSignOn},
	{"GET", Prefix + "oidc/callback", "", "Where browsers come back to from there.", finishSignOn},
	{"GET", Prefix + "lanes", store.Viewer, "What all lanes are doing.", showLanes},
	{"GET", Prefix + "scaling/{lane}", store.Viewer, "How much more of the service a lane could use, for autoscalers.", showScaling},
	{"GET", Prefix + "relay", store.Viewer, "What the relay does.", showRelay},
	{"GET", Prefix + "relay/lag", store.Viewer, "How far deliveries are behind, over all gateways.", showRelayLag},
	{"GET", Prefix + "relay/peek", store.Viewer, "Messages of a topic; their contents are masked unless an operator asks to see them.", peekRelay},
	{"POST", Prefix + "relay/deliveries/{name}/pause", store.Acting, "Pauses a delivery, for a while.", pauseDelivery},
	{"POST", Prefix + "relay/deliveries/{name}/resume", store.Acting, "Ends a pause.", resumeDelivery},
	{"POST", Prefix + "relay/redrive", store.Acting, "Takes dead letters back, or says how many there would be.", redriveRelay},
	{"DELETE", Prefix + "relay/redrive/{name}", store.Acting, "Stops a redrive that goes on, whoever began it.", endRedrive},
	{"GET", Prefix + "captcha/sites", store.Viewer, "The captcha's sites; those of one name with ?name=.", listSites},
	{"POST", Prefix + "captcha/sites", store.Admin, "Adds a site; the answer has its secret, once.", addSite},
	{"GET", Prefix + "captcha/sites/{key}", store.Viewer, "One site.", showSite},
	{"PATCH", Prefix + "captcha/sites/{key}", store.Acting, "Changes what is given of a site.", changeSite},
	{"DELETE", Prefix + "captcha/sites/{key}", store.Admin, "Removes a site; within a day it can come back.", removeSite},
	{"POST", Prefix + "captcha/sites/{key}/restore", store.Admin, "Brings a site back that was removed within a day.", restoreSite},
	{"POST", Prefix + "captcha/sites/{key}/rotate", store.Acting, "Gives a site a new secret; the answer has it, once.", rotateSite},
	{"GET", Prefix + "captcha/sites/{key}/statistics", store.Viewer, "What was counted about a site, and what stands out.", showSiteStatistics},
	{"GET", Prefix + "captcha/strength", store.Viewer, "How often which attacker got in, as it was measured.", showStrength},
	{"GET", Prefix + "captcha/preview", store.Acting, "A question as visitors would see it, with its answer; it is never asked.", showPreview},
	{"GET", Prefix + "rehearsals", store.Viewer, "What can be rehearsed, what is being and what was.", listRehearsals},
	{"POST", Prefix + "rehearsals", store.Acting, "Starts a rehearsal beside the gateway; one at a time.", startRehearsal},
	{"GET", Prefix + "rehearsals/{id}", store.Viewer, "One rehearsal, second by second.", showRehearsal},
	{"DELETE", Prefix + "rehearsals/{id}", store.Acting, "Cancels a rehearsal, or removes one that has ended.", endRehearsal},
	{"GET", Prefix + "rehearsals/{id}/report.html", store.Viewer, "Its report, to be read.", downloadRehearsalHTML},
	{"GET", Prefix + "rehearsals/{id}/report.json", store.Viewer, "Its report, for programs.", downloadRehearsalJSON},
	{"POST", Prefix + "alerts/{name}", "", "Takes in alerts; the receiver knows its senders by itself.", receiveAlerts},
	{"GET", Prefix + "login", "", "The page of a one-time link.", showLogin},
	{"POST", Prefix + "login", "", "Uses a one-time link up, and shows an admin's token once.", redeemLogin},
	{"POST", FlagsPrefix + "evaluate/flags", store.Viewer, "All flags in force, and the level (OFREP).", evaluateFlags},
	{"POST", FlagsPrefix + "evaluate/flags/{key}", store.Viewer, "One flag, if it is in force (OFREP).", evaluateFlag},
}

// Routes lists what can be asked for.
func Routes() []Route { return slices.Clone(routes) }

// register makes the table what is served. A path asked with another method
// says which methods it has.
func (a *API) register() {
	methods := map[string][]string{}
	for _, rt := range routes {
		methods[rt.Path] = append(methods[rt.Path], rt.Method)
		a.mux.HandleFunc(rt.Method+" "+rt.Path, func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, rt) })
	}
	for path, allowed := range methods {
		allow := strings.Join(allowed, ", ")
		a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			write(w, problem{Status: http.StatusMethodNotAllowed, Kind: "method", Title: "Another method is needed", Detail: r.Method + " is not one of " + allow})
		})
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		write(w, problem{Status: http.StatusNotFound, Kind: "not-found", Title: "There is nothing at this address"})
	})
}

// call is one request that is answered.
type call struct {
	*API
	w    http.ResponseWriter
	r    *http.Request
	who  string
	role store.Role
	// session is the browser's, nil for who came otherwise.
	session *store.Session
}

// answer serves a route to whoever may have it.
func (a *API) answer(w http.ResponseWriter, r *http.Request, rt Route) {
	c := &call{API: a, w: w, r: r}
	err := c.admit(rt)
	if err == nil {
		err = rt.serve(c)
	}
	if err != nil {
		write(w, problemOf(err))
	}
}

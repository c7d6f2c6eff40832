package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/rehearse/job"
)

// RehearsalsDoc is what can be rehearsed, and what was.
type RehearsalsDoc struct {
	Scenarios []job.Scenario `json:"scenarios"`
	Arms      []job.Arm      `json:"arms"`
	// Allowed are the names of the targets; the first is the sample messenger.
	Allowed []string `json:"allowed"`
	// Targets are the same, with what can be sent to them.
	Targets []RehearsalTarget `json:"targets"`
	// Running is the one that is being held.
	Running *job.Job `json:"running,omitempty"`
	// Past are those that have ended, the newest first, without series.
	Past []job.Job `json:"past"`
}

// RehearsalTarget is what can be rehearsed against.
type RehearsalTarget struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"` // missing for the sample
	// Most is how many requests a second it is sent, never more; missing for the
	// sample.
	Most int `json:"most_per_s,omitempty"`
	// NeedsRole is the least role that may start one against it.
	NeedsRole store.Role `json:"needs_role"`
	// Arms are those that there are against it; missing for the sample, whose
	// arms are those of the scenario.
	Arms []string `json:"arms,omitempty"`
	// Scenarios are what each would send, unless told otherwise.
	Scenarios []RehearsalLoad `json:"scenarios"`
}

// RehearsalLoad is what a scenario would send to a target in its usual arms.
type RehearsalLoad struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"` // of one arm
	job.Load
}

// RehearsalRequest is what somebody wants to be rehearsed.
type RehearsalRequest struct {
	Scenario string   `json:"scenario"`
	Arms     []string `json:"arms,omitempty"`
	Duration string   `json:"duration,omitempty"` // of one arm, like 17s
	Seed     uint64   `json:"seed,omitempty"`
	Bars     string   `json:"bars,omitempty"` // all or correctness
	Target   string   `json:"target,omitempty"`
	Reason   string   `json:"reason"`
}

// rehearsals returns who holds them, or says that nobody does.
func (c *call) rehearsals() (*job.Host, error) {
	if c.Rehearsals == nil {
		return nil, notFound("this gateway holds no rehearsals")
	}
	return c.Rehearsals, nil
}

func listRehearsals(c *call) error {
	h, err := c.rehearsals()
	if err != nil {
		return err
	}
	doc := RehearsalsDoc{Scenarios: h.Scenarios(), Arms: h.Arms()}
	if doc.Targets, err = c.rehearsalTargets(h); err != nil {
		return err
	}
	for _, t := range doc.Targets {
		doc.Allowed = append(doc.Allowed, t.Name)
	}
	doc.Running, doc.Past = h.Jobs()
	return c.send(http.StatusOK, doc)
}

func startRehearsal(c *call) error {
	h, err := c.rehearsals()
	if err != nil {
		return err
	}
	var d RehearsalRequest
	if err := c.read(&d); err != nil {
		return err
	}
	r, err := d.request(c.who)
	if err != nil {
		return err
	}
	if r.Against, err = c.rehearsalTarget(d.Target); err != nil {
		return err
	}
	j, err := h.Start(r)
	if err != nil {
		return rehearsalFailed(err)
	}
	c.w.Header().Set("Location", Prefix+"rehearsals/"+j.ID)
	return c.send(http.StatusAccepted, j)
}

// request is what the document asks for; whether that can be had is for the
// host to say.
func (d RehearsalRequest) request(who string) (job.Request, error) {
	r := job.Request{Scenario: d.Scenario, Arms: d.Arms, Seed: d.Seed, Bars: d.Bars, Target: d.Target, By: who}
	var err error
	if r.Reason, err = (order{Reason: d.Reason}).why(); err != nil {
		return r, err
	}
	if d.Duration != "" {
		if r.Duration, err = time.ParseDuration(d.Duration); err != nil || r.Duration <= 0 {
			return r, bad("duration " + clip(d.Duration) + ": write it like 17s or 2m")
		}
	}
	return r, nil
}

func showRehearsal(c *call) error {
	h, err := c.rehearsals()
	if err != nil {
		return err
	}
	j, err := h.Job(c.r.PathValue("id"))
	if err != nil {
		return rehearsalFailed(err)
	}
	return c.send(http.StatusOK, j)
}

// endRehearsal cancels the one that is being held, and removes one that has
// ended.
func endRehearsal(c *call) error {
	h, err := c.rehearsals()
	if err != nil {
		return err
	}
	reason, err := c.reason()
	if err != nil {
		return err
	}
	id := c.r.PathValue("id")
	if j, err := h.Cancel(id, c.who, reason); err == nil {
		return c.send(http.StatusAccepted, j)
	}
	if err := h.Remove(id, c.who, reason); err != nil {
		return rehearsalFailed(err)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// rehearsalFailed says what an error of the host means to who asked.
func rehearsalFailed(err error) error {
	if busy, ok := errors.AsType[*job.BusyError](err); ok {
		p := conflict("rehearsing", "One rehearsal at a time", err.Error())
		p.More = map[string]any{"running": busy.Job}
		return p
	}
	if wrong, ok := errors.AsType[*job.InvalidError](err); ok {
		return invalid(wrong)
	}
	switch {
	case errors.Is(err, job.ErrNotFound):
		return notFound("no rehearsal of this ID, or it is not kept any more")
	case errors.Is(err, job.ErrNoPlace), errors.Is(err, job.ErrClosed):
		return problem{Status: http.StatusServiceUnavailable, Kind: "not-now", Title: "Not at present", Detail: err.Error()}
	}
	return err
}

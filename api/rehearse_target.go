package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/rehearse/against"
	"github.com/daero/daero/rehearse/job"
)

// targetRole is who may send a storm to a service that is not the sample.
const targetRole = store.Admin

// rehearsalTarget finds a target of the configuration by its name; nil is the
// sample. No address comes from a request.
func (c *call) rehearsalTarget(name string) (*against.Service, error) {
	if name == "" || name == job.Sample {
		return nil, nil //nolint:nilnil // nil is the sample
	}
	i := slices.IndexFunc(c.RehearsalTargets, func(t against.Service) bool { return t.Name == name })
	if i < 0 {
		known := []string{job.Sample}
		for _, t := range c.RehearsalTargets {
			known = append(known, t.Name)
		}
		return nil, invalid(fmt.Errorf("target %q: is not allowed: use %s", clip(name), strings.Join(known, ", ")))
	}
	if !c.role.Allows(targetRole) {
		return nil, problem{
			Status: http.StatusForbidden, Kind: "role", Title: "The role does not allow this",
			Detail: fmt.Sprintf("%s is a service that people may use: an admin starts rehearsals against it; operators rehearse against %s", name, job.Sample),
		}
	}
	return &c.RehearsalTargets[i], nil
}

// rehearsalTargets are the sample and those of the configuration, with what
// each scenario would send to them.
func (c *call) rehearsalTargets(h *job.Host) ([]RehearsalTarget, error) {
	sample := RehearsalTarget{Name: job.Sample, NeedsRole: store.Acting}
	all := []RehearsalTarget{sample}
	for _, t := range c.RehearsalTargets {
		all = append(all, RehearsalTarget{Name: t.Name, URL: t.URL, Most: t.Most, NeedsRole: targetRole, Arms: []string{job.ArmTarget}})
	}
	for i := range all {
		for _, s := range h.Scenarios() {
			r, seconds := job.Request{Scenario: s.Name}, s.Seconds
			if i > 0 {
				r.Against, seconds = &c.RehearsalTargets[i-1], job.TargetDuration.Seconds()
			}
			load, err := h.Load(r)
			if err != nil {
				return nil, err
			}
			all[i].Scenarios = append(all[i].Scenarios, RehearsalLoad{Name: s.Name, Seconds: seconds, Load: load})
		}
	}
	return all, nil
}

package gateway

import (
	"path/filepath"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/job"
)

// rehearsalsDir is where rehearsals are kept, beside what Caddy keeps.
const rehearsalsDir = "rehearsals"

// newRehearsals returns who holds rehearsals beside this gateway. Nothing is
// held or read until it is opened.
func newRehearsals(record func(audit.Entry)) *job.Host {
	cfg := job.Config{Audit: record, Check: checkRehearsal, Load: loadOfRehearsal}
	for _, d := range rehearse.Descriptions() {
		cfg.Scenarios = append(cfg.Scenarios, job.Scenario{
			Name: d.Name, Title: d.Title[0], TitleKo: d.Title[1], What: d.What[0], WhatKo: d.What[1],
			Seconds: d.Lasts, Arms: d.Arms, Usual: d.Usual,
		})
	}
	for _, d := range rehearse.ArmDescriptions() {
		cfg.Arms = append(cfg.Arms, job.Arm{Name: d.Name, Title: d.Title[0], TitleKo: d.Title[1]})
	}
	return job.NewHost(cfg)
}

// settingsOf are those that a rehearsal will have.
func settingsOf(r job.Request) rehearse.Settings {
	return rehearse.Settings{Scenario: r.Scenario, Seed: r.Seed, Arms: r.Arms, Duration: r.Duration, Target: r.Against}.WithDefaults()
}

// checkRehearsal says what the rehearsal itself would say, before it is
// started.
func checkRehearsal(r job.Request) error { return settingsOf(r).Validate() }

func loadOfRehearsal(r job.Request) job.Load {
	l := settingsOf(r).Load()
	return job.Load{Peak: l.Peak, Planned: l.Planned, Most: l.Most, Scaled: l.Scaled}
}

// openRehearsals lets rehearsals be held, and reads those that were.
func (r *runtime) openRehearsals(dir string) {
	r.rehearsals.Open(filepath.Join(dir, rehearsalsDir))
}

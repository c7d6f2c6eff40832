package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/protocol"
	"github.com/daero/daero/captcha/mapquiz"
)

// report is all that was measured.
type report struct {
	options  options
	Results  []result
	Absent   []string // what was not run, and why
	Protocol []protocol.Outcome
	Comfort  []comfort
	Bars     []bar
	Took     time.Duration
}

// result is an outcome with what it comes to.
type result struct {
	attack.Outcome
	// Hours are an hour of one prefix under the rules, at 1, 3 and 10 attempts in a
	// visit.
	Hours [len(attempts)]protocol.Campaign
}

var attempts = [...]int{1, 3, 10}

// job is an attacker at a kind, before it is run.
type job struct {
	attacker attack.Attacker
	kind     captcha.Kind
	level    int
	lang     string
	n        int
}

// jobs are what an option asks for.
func (o *options) jobs(all []attack.Attacker) (jobs []job) {
	for _, a := range all {
		for _, k := range attack.Kinds() {
			if o.kind != "" && k != o.kind {
				continue
			}
			for _, lang := range langs(k) {
				if o.lang != "" && lang != o.lang || !attack.Takes(a, k, lang) {
					continue
				}
				for _, level := range o.levels(a) {
					jobs = append(jobs, job{a, k, level, lang, o.tries(a)})
				}
				if o.one() {
					return jobs
				}
			}
		}
	}
	return jobs
}

// levels are those that are measured. Where icons are and what a question says
// does not change with the level.
func (o *options) levels(a attack.Attacker) []int {
	if o.both && attack.ClassOf(a) != attack.Guess {
		return []int{2, o.level}
	}
	return []int{o.level}
}

// tries are how often an attacker tries.
func (o *options) tries(a attack.Attacker) int {
	class := attack.ClassOf(a)
	program := class == attack.Plain || class == attack.Targeted || a.Name() == "pocketsphinx"
	switch {
	case program && o.programs > 0:
		return o.programs
	case class != attack.Guess && !program && o.trained > 0:
		return o.trained
	case o.n > 0:
		return o.n
	case o.quick && program:
		return 3
	case o.quick && class == attack.Trained:
		return 4
	case o.quick && class != attack.Guess:
		return 30
	case o.quick:
		return 300
	case program:
		return 200
	}
	return 1000
}

func run(ctx context.Context, o options, tell *progress) (*report, error) {
	began := time.Now()
	defer tell.done()
	r := &report{options: o}
	if o.attacker != protocolName {
		if err := r.questions(ctx, tell); err != nil {
			return nil, err
		}
	}
	if o.attacker == protocolName || o.attacker == "all" && o.kind == "" {
		if err := r.protocol(ctx, tell); err != nil {
			return nil, err
		}
	}
	if o.attacker == "all" && o.kind == "" {
		if err := r.comfort(ctx, tell); err != nil {
			return nil, err
		}
	}
	r.judge()
	r.Took = time.Since(began)
	return r, nil
}

// questions lets attackers answer.
func (r *report) questions(ctx context.Context, tell *progress) error {
	all := attackers(r.options.quick, r.options.seed)
	defer closeAll(all)
	chosen, err := named(all, r.options.attacker)
	if err != nil {
		return err
	}
	maps, err := mapquiz.New(mapquiz.Config{})
	if err != nil {
		return err
	}
	absent := map[string]bool{}
	jobs := r.options.jobs(chosen)
	if len(jobs) == 0 {
		return fmt.Errorf("%s does not take such questions: leave --kind and --lang out to see which it takes", r.options.attacker)
	}
	for i, j := range jobs {
		if absent[j.attacker.Name()] {
			continue
		}
		name := fmt.Sprintf("%s, %s, level %d, %s", j.attacker.Name(), j.kind, j.level, j.lang)
		o, err := r.options.keep.outcome(ctx, attack.Job{
			Attacker: j.attacker, Source: sources{maps}, Kind: j.kind, Level: j.level, Lang: j.lang, N: j.n, Seed: r.options.seed,
			Tell: func(o attack.Outcome) error { tell.at(i, len(jobs), name, o.N, j.n); return nil },
		}, fmt.Sprintf("%s, seed %d", name, r.options.seed))
		if errors.Is(err, attack.ErrAbsent) {
			absent[j.attacker.Name()] = true
			r.Absent = append(r.Absent, err.Error())
			continue
		}
		if err != nil {
			return err
		}
		one := result{Outcome: o}
		if o.Solved == 0 {
			r.Results = append(r.Results, one) // there is no token to price
			continue
		}
		if err := one.play(ctx, r.options.seed); err != nil {
			return err
		}
		r.Results = append(r.Results, one)
	}
	if len(r.Results) == 0 && r.options.attacker != "all" {
		return errors.New(r.Absent[0])
	}
	return nil
}

// play plays hours under the rules.
func (r *result) play(ctx context.Context, seed uint64) (err error) {
	for i, k := range attempts {
		if r.Hours[i], err = protocol.Hour(ctx, captcha.ModeOf(r.Kind), r.Rate(), k, seed); err != nil {
			return err
		}
	}
	return nil
}

// protocolTries are how often each attack is tried.
func (o *options) protocolTries() int {
	switch {
	case o.n > 0 && o.attacker == protocolName:
		return o.n
	case o.quick:
		return 300
	}
	return 10_000
}

// protocol lets attackers go around.
func (r *report) protocol(ctx context.Context, tell *progress) error {
	all := protocol.All()
	for i, a := range all {
		tell.at(i, len(all), "protocol, "+a.Name, 0, 1)
		n := r.options.protocolTries()
		o, err := once(r.options.keep, fmt.Sprintf("protocol, %s, seed %d", a.Name, r.options.seed), n, func() (protocol.Outcome, error) {
			return protocol.Run(ctx, a, n, r.options.seed)
		})
		if err != nil {
			return err
		}
		r.Protocol = append(r.Protocol, o)
	}
	return nil
}

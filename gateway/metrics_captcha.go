package gateway

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/daero/daero/captcha"
)

// What the CAPTCHA does, at all sites of this gateway together: sites are added by
// whoever may, so that they are no labels; their own figures are in the API.
// Labels are steps, modes, kinds and codes, all of fixed sets.
var (
	captchaUp           = desc("captcha_up", "1 while a CAPTCHA is configured.")
	captchaIssued       = desc("captcha_issued_total", "Challenges begun.")
	captchaSteps        = desc("captcha_steps_total", "Steps: work, proofs of work that were right; click, text, audio, questions shown.", "step")
	captchaSwitched     = desc("captcha_switched_total", "Questions put aside for one of another mode, or of the same.", "mode")
	captchaWaits        = desc("captcha_waits_total", "Visitors who were told to come back later, by why.", "code")
	captchaSolved       = desc("captcha_solved_total", "Tokens given; of the kind work nothing was asked.", "kind")
	captchaMissed       = desc("captcha_missed_total", "Answers and proofs of work that were not right.", "kind")
	captchaVerified     = desc("captcha_verified_total", "Tokens that sites asked about: valid, invalid.", "result")
	captchaTook         = desc("captcha_solve_seconds", "From a question shown to its answer.")
	captchaPool         = desc("captcha_maps_ready", "Maps that are drawn ahead.", "lang")
	captchaLedgerErrors = desc("captcha_ledger_errors_total", "Times that what must be known once could not be asked or told: challenges and tokens fail then.")
	captchaStoreErrors  = desc("captcha_store_errors_total", "Times that the store of sites did not answer.")
	captchaDelay        = desc("captcha_work_seconds", "How long the proof of work takes at least, as the playbook has it; 0 as each site has it.")
)

var captchaDescs = []*prometheus.Desc{
	captchaUp, captchaIssued, captchaSteps, captchaSwitched, captchaWaits, captchaSolved, captchaMissed, captchaVerified,
	captchaTook, captchaPool, captchaLedgerErrors, captchaStoreErrors, captchaDelay,
}

// collectCaptcha shows what was counted in this process, and what is now.
func (r *runtime) collectCaptcha(ch chan<- prometheus.Metric) {
	running := r.captcha.newest()
	if running == nil {
		return
	}
	gauge(ch, captchaUp, 1)
	shown := r.captcha.counts.shown()
	// What has not happened yet is 0, not missing: rates begin with the first.
	for _, name := range []string{captcha.CountIssued, captcha.CountValid, captcha.CountInvalid} {
		shown.events[name] += 0
	}
	for name, n := range shown.events {
		collectEvent(ch, name, n)
	}
	ch <- prometheus.MustNewConstHistogram(captchaTook, shown.solved, shown.tookIn.Seconds(), shown.took)
	for lang, n := range running.maps.Ready() {
		gauge(ch, captchaPool, float64(n), lang)
	}
	count(ch, captchaLedgerErrors, r.captcha.counts.ledgerFailed.Load())
	count(ch, captchaStoreErrors, r.captcha.counts.storeFailed.Load())
	gauge(ch, captchaDelay, r.captcha.work().Seconds())
}

// collectEvent shows one name of what is counted.
func collectEvent(ch chan<- prometheus.Metric, name string, n uint64) {
	for _, e := range []struct {
		prefix string
		desc   *prometheus.Desc
	}{
		{captcha.CountShown, captchaSteps},
		{captcha.CountSolved, captchaSolved},
		{captcha.CountMissed, captchaMissed},
		{captcha.CountSwitched, captchaSwitched},
		{captcha.CountWaits, captchaWaits},
		{verifiedPrefix, captchaVerified},
	} {
		if label, ok := strings.CutPrefix(name, e.prefix); ok {
			count(ch, e.desc, n, label)
			return
		}
	}
	switch name {
	case captcha.CountIssued:
		count(ch, captchaIssued, n)
	case captcha.CountWork:
		count(ch, captchaSteps, n, "work")
	}
}

var verifiedPrefix = strings.TrimSuffix(captcha.CountValid, "valid")

// work is how long the proof of work takes at least.
func (h *captchaHost) work() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.least
}

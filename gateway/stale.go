package gateway

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/playbook"
)

// Bounds of what is kept for the action stale.
const (
	defaultStaleSize = 64 << 20
	minStaleSize     = 1 << 20
	maxStaleSize     = 4 << 30
	maxStaleBody     = 1 << 20
	// staleAgain is how young a kept answer may be for the next not to be
	// recorded: many ask for the same at once.
	staleAgain = time.Second
)

// answers are the last good answers of the lanes that a playbook may serve
// stale, in memory. They outlive a reload. There are no goroutines: what is too
// much is dropped by who adds to it, and what is too old is not served.
type answers struct {
	cache     *otter.Cache[staleKey, *answer]
	recording atomic.Int64 // bytes of answers that are on their way
	served    atomic.Uint64
	salt      atomic.Uint64
}

// answer is one answer, or says by what headers of the request the answers to
// one address differ.
type answer struct {
	at     time.Time     // when it was recorded
	age    time.Duration // that it had then
	header http.Header   // not to be changed
	body   []byte

	vary []string // canonical; with it there is nothing else but salt
	salt uint64   // makes answers of before unreachable when vary changes
}

// answerWeight is what an answer costs beside its bytes.
const answerWeight = 512

func (a *answer) weight() uint32 {
	n := answerWeight + len(a.body)
	for name, values := range a.header {
		n += len(name) + 48
		for _, v := range values {
			n += len(v) + 16
		}
	}
	for _, name := range a.vary {
		n += len(name) + 16
	}
	return uint32(n) // a body is at most maxStaleBody, headers at most what Caddy reads
}

// Destruct implements caddy.Destructor.
func (*answers) Destruct() error { return nil }

const answersKey = "daero/stale"

// acquireAnswers returns the answers of this process. release gives them back:
// without a configuration that may serve them, they are forgotten.
func acquireAnswers() (kept *answers, release func() error, err error) {
	v, _, err := runtimes.LoadOrNew(answersKey, func() (caddy.Destructor, error) {
		cache, err := otter.New(&otter.Options[staleKey, *answer]{
			MaximumWeight: defaultStaleSize,
			Weigher:       func(_ staleKey, a *answer) uint32 { return a.weight() },
			Executor:      func(f func()) { f() },
		})
		return &answers{cache: cache}, err
	})
	if err != nil {
		return nil, nil, err
	}
	return v.(*answers), func() error {
		_, err := runtimes.Delete(answersKey)
		return err
	}, nil
}

// keptAnswers returns the answers of this process, nil if there are none.
func keptAnswers() (kept *answers) {
	runtimes.Range(func(_, v any) bool {
		if a, ok := v.(*answers); ok {
			kept = a
		}
		return kept == nil
	})
	return kept
}

func (a *answers) resize(size int64) {
	if size == 0 {
		size = defaultStaleSize
	}
	a.cache.SetMaximum(uint64(size))
}

// room reserves n bytes for an answer that is being recorded.
func (a *answers) room(n int64) bool {
	most := int64(a.cache.GetMaximum()) / 4
	if a.recording.Add(n) > most {
		a.recording.Add(-n)
		return false
	}
	return true
}

// find returns the answer at one key to a request, nil if there is none.
func (a *answers) find(key staleKey, r *http.Request) *answer {
	got, ok := a.cache.GetIfPresent(key)
	if !ok || got.vary == nil {
		return got
	}
	got, _ = a.cache.GetIfPresent(key.varied(got, r))
	return got
}

// keep adds an answer to a request.
func (a *answers) keep(key staleKey, r *http.Request, fresh *answer, vary []string) {
	if len(vary) == 0 {
		a.cache.Set(key, fresh)
		return
	}
	post, ok := a.cache.GetIfPresent(key)
	if !ok || !slices.Equal(post.vary, vary) {
		post = &answer{vary: vary, salt: a.salt.Add(1)}
		a.cache.Set(key, post)
	}
	a.cache.Set(key.varied(post, r), fresh)
}

// mayServeStale reports whether the playbook may serve a lane stale. In shadow
// nothing is served, so nothing is kept.
func (a *App) mayServeStale(backend, lane string) bool {
	if a.response == nil || a.response.Playbook.Shadow {
		return false
	}
	return slices.ContainsFunc(a.response.Playbook.Actions, func(act playbook.Action) bool {
		return act.Kind == playbook.Stale && !act.Shadow && act.Lane == lane && (act.Backend == "" || act.Backend == backend)
	})
}

// provisionStale takes part in the kept answers if the playbook may serve any.
func (a *App) provisionStale() error {
	if a.response == nil || !slices.ContainsFunc(a.response.Playbook.Actions, func(act playbook.Action) bool { return act.Kind == playbook.Stale }) {
		return nil
	}
	kept, release, err := acquireAnswers()
	if err != nil {
		return err
	}
	a.answers = kept
	a.release = append(a.release, release)
	return nil
}

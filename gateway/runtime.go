package gateway

import (
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero"
)

// runtime is what outlives a reload: the lanes, what they learned, and what is
// in flight. There is one per process.
type runtime struct {
	d *daero.Daero

	mu   sync.Mutex
	made []byte
}

// secret keeps the secret that was made for lack of a configured or stored
// one, so that it survives a reload when storage fails. It returns what is
// kept, after keeping fresh unless that is nil.
func (r *runtime) secret(fresh []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		r.made = fresh
	}
	return r.made
}

// Destruct implements caddy.Destructor. Requests still under way keep their
// lanes; nothing waits and nothing runs by itself, so nothing is to be closed.
func (r *runtime) Destruct() error {
	current.CompareAndSwap(r, nil)
	return nil
}

const runtimeKey = "daero"

var (
	runtimes = caddy.NewUsagePool()
	// current is the runtime that the process-wide metrics collector reads.
	current atomic.Pointer[runtime]
)

func acquire() (*runtime, error) {
	v, _, err := runtimes.LoadOrNew(runtimeKey, func() (caddy.Destructor, error) {
		d, err := daero.New(daero.Config{})
		if err != nil {
			return nil, err
		}
		rt := &runtime{d: d}
		current.Store(rt)
		return rt, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*runtime), nil
}

func releaseRuntime() error {
	_, err := runtimes.Delete(runtimeKey)
	return err
}

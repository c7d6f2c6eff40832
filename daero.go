package daero

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/lane/appointment"
)

// Daero is the lanes of all backends, and their control. It is safe for
// concurrent use and needs no closing; it starts no goroutine but those of
// [Control.Apply], which the undo of that ends.
type Daero struct {
	listener Listener
	bodies   budget
	signer   atomic.Pointer[appointment.Signer]
	tokens   [numTokens]atomic.Uint64
	apply    sync.Mutex // held while plans change, taken before mu
	control  *Control
	posts    sync.Map // lane's key → *atomic.Pointer[Posted]

	mu    sync.Mutex
	plans []*inForce // the newest last
	sets  map[string]*lane.Set
}

// inForce is a plan that was applied and not yet undone.
type inForce struct{ plan Plan }

// New returns a Daero with cfg.Plan in force. The error names every mistake.
func New(cfg Config) (*Daero, error) {
	d := &Daero{listener: cfg.Listener, sets: map[string]*lane.Set{}}
	d.control = newControl(d)
	d.bodies.max = cfg.BodyBudget
	if d.bodies.max == 0 {
		d.bodies.max = DefaultBodyBudget
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails, see crypto/rand
	signer, err := appointment.NewSigner(appointment.Config{Secrets: [][]byte{secret}})
	if err != nil {
		return nil, err
	}
	d.signer.Store(signer)
	if len(cfg.Plan.Backends) == 0 {
		return d, cfg.Plan.Validate()
	}
	if _, err := d.Apply(cfg.Plan); err != nil {
		return nil, err
	}
	return d, nil
}

// Apply puts p in force on top of the plans before it and returns what
// withdraws it. What p does not name stays as it is: lanes of older plans that
// still stand keep serving their requests, without a floor. Lanes keep what
// they learned by name. On error nothing changes. undo may be called at any
// time, more than once.
func (d *Daero) Apply(p Plan) (undo func(), err error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	d.apply.Lock()
	defer d.apply.Unlock()
	entry := &inForce{plan: p}
	plans := append(append([]*inForce(nil), d.plans...), entry)
	if err := d.settle(plans); err != nil {
		return nil, err
	}
	d.listener.planApplied(p)
	return sync.OnceFunc(func() { d.withdraw(entry) }), nil
}

func (d *Daero) withdraw(entry *inForce) {
	d.apply.Lock()
	defer d.apply.Unlock()
	plans := make([]*inForce, 0, len(d.plans))
	for _, e := range d.plans {
		if e != entry {
			plans = append(plans, e)
		}
	}
	// What remains was in force together with entry, so it is valid; should it
	// not be, what is in force stays, which is the safe side.
	if d.settle(plans) == nil {
		d.listener.planWithdrawn(entry.plan)
	}
}

// settle makes plans what is in force: everything is checked before anything
// changes.
func (d *Daero) settle(plans []*inForce) error {
	want, err := merge(plans)
	if err != nil {
		return err
	}
	signer, err := signerOf(plans)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, cfg := range want {
		if set := d.sets[name]; set != nil {
			if err := set.Reload(cfg); err != nil {
				return fmt.Errorf("backend %s: %w", name, err)
			}
			continue
		}
		set, err := lane.New(cfg)
		if err != nil {
			return fmt.Errorf("backend %s: %w", name, err)
		}
		if learned, ok := plans[len(plans)-1].plan.Learned[name]; ok {
			set.Restore(learned)
		}
		d.sets[name] = set
	}
	for name := range d.sets {
		if _, ok := want[name]; !ok {
			delete(d.sets, name)
		}
	}
	if signer != nil {
		d.signer.Store(signer)
	}
	d.plans = plans
	return nil
}

// signerOf returns the signer of the newest plan that brings secrets, nil if
// none does.
func signerOf(plans []*inForce) (*appointment.Signer, error) {
	for i := len(plans) - 1; i >= 0; i-- {
		if p := plans[i].plan; len(p.Secrets) > 0 {
			return appointment.NewSigner(appointment.Config{Secrets: p.Secrets, Grace: p.Grace})
		}
	}
	return nil, nil
}

// merge returns the configuration of each backend: that of the newest plan
// which names it, and the lanes that only older plans name. Those keep serving
// requests that are on their way, but promise nothing any more: floors of two
// plans together could exceed the whole.
func merge(plans []*inForce) (map[string]lane.Config, error) {
	want := map[string]lane.Config{}
	for i := len(plans) - 1; i >= 0; i-- {
		for name, cfg := range plans[i].plan.Backends {
			cfg = WithStandardLanes(cfg)
			if newer, ok := want[name]; ok {
				cfg = withLanesOf(newer, cfg)
			}
			want[name] = cfg
		}
	}
	for name, cfg := range want {
		if err := cfg.Validate(); err != nil {
			return nil, fmt.Errorf("backend %s: %w", name, err)
		}
	}
	return want, nil
}

func withLanesOf(newer, older lane.Config) lane.Config {
	named := make(map[string]bool, len(newer.Lanes))
	for _, l := range newer.Lanes {
		named[l.Name] = true
	}
	for _, l := range older.Lanes {
		if named[l.Name] || len(newer.Lanes) >= lane.MaxLanes {
			continue
		}
		l.Floor = 0
		newer.Lanes = append(newer.Lanes, l)
	}
	return newer
}

// Lane returns a lane in force, nil if there is none of that name.
func (d *Daero) Lane(backend, name string) *lane.Lane {
	d.mu.Lock()
	defer d.mu.Unlock()
	if set := d.sets[backend]; set != nil {
		return set.Lane(name)
	}
	return nil
}

// streams reports whether a lane in force is one of long-lived connections.
func (d *Daero) streams(backend, name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.plans) - 1; i >= 0; i-- {
		for _, l := range WithStandardLanes(d.plans[i].plan.Backends[backend]).Lanes {
			if l.Name == name {
				return l.Streams
			}
		}
	}
	return false
}

// postKey is a lane of a backend.
type postKey struct{ backend, lane string }

// post is where a lane's posted orders stand; nil in it means none.
func (d *Daero) post(backend, lane string) *atomic.Pointer[Posted] {
	key := postKey{backend, lane}
	if p, ok := d.posts.Load(key); ok {
		return p.(*atomic.Pointer[Posted])
	}
	p, _ := d.posts.LoadOrStore(key, new(atomic.Pointer[Posted]))
	return p.(*atomic.Pointer[Posted])
}

package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daero/daero/internal/child"
)

// seat is one process of a run, through all its lives.
type seat struct {
	role    Role
	command []string
	cfg     childConfig
	ready   func(context.Context) error

	mu      sync.Mutex
	process *child.Process
	busy    bool // it is being killed and started
}

// lives numbers the lives of all processes of a run, so that no two of a role
// share a number.
type lives struct{ last atomic.Int64 }

// start begins a life and returns when it is ready.
func (s *seat) start(ctx context.Context, l *lives) error {
	s.cfg.Life = int(l.last.Add(1))
	told, err := json.Marshal(s.cfg)
	if err != nil {
		return err
	}
	args := append(s.command[1:len(s.command):len(s.command)], string(s.role))
	p, err := child.Start(fmt.Sprintf("%s, life %d", s.role, s.cfg.Life), s.command[0], args...)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = p
	s.mu.Unlock()
	if err := p.Tell(string(told) + "\n"); err != nil { // not as an argument: there may be a password in it
		return fmt.Errorf("%w: %w", err, p.Ended())
	}
	return p.Ready(ctx, startWithin, s.ready)
}

// startWithin is long: a loaded machine with one broker of three being started.
const startWithin = time.Minute

// take marks the seat as being killed; false if it is already.
func (s *seat) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return false
	}
	s.busy = true
	return true
}

func (s *seat) release() {
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
}

// stop ends the seat's process in good order.
func (s *seat) stop() error {
	s.mu.Lock()
	p := s.process
	s.process = nil
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	select {
	case <-p.Done():
		return p.Ended()
	default:
	}
	return p.Stop(30 * time.Second)
}

// program is what starts a child.
func program(command []string) ([]string, error) {
	if len(command) > 0 {
		return command, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []string{exe, "relay", "verify-child"}, nil
}

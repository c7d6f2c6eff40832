package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/api"
	"github.com/daero/daero/level"
)

// pulse is what measures for all who watch, and what runs it.
type pulse struct {
	*api.Pulse
	start  func()
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// newPulse returns a pulse that has yet to be started.
func newPulse(cfg api.Config, node string) (*pulse, error) {
	made, err := api.NewPulse(cfg, node)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &pulse{Pulse: made, cancel: cancel}
	p.start = sync.OnceFunc(func() { p.wg.Go(func() { made.Run(ctx) }) })
	return p, nil
}

// close ends the streams, and waits for what runs.
func (p *pulse) close() {
	p.cancel()
	p.wg.Wait()
}

// told tells the captcha and who watches what the control does. The pulse is
// made after the control, which has nothing to tell until then.
func (r *runtime) told() daero.Listener {
	return daero.Listener{
		Recorded: r.records.add,
		Drained:  r.drained,
		Pressed: func(least time.Duration) {
			r.captcha.pressed(least)
			r.pulse.Listener().Pressed(least)
		},
		LevelChanged: func(ch level.Change) {
			r.pulse.Listener().LevelChanged(ch) // the record follows, and wants to know it
			r.captcha.changed(ch)
		},
	}
}

package rehearse

import (
	"context"
	"fmt"
	"time"
)

// Watched is a Set whose gateway has a console that can be looked at.
type Watched interface {
	// ConsoleLink returns a link that logs an admin in, once; "" where the
	// gateway shows no console.
	ConsoleLink(ctx context.Context) (string, error)
}

// shows reports whether the gateway of an arm has something to show: lanes of
// daero's own, which are not put in by hand and again while it is watched.
func shows(arm string) bool {
	return arm == ArmAuto || arm == ArmLanes || arm == ArmHonouring
}

// show tells where the console of an arm is, and lets whoever watches come.
// Nothing is sent meanwhile.
func (s Settings) show(ctx context.Context, arm string, set Set) error {
	w, ok := set.(Watched)
	if s.Console == nil || !ok {
		return nil
	}
	link, err := w.ConsoleLink(ctx)
	if err != nil || link == "" {
		return err
	}
	s.Console(arm, link)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(s.Lead):
		return nil
	}
}

func (p *processes) deskURL() string { return fmt.Sprintf("http://127.0.0.1:%d", p.desk) }

// ConsoleLink implements [Watched].
func (p *processes) ConsoleLink(ctx context.Context) (string, error) {
	if p.desk == 0 {
		return "", nil
	}
	return consoleLink(ctx, fmt.Sprintf("127.0.0.1:%d", p.admin), p.deskURL())
}

package relay

import "context"

// delivery hands messages to one target.
type delivery struct{}

func newDelivery(Config, Delivery) *delivery { return &delivery{} }

func (d *delivery) run(context.Context) {}
func (d *delivery) pause(Pause)         {}
func (d *delivery) resume() bool        { return false }
func (d *delivery) throttle(float64)    {}

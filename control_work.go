package daero

import (
	"time"

	"github.com/daero/daero/playbook"
)

// press finds how long the CAPTCHA's proof of work is to take at least, and
// tells if that changed.
func (c *Control) press() {
	least := time.Duration(0)
	for i := range c.orders {
		if o := &c.orders[i]; o.Action.Kind == playbook.Work && !o.Shadow {
			least = max(least, o.Action.Work(o.Strength))
		}
	}
	if least != c.work {
		c.work = least
		c.d.listener.pressed(least)
	}
}

// Work returns how long the CAPTCHA's proof of work is to take at least, 0 where
// no playbook asks for any.
func (c *Control) Work() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.work
}

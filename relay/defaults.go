package relay

import "errors"

func (c Config) withDefaults() Config { return c.acceptDefaults().deliverDefaults() }

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	return errors.Join(append(c.validateAccept(), c.validateDeliver()...)...)
}

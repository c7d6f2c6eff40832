package relay

import "errors"

func (c Config) withDefaults() Config { return c.acceptDefaults() }

// Validate reports every mistake at once, joined.
func (c Config) Validate() error { return errors.Join(c.validateAccept()...) }

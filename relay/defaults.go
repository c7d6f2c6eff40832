package relay

func (c Config) withDefaults() Config { return c }

// Validate reports every mistake at once, joined.
func (c Config) Validate() error { return nil }

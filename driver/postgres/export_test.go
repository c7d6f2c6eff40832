package postgres

import "time"

// Pass lets the store's time pass.
func (s *Inbox) Pass(d time.Duration) { s.skew += d }

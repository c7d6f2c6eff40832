//go:build !unix

package attack

import "time"

var started = time.Now()

// coreSeconds is the clock's, where the system does not say what was computed:
// attackers run on one core.
func coreSeconds() float64 { return time.Since(started).Seconds() }

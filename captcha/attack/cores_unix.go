//go:build unix

package attack

import (
	"syscall"
	"time"
)

// coreSeconds is what this process and those that it started and waited for have
// computed so far.
func coreSeconds() float64 {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())
		}
	}
	return sum.Seconds()
}

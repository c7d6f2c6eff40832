package live

import (
	"syscall"
	"time"
)

// preciseSleep waits in the kernel, late by tens of microseconds; the
// runtime's timers are late by up to a millisecond on an idle machine.
func preciseSleep(d time.Duration) {
	if d > 0 {
		ts := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&ts, nil) // interrupted: the caller looks at the clock again
	}
}

//go:build !linux

package live

import "time"

func preciseSleep(d time.Duration) { time.Sleep(d) }

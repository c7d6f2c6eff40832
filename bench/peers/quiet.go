package peers

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// quietMachine waits until at most a tenth of the processors is busy, for at
// most as long as it has patience, and returns the busy share it saw last:
// what else runs on the machine would be blamed on the arm.
func quietMachine(ctx context.Context, patience time.Duration) float64 {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	busy, all := processors()
	for {
		select {
		case <-ctx.Done():
			return 1
		case <-tick.C:
		}
		b, a := processors()
		share := 0.0
		if a > all {
			share = (b - busy) / (a - all)
		}
		if busy, all = b, a; share <= 0.1 || time.Since(began) > patience {
			return share
		}
	}
}

// processors returns how long all processors together were busy, and how long
// they were there, in ticks; 0 where the system does not say.
func processors() (busy, all float64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	return parseProcessors(string(text))
}

// parseProcessors reads the first line of /proc/stat: user, nice, system, idle,
// waiting for a disk, and more that is busy; guests, from the ninth on, are
// counted in user already.
func parseProcessors(stat string) (busy, all float64) {
	line, _, _ := strings.Cut(stat, "\n")
	for i, f := range strings.Fields(strings.TrimPrefix(line, "cpu")) {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil || i > 7 {
			break
		}
		all += v
		if i != 3 && i != 4 {
			busy += v
		}
	}
	return busy, all
}

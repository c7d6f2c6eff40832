package rehearse

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks is how /proc counts processor time on every Linux that Go runs on.
const ticks = 100.0

// cpuOf returns the processor seconds that a process has used.
func cpuOf(pid int) (float64, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The name, second and in parentheses, may hold anything; utime and stime
	// are the 14th and 15th field.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseFloat(f[11], 64)
	system, err2 := strconv.ParseFloat(f[12], 64)
	return (user + system) / ticks, err1 == nil && err2 == nil
}

// cpuOfAll returns the processor seconds that everything on the machine has
// used, what another guest of the same host stole included.
func cpuOfAll() (float64, bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal …
	if len(f) < 9 || f[0] != "cpu" {
		return 0, false
	}
	sum := 0.0
	for i, v := range f[1:9] {
		if i == 3 || i == 4 { // idle, iowait
			continue
		}
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return 0, false
		}
		sum += n
	}
	return sum / ticks, true
}

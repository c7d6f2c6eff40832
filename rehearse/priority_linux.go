package rehearse

import (
	"os"
	"strconv"
	"syscall"
)

// RaisePriority asks the system to serve this process, and those it starts,
// before others; without the right to, it returns false. A rehearsal measures
// milliseconds on a machine that may be doing something else.
func RaisePriority() bool { return priority(-10) }

// LowerPriority asks the system to serve others before this process and those
// it starts: a gateway that people depend on, for example.
func LowerPriority() bool { return priority(10) }

func priority(nice int) bool {
	tasks, err := os.ReadDir("/proc/self/task") // Linux has priorities per thread
	if err != nil {
		return false
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil || syscall.Setpriority(syscall.PRIO_PROCESS, tid, nice) != nil {
			return false
		}
	}
	return true
}

package host

import (
	"context"
	"io/fs"
	"os"
	"runtime"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// system is where the figures come from; tests have their own.
type system struct {
	root   fs.FS // the files of the machine, for what the library does not read
	cpus   int
	times  func(ctx context.Context) (busy, total float64, err error) // seconds since boot
	load1  func(ctx context.Context) (float64, error)
	memory func(ctx context.Context) (total, available uint64, err error)
}

func realSystem() *system {
	return &system{
		root: os.DirFS("/"), cpus: runtime.NumCPU(),
		times: cpuTimes, load1: loadAverage, memory: virtualMemory,
	}
}

func cpuTimes(ctx context.Context) (busy, total float64, err error) {
	all, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(all) == 0 {
		return 0, 0, untold("how busy its processors are", err)
	}
	t := all[0]
	// What guests use is in User and Nice as well.
	busy = t.User + t.Nice + t.System + t.Irq + t.Softirq + t.Steal
	return busy, busy + t.Idle + t.Iowait, nil
}

func loadAverage(ctx context.Context) (float64, error) {
	if runtime.GOOS == "windows" {
		return 0, untold("how many programs wait for a processor", nil) // the library would make it up
	}
	avg, err := load.AvgWithContext(ctx)
	if err != nil {
		return 0, untold("how many programs wait for a processor", err)
	}
	return avg.Load1, nil
}

func virtualMemory(ctx context.Context) (total, available uint64, err error) {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil || m.Total == 0 {
		return 0, 0, untold("how much memory is in use", err)
	}
	return m.Total, m.Available, nil
}

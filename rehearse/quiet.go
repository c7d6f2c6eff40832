package rehearse

import (
	"context"
	"os"
	"time"
)

// A machine is quiet if other programs used less than this many processors
// for this long.
const (
	quietBelow = 0.2
	quietFor   = time.Second
)

// quietMachine waits until the machine is quiet, or patience has run out: then
// the arm is run all the same, and its own measurements decide. Where the
// system does not tell, it does not wait.
func quietMachine(ctx context.Context, patience time.Duration, waiting func()) error {
	for waited := time.Duration(0); waited < patience; waited += quietFor {
		all, ok := cpuOfAll()
		ours, _ := cpuOf(os.Getpid())
		if !ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(quietFor):
		}
		allNow, _ := cpuOfAll()
		oursNow, _ := cpuOf(os.Getpid())
		if (allNow-all)-(oursNow-ours) < quietBelow*quietFor.Seconds() {
			return nil
		}
		waiting()
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
)

// find returns the program to run; Debian keeps nginx where only root looks.
func find(given, name string) (string, error) {
	if given != "" {
		return exec.LookPath(given)
	}
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if p, err := exec.LookPath(candidate); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run make deps", name)
}

// cpus says on which core a process runs, so that what is measured and what
// measures it do not take each other's time. With one core, or without
// taskset, nothing is pinned and the report says so.
type cpus struct {
	taskset string
	pinned  bool
}

const (
	loadCore   = 0 // wrk and the upstream
	serverCore = 1 // what is measured
)

func newCPUs() cpus {
	p, err := exec.LookPath("taskset")
	return cpus{taskset: p, pinned: err == nil && runtime.NumCPU() > 1}
}

func (c cpus) command(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	if c.pinned {
		args = append([]string{"-c", strconv.Itoa(core), name}, args...)
		name = c.taskset
	}
	return exec.CommandContext(ctx, name, args...)
}

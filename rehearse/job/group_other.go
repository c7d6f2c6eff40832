//go:build !unix

package job

import "os/exec"

// group: a process is killed when its context ends.
func group(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}

//go:build unix

package job

import (
	"os/exec"
	"syscall"
)

// group gives a process a group of its own, so that all that it starts can be
// ended with it and a Ctrl-C at the gateway's terminal ends it in order. It is
// asked to end when its context ends.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killGroup kills whoever is left of a process that has ended.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // nobody may be left
}

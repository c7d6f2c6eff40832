package child

import "syscall"

// endWithParent has the kernel kill the child when this process is gone,
// however it went. (The sign is tied to the thread that started the child; Go
// ends a thread only when a goroutine that locked it ends without unlocking,
// which nothing here does.)
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

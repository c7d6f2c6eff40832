package job

import "syscall"

// endWithParent has the kernel kill the process when the gateway is gone,
// however it went.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

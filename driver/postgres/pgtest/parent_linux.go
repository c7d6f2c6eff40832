package pgtest

import "syscall"

// endWithParent has the kernel end the server when the tests are gone, however
// they went.
func endWithParent(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	a.Pdeathsig = syscall.SIGQUIT
	return a
}

//go:build unix && !linux

package pgtest

import "syscall"

func endWithParent(a *syscall.SysProcAttr) *syscall.SysProcAttr { return a }

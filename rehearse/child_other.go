//go:build !linux

package rehearse

import "syscall"

func endWithParent() *syscall.SysProcAttr { return nil }

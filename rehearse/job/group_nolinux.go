//go:build unix && !linux

package job

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}

package spool

import (
	"errors"
	"os"
	"syscall"
)

// datasync writes data and what is needed to find it again, the size included,
// but no times: half the work of a full sync on most file systems.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

func (disk) Free(dir string) (int64, error) {
	var v syscall.Statfs_t
	for {
		err := syscall.Statfs(dir, &v)
		if !errors.Is(err, syscall.EINTR) {
			return int64(v.Bavail) * int64(v.Bsize), os.NewSyscallError("statfs", err)
		}
	}
}

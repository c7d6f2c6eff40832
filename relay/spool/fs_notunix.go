//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package spool

import (
	"errors"
	"io"
	"os"
)

func (disk) MakeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

func (disk) Lock(string) (io.Closer, error) {
	return nil, errors.New("spool: this system has no file locks that end with the process: refuse while the log is away instead")
}

func noRoom(error) bool { return false }

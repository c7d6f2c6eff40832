package spool

import (
	"errors"
	"io"
	"os"
)

// FS is what the spool needs of a file system. It exists so that tests can make
// each of its operations fail.
type FS interface {
	// Open opens a file, with the flags of package os, for its owner alone.
	Open(name string, flag int) (File, error)
	// List returns the names of the files in a directory.
	List(dir string) ([]string, error)
	Remove(name string) error
	Rename(from, to string) error
	// MakeDir makes a directory, and its parents, to stay.
	MakeDir(dir string) error
	// SyncDir makes what was created and removed in a directory stay.
	SyncDir(dir string) error
	// Free returns how many bytes the disk has left for us.
	Free(dir string) (int64, error)
	// Lock keeps others from opening the same spool, until it is closed.
	Lock(name string) (io.Closer, error)
}

// File is one file of an [FS].
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	// Sync returns when what was written, and the file's size, are on disk.
	Sync() error
}

// disk is the machine's own file system.
type disk struct{}

func (disk) Open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) List(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	return names, errors.Join(err, d.Close())
}

func (disk) Remove(name string) error { return os.Remove(name) }

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type diskFile struct{ *os.File }

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f diskFile) Sync() error { return datasync(f.File) }

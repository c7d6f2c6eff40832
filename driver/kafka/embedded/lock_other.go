//go:build !unix || solaris || illumos || aix

package embedded

import "os"

// lock takes a file for this process alone. Here a file that is open cannot be
// removed, which tells whether another process has it.
func lock(path string) (unlock func(), err error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { _, _ = f.Close(), os.Remove(path) }, nil
}

package calendar

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 8 << 20

// stamp tells whether a file was changed.
type stamp struct {
	changed time.Time
	size    int64
}

// readFile reads the file if it was changed since. On error what was read
// before stays in force, and the file is read again the next time.
func (c *Calendar) readFile(now time.Time) error {
	path := c.cfg.Path
	data, st, err := load(path, c.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("calendar %s: there is no such file", path)
	case err != nil:
		return fmt.Errorf("calendar %s: %w", path, err)
	case data == nil:
		c.same(now)
		return nil
	}
	b, problems, err := read(data, now, c.cfg.Zone)
	if err == nil {
		err = joined(problems)
	}
	if err != nil {
		c.file = stamp{}
		return fmt.Errorf("calendar %s: %w", path, err)
	}
	c.put(now, b, nil)
	c.file = st
	return nil
}

// load reads a file; nil if it is as it was.
func load(path string, was stamp) ([]byte, stamp, error) {
	// Before it is opened: opening a pipe waits for who writes to it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, was, err
	}
	st := stamp{info.ModTime(), info.Size()}
	switch {
	case !info.Mode().IsRegular():
		return nil, was, errors.New("it is no regular file")
	case st.size > maxFile:
		return nil, was, fmt.Errorf("it has %d bytes: at most %d", st.size, maxFile)
	case st.changed.Equal(was.changed) && st.size == was.size:
		return nil, was, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, was, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, was, err
	}
	if data == nil {
		data = []byte{}
	}
	return data, st, nil
}

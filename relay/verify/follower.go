package verify

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// follower reads what is new in a ledger, and counts the records that arrived.
type follower struct {
	name    string
	at      int64
	rest    []byte
	records map[Record]struct{}
}

// follow reads to the end of what there is now and returns how many different
// records arrived.
func (f *follower) follow() (int, error) {
	file, err := os.Open(f.name)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if _, err := file.Seek(f.at, io.SeekStart); err != nil {
		return 0, err
	}
	b, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	f.at += int64(len(b))
	f.rest = append(f.rest, b...)
	for {
		line, after, ok := bytes.Cut(f.rest, []byte("\n"))
		if !ok {
			return len(f.records), nil
		}
		if strings.HasPrefix(string(line), "d\t") {
			if a, _, ok := parseArrival(string(line)); ok {
				f.records[a.Record] = struct{}{}
			}
		}
		f.rest = after
	}
}

// size is how long a file is, 0 if it is not there.
func size(name string) int64 {
	at, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return at.Size()
}

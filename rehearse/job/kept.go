package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What stands in a directory that is kept.
const (
	jobFile    = "job.json"
	reportJSON = "report.json"
	reportHTML = "report.html"
	partly     = ".part" // the end of the name of one that is not whole
)

// maxKept bounds what is read of a job: 6 arms of 10 minutes, 3 lanes of 4
// numbers, 8 bytes each, and as much again.
const maxKept = 8 << 20

// load reads what was kept, the newest first, and removes what is too much.
// What is not whole, or not ours, is left alone.
func load(dir string) (all []*Job) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // nothing was kept yet, or it cannot be read: then starting one says why
	}
	for _, e := range entries {
		if !e.IsDir() || !isID(e.Name()) {
			continue
		}
		if j, err := read(filepath.Join(dir, e.Name(), jobFile)); err == nil && j.ID == e.Name() {
			all = append(all, j)
		}
	}
	slices.SortFunc(all, func(a, b *Job) int { return cmp.Or(b.Began.Compare(a.Began), strings.Compare(b.ID, a.ID)) })
	return prune(dir, all)
}

// prune removes all but the newest.
func prune(dir string, all []*Job) []*Job {
	for len(all) > MaxKept {
		oldest := all[len(all)-1]
		_ = os.RemoveAll(filepath.Join(dir, oldest.ID)) // it is tried again with the next start
		all = all[:len(all)-1]
	}
	return all
}

// stale is how old a directory is that nobody writes to any more: no job takes
// so long.
const stale = 4 * time.Hour

// sweep removes what was left half written by a gateway that was killed.
func sweep(dir string, now time.Time) {
	entries, _ := os.ReadDir(dir) // nothing there, nothing to sweep
	for _, e := range entries {
		id, part := strings.CutSuffix(e.Name(), partly)
		if !part || !e.IsDir() || !isID(id) {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > stale {
			_ = os.RemoveAll(filepath.Join(dir, e.Name())) // likewise
		}
	}
}

// isID reports whether s is the ID of a job: 20261130t070000-0123abcd.
func isID(s string) bool {
	if len(s) != len("20060102t150405-01234567") || s[8] != 't' || s[15] != '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 15 || c >= '0' && c <= '9':
		case i > 15 && c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}

func read(file string) (*Job, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxKept+1))
	if err != nil {
		return nil, err
	}
	return parseJob(data)
}

// parseJob reads a job that was kept.
func parseJob(data []byte) (*Job, error) {
	if len(data) > maxKept {
		return nil, fmt.Errorf("job: more than %d bytes", maxKept)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var j Job
	if err := d.Decode(&j); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("job: more than one document")
	}
	switch {
	case !isID(j.ID) || !isName(j.Scenario) || !slices.Contains(states, j.State) || !j.State.Ended():
		return nil, errors.New("job: is none that has ended")
	case len(j.Arms) > maxArms || slices.ContainsFunc(j.Arms, func(a string) bool { return !isName(a) }):
		return nil, errors.New("job: arms that are none")
	case j.Began.IsZero() || j.Began.Year() > 9999 || j.Ended.Year() > 9999:
		return nil, errors.New("job: times that are none")
	}
	if j.Series != nil && !j.Series.whole() {
		return nil, errors.New("job: series that are not whole")
	}
	if j.Arms == nil {
		j.Arms = []string{}
	}
	return &j, nil
}

// whole reports whether all that is drawn beside each other is as long.
func (s *Series) whole() bool {
	for _, lanes := range s.Arms {
		for _, c := range lanes {
			if c == nil || len(c.Refused) != len(c.OK) || len(c.Failed) != len(c.OK) || len(c.P99) != len(c.OK) {
				return false
			}
		}
	}
	return true
}

// writeSynced writes a file that is there after a power cut, or is not.
func writeSynced(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// keep is a file of what was measured, a line each, so that a run of hours that
// was interrupted goes on where it was, and several runs can share the work. It
// does not know what the maps looked like then: who changes them begins a new one.
type keep struct{ path string }

// kept is a line of the file.
type kept struct {
	Key   string          `json:"key"`
	Tries int             `json:"tries"`
	Value json.RawMessage `json:"value"`
}

// get finds what was measured under a key with n tries at least: what was tried
// most often. The file is read every time: another run may have measured it since.
func (k keep) get(key string, n int, v any) (bool, error) {
	if k.path == "" {
		return false, nil
	}
	b, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	best := kept{Tries: n - 1}
	for line := range bytes.Lines(b) {
		var one kept
		// A line may be half of one, of a run that was killed.
		if json.Unmarshal(line, &one) == nil && one.Key == key && one.Tries > best.Tries {
			best = one
		}
	}
	if best.Value == nil {
		return false, nil
	}
	return true, json.Unmarshal(best.Value, v)
}

// put adds what was measured: in one write, which other runs' do not mix with.
func (k keep) put(key string, n int, v any) error {
	if k.path == "" {
		return nil
	}
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	line, err := json.Marshal(kept{key, n, value})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(k.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the file that was asked for
	if err != nil {
		return err
	}
	// A line of its own, also after half of one.
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	return errors.Join(err, f.Close())
}

// once measures with n tries what was not measured as often yet under a key.
func once[T any](k keep, key string, n int, measure func() (T, error)) (T, error) {
	var v T
	if found, err := k.get(key, n, &v); found || err != nil {
		if err != nil {
			err = fmt.Errorf("--keep %s: %w: remove it to begin anew", k.path, err)
		}
		return v, err
	}
	v, err := measure()
	if err != nil {
		return v, err
	}
	return v, k.put(key, n, v)
}

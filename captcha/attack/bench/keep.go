package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/daero/daero/captcha/attack"
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
		return v, k.spoilt(err)
	}
	v, err := measure()
	if err != nil {
		return v, err
	}
	return v, k.put(key, n, v)
}

// between is after how many tries an outcome is kept.
const between = 10

// outcome measures what was not measured yet of a job, and keeps what came of it
// now and then on the way.
func (k keep) outcome(ctx context.Context, j attack.Job, key string) (attack.Outcome, error) {
	var before attack.Outcome
	if _, err := k.get(key, 1, &before); err != nil {
		return before, k.spoilt(err)
	}
	if before.N >= j.N {
		return before, nil
	}
	j.Begun = before
	tell := j.Tell
	j.Tell = func(o attack.Outcome) error {
		if o.N%between != 0 && o.N < j.N {
			return tell(o)
		}
		return errors.Join(tell(o), k.put(key, o.N, o))
	}
	return attack.Measure(ctx, j)
}

func (k keep) spoilt(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--keep %s: %w: remove it to begin anew", k.path, err)
}

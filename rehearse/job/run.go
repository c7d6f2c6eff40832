package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/daero/daero/audit"
)

// run is a job that is being held.
type run struct {
	host    *Host
	request Request
	part    string // the directory it writes to
	cancel  context.CancelCauseFunc

	job *Job // guarded by the host's mutex
}

// Bounds of a process.
const (
	// eachArm is for starting and ending processes, and for waiting till the
	// machine is quiet, around every arm.
	eachArm = time.Minute
	// endsIn is how long it may take to end once it was asked to, and its outputs
	// to close once it has ended.
	endsIn = 10 * time.Second
)

var errSlow = errors.New("it took much longer than it should, and was ended")

// hold holds the rehearsal to its end, whatever that is.
func (r *run) hold(ctx context.Context) {
	most := time.Duration(len(r.request.Arms)) * (r.request.Duration + eachArm)
	ctx, cancel := context.WithTimeoutCause(ctx, most, errSlow)
	defer cancel()
	r.change(func(j *Job) { j.State = Running })
	out, said := &capped{}, &listening{told: func(l Line) { r.change(func(j *Job) { j.note(l) }) }}
	err := r.process(ctx, out, said)
	r.end(ctx, out, said, err)
}

// change changes the job and tells of it.
func (r *run) change(f func(*Job)) {
	r.host.mu.Lock()
	f(r.job)
	j := r.job.brief()
	r.host.mu.Unlock()
	r.host.tell(j)
}

// process runs the program. When ctx ends it is asked to end, then killed; what
// it has started ends with it.
func (r *run) process(ctx context.Context, out *capped, said *listening) error {
	program := r.host.cfg.Program
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, program, r.request.arguments(filepath.Join(r.part, reportHTML))...)
	cmd.Env, cmd.Dir = r.environment(), r.part
	cmd.Stdout, cmd.Stderr = out, said
	if r.request.Against != nil {
		told, err := json.Marshal(r.request.Against)
		if err != nil {
			return err
		}
		cmd.Stdin = bytes.NewReader(told)
	}
	cmd.WaitDelay = r.host.endsIn
	group(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	killGroup(cmd) // whoever of it is left
	return err
}

// environment is what the process gets of ours. Secrets of the configuration
// often stand in the environment, and a rehearsal needs none.
func (r *run) environment() []string {
	tmp := filepath.Join(r.part, "tmp") // removed with the rest
	env := []string{"HOME=" + tmp, "TMPDIR=" + tmp, "XDG_DATA_HOME=" + tmp, "XDG_CONFIG_HOME=" + tmp, "NO_COLOR=1"}
	for _, name := range []string{"PATH", "LANG", "TZ", "SYSTEMROOT", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GOCOVERDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// end judges what came of it and keeps it.
func (r *run) end(ctx context.Context, out *capped, said *listening, failed error) {
	h := r.host
	h.mu.Lock()
	j := r.job.clone()
	h.mu.Unlock()
	j.Last, j.Ended = nil, h.cfg.Now().UTC()
	who := audit.By
	switch cause := context.Cause(ctx); {
	case cause != nil:
		j.State, j.Error = Cancelled, cause.Error()
		if by, ok := errors.AsType[*cancelledError](cause); ok {
			who = by.by
		}
		if errors.Is(cause, errSlow) {
			j.State = Failed
		}
	case out.over:
		j.State, j.Error = Failed, fmt.Sprintf("its report has more than %d bytes", maxReport)
	default:
		found, err := parseReport(out.buf.Bytes())
		if j.State, j.Verdicts, j.NotJudged, j.Noisy = found.state, found.verdicts, found.not, found.noisy; err != nil {
			j.State, j.Verdicts, j.Error = Failed, []Verdict{}, unheld(failed, err, said)
		}
	}
	if j.State == Passed || j.State == Missed || j.State == Noisy {
		j.Report = true
		j.Progress.Done, j.Progress.Left = j.Progress.Of, 0
	}
	if err := r.keep(&j, out.buf.Bytes()); err != nil {
		j.Report = false
		j.Error = clip(shown(fmt.Sprintf("%s it could not be kept: %v", j.Error, err)), maxText)
	}
	h.mu.Lock()
	h.running = nil
	h.past = prune(h.dir, append([]*Job{&j}, h.past...))
	h.mu.Unlock()
	r.cancel(nil)
	h.cfg.Audit(audit.Entry{At: j.Ended, Who: who, What: audit.RehearsalEnded, Target: j.Scenario, Before: j.ID, After: string(j.State), Why: j.why()})
	h.tell(j.brief())
}

// unheld says why there is no report.
func unheld(failed, report error, said *listening) string {
	if last := said.last(); last != "" {
		return last
	}
	if failed != nil {
		return clip(shown(failed.Error()), maxText)
	}
	return clip(shown(report.Error()), maxText)
}

// why says in words how a job ended.
func (j *Job) why() string {
	if j.Error != "" {
		return j.Error
	}
	held := 0
	for _, v := range j.Verdicts {
		if v.OK {
			held++
		}
	}
	return fmt.Sprintf("%d of %d bars held", held, len(j.Verdicts))
}

// keep writes what came of it and gives the directory its name: what has not
// got one is ignored.
func (r *run) keep(j *Job, report []byte) error {
	if err := os.RemoveAll(filepath.Join(r.part, "tmp")); err != nil {
		return err
	}
	html := filepath.Join(r.part, reportHTML)
	if info, err := os.Stat(html); !j.Report || err != nil || info.Size() > maxHTML {
		_ = os.Remove(html) // it may not be there
	}
	if j.Report {
		if err := os.WriteFile(filepath.Join(r.part, reportJSON), report, 0o600); err != nil {
			return err
		}
	}
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(r.part, jobFile), data); err != nil {
		return err
	}
	return os.Rename(r.part, filepath.Join(filepath.Dir(r.part), j.ID))
}

package gateway

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/sqlite"
	"github.com/daero/daero/relay/events"
)

// records keeps what happens: in the log, and in a file, together with who may
// do what. Both are written by goroutines of their own, so that neither a slow
// disk nor a slow log holds up the control.
type records struct {
	logs  *store.Recorder
	keeps *store.Recorder
	node  string
	heard func(audit.Entry) // also told of every entry; set before there are any

	sink atomic.Pointer[events.Sink] // into the log, nil for nowhere

	mu     sync.Mutex
	sinks  []*events.Sink // of configurations in force, the newest last
	log    *zap.Logger
	path   string // of the file, "" until a configuration has started
	file   *sqlite.Store
	failed error // why there is no file
	apis   int   // sites that have an API
	linked bool  // a login link was made
	end    context.CancelFunc
	wg     sync.WaitGroup
}

// loginLasts is how long a login link is good for.
const loginLasts = 15 * time.Minute

func newRecords() *records {
	r := &records{log: zap.NewNop()}
	r.node = node()
	r.logs, r.keeps = store.NewRecorder(r.writeLog), store.NewRecorder(r.writeFile)
	return r
}

// dataDir is where the file stands: beside what Caddy keeps, if it keeps it in
// a directory.
func dataDir(storage certmagic.Storage) string {
	if fs, ok := storage.(*certmagic.FileStorage); ok {
		return fs.Path
	}
	return DataDir()
}

// open opens the file in a directory, unless one is open. A file that cannot be
// opened is tried again as long as there is something to write.
func (r *records) open(ctx context.Context, dir string, log *zap.Logger) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = log
	if r.file == nil {
		r.path = filepath.Join(dir, sqlite.File)
	}
	if r.end == nil {
		running, cancel := context.WithCancel(context.Background())
		r.end = cancel
		r.wg.Go(func() { _ = r.logs.Run(running) })
		r.wg.Go(func() { _ = r.keeps.Run(running) })
	}
	if r.opened(ctx) != nil && r.apis > 0 {
		r.offerLogin(ctx)
	}
}

// opened returns the file, opened if it is not, nil if it cannot be. mu is
// held.
func (r *records) opened(ctx context.Context) *sqlite.Store {
	if r.file != nil || r.path == "" {
		return r.file
	}
	file, err := sqlite.Open(ctx, r.path)
	if err != nil {
		if r.failed == nil || r.failed.Error() != err.Error() {
			r.log.Error("what happens is not recorded, and operators' tokens are not known", zap.Error(err))
		}
		r.failed = err
		return nil
	}
	r.file, r.failed = file, nil
	return file
}

// offerLogin makes a one-time link, if there is no operator yet.
func (r *records) offerLogin(ctx context.Context) {
	if r.linked {
		return
	}
	all, err := r.file.Operators(ctx)
	if err == nil && len(all) > 0 {
		return
	}
	secret, hash := token.NewLogin()
	now := time.Now()
	if err == nil {
		err = r.file.AddLogin(ctx, hash, "", now, now.Add(loginLasts))
	}
	if err != nil {
		r.log.Error("no login link for the first admin could be made", zap.Error(err))
		return
	}
	r.linked = true
	r.log.Warn("there is no operator yet: open this link to make the first admin's token",
		zap.String("link", "http://HOST:PORT/daero/api/login?token="+secret), zap.Time("until", now.Add(loginLasts)))
}

// serves counts the sites that have an API.
func (r *records) serves(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apis += n
}

// add takes an entry. It never waits.
func (r *records) add(e audit.Entry) {
	e.Node = r.node
	r.logs.Record(e)
	r.keeps.Record(e)
	if s := r.sink.Load(); s != nil {
		s.Record(e)
	}
	if r.heard != nil {
		r.heard(e)
	}
}

// health says how the file fares.
func (r *records) health() (store.Health, bool) {
	h := r.keeps.Health()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil && r.failed != nil {
		h.Error = r.failed.Error()
	}
	return h, r.file != nil
}

// writeFile keeps entries in the file.
func (r *records) writeFile(ctx context.Context, entries []audit.Entry) error {
	r.mu.Lock()
	file := r.opened(ctx)
	r.mu.Unlock()
	if file == nil {
		return r.unavailable()
	}
	return file.Append(ctx, entries)
}

func (r *records) unavailable() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		return store.ErrUnavailable
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, r.failed)
}

// writeLog writes one line per entry; its message is what happened.
func (r *records) writeLog(_ context.Context, entries []audit.Entry) error {
	r.mu.Lock()
	log := r.log
	r.mu.Unlock()
	for _, e := range entries {
		if c := log.Check(severity(e.What), e.What); c != nil {
			c.Write(fields(e)...)
		}
	}
	return nil
}

// severity of an entry: strengths that move are many, and what may need a
// person stands out.
func severity(what string) zapcore.Level {
	switch what {
	case audit.ActionMoved:
		return zapcore.DebugLevel
	case audit.ActionFailed, audit.SignalLost, audit.LoginRefused, audit.Lost:
		return zapcore.WarnLevel
	}
	if slices.Contains(relayWarns, what) {
		return zapcore.WarnLevel
	}
	return zapcore.InfoLevel
}

func fields(e audit.Entry) []zap.Field {
	all := []zap.Field{zap.Time("at", e.At), zap.String("who", e.Who)}
	for _, f := range []struct{ key, value string }{
		{"target", e.Target}, {"before", e.Before}, {"after", e.After}, {"why", e.Why},
	} {
		if f.value != "" {
			all = append(all, zap.String(f.key, f.value))
		}
	}
	if !e.Until.IsZero() {
		all = append(all, zap.Time("until", e.Until))
	}
	if e.Shadow {
		all = append(all, zap.Bool("shadow", true))
	}
	if e.Share > 0 {
		all = append(all, zap.Float64("share", e.Share))
	}
	return all
}

// close writes what is waiting and closes the file.
func (r *records) close() error {
	r.mu.Lock()
	end := r.end
	r.end = nil
	r.mu.Unlock()
	if end != nil {
		end()
	}
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.path = ""
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	return file.Close()
}

// node names this gateway in the record and in what is told outside, "" where
// the machine has no name.
func node() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

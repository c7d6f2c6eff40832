package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/internal/child"
)

// bench is the servers of one run.
type bench struct {
	o        options
	cpus     cpus
	dir      string
	holder   *holder
	held     chan struct{}
	servers  []*child.Process
	pids     map[string]int    // by arm
	url      map[string]string // by arm
	refusal  refusal
	consoles consoles
}

// The arms. The first of a pair is compared with the second.
const (
	armLanes    = "daero"
	armPlain    = "caddy without daero"
	armRefuse   = "daero refusing"
	armNginx    = "nginx return 503"
	armRespond  = "caddy respond 503"
	armUpstream = "upstream"
)

// newBench starts every server; close ends them, also after an error.
func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{o: o, cpus: newCPUs(), url: map[string]string{}, pids: map[string]int{}}
	var err error
	if b.dir, err = os.MkdirTemp("", "daero-bench-"); err != nil {
		return b, err
	}
	ports, err := child.FreePorts(8)
	if err != nil {
		return b, err
	}
	upstream, refuser, plain, lanes, refusing, respond := ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]
	console, admin := ports[6], ports[7]
	b.holder = newHolder()

	at := func(port int, path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", port, path) }
	b.url[armUpstream] = at(upstream, "/message")
	b.url[armPlain] = at(plain, "/message")
	b.url[armLanes] = at(lanes, "/message")
	b.url[armRefuse] = at(refusing, "/login")
	b.url[armNginx] = at(refuser, "/login")
	b.url[armRespond] = at(respond, "/login")

	if err := b.nginx(ctx, armUpstream, loadCore, nginxConfig(b.dir, upstream, okLocation)); err != nil {
		return b, err
	}
	if err := b.gateway(ctx, armPlain, plainConfig(plain, upstream)); err != nil {
		return b, err
	}
	if err := b.gateway(ctx, armLanes, lanesConfig(lanes, upstream)); err != nil {
		return b, err
	}
	if err := b.startConsole(ctx, console, admin, upstream); err != nil {
		return b, err
	}
	if err := b.gateway(ctx, armRefuse, refusingConfig(refusing, b.holder.port())); err != nil {
		return b, err
	}
	if b.held, err = b.holder.hold(ctx, at(refusing, holdPath)); err != nil {
		return b, err
	}
	if b.refusal, err = readRefusal(ctx, b.url[armRefuse]); err != nil {
		return b, err
	}
	if err := b.gateway(ctx, armRespond, respondConfig(respond, b.refusal)); err != nil {
		return b, err
	}
	return b, b.nginx(ctx, armNginx, serverCore, nginxConfig(b.dir, refuser, refuseLocation(b.refusal)))
}

// gateway starts bin/daero with a Caddyfile.
func (b *bench) gateway(ctx context.Context, arm, caddyfile string) error {
	name, err := b.config(caddyfile)
	if err != nil {
		return err
	}
	cmd := b.cpus.command(ctx, serverCore, b.o.daero, "run", "--config", name, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+b.dir, "XDG_CONFIG_HOME="+b.dir)
	return b.start(ctx, arm, cmd)
}

func (b *bench) nginx(ctx context.Context, arm string, core int, conf string) error {
	name, err := b.config(conf)
	if err != nil {
		return err
	}
	return b.start(ctx, arm, b.cpus.command(ctx, core, b.o.nginx, "-p", b.dir, "-c", name))
}

func (b *bench) config(text string) (name string, err error) {
	name = filepath.Join(b.dir, fmt.Sprintf("%d.conf", len(b.servers)))
	return name, os.WriteFile(name, []byte(text), 0o600)
}

func (b *bench) start(ctx context.Context, arm string, cmd *exec.Cmd) error {
	p, err := child.StartCommand(arm, cmd)
	if err != nil {
		return err
	}
	b.servers = append(b.servers, p)
	b.pids[arm] = p.PID() // taskset becomes what it starts
	return p.Ready(ctx, 10*time.Second, child.Answers(b.url[arm]))
}

func (b *bench) close(stderr io.Writer) {
	if b.holder != nil {
		b.holder.close()
	}
	if b.held != nil {
		<-b.held
	}
	for _, p := range b.servers {
		_ = p.Stop(5 * time.Second) // what it did is measured
	}
	if b.dir != "" {
		if err := os.RemoveAll(b.dir); err != nil {
			fmt.Fprintln(stderr, "bench/gateway:", err)
		}
	}
}

// cpuTime is the CPU time an arm's process has used, 0 if the system does not say.
func (b *bench) cpuTime(arm string) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.pids[arm]))
	if err != nil {
		return 0
	}
	return parseCPUTime(string(text))
}

// parseCPUTime reads utime and stime, the 14th and 15th field of
// /proc/PID/stat, in hundredths of a second. The second field is a name in
// parentheses, which may itself have blanks and parentheses.
func parseCPUTime(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:]) // begins with the third
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/daero/daero/internal/child"
)

// The versions that there are: the newest of each series, see pom.xml.
const (
	Newest = "4"
	Old    = "3.9"
)

// Options say what to start.
type Options struct {
	Version string // Newest or Old. Default Newest
	Brokers int    // 1 or 3, each a controller as well. Default 1
	// Settings are added to every broker's, or replace them.
	Settings map[string]string
	// Hosts are where the brokers run, one each. Default: all on this machine's
	// loopback interface.
	Hosts []Host
}

// Host is where a broker runs that has a network of its own.
type Host struct {
	Address string
	// Wrap returns what runs a command there.
	Wrap func(name string, args ...string) (string, []string)
}

// readyWithin is how long a broker may take on a machine with much else to do.
// It takes about 3 s when it is alone on two cores.
const readyWithin = 2 * time.Minute

// Cluster is a cluster that runs. Its methods are for one goroutine.
type Cluster struct {
	t       testing.TB
	o       Options
	jars    string
	dir     string
	brokers []*broker
}

// broker is one process, which may be stopped.
type broker struct {
	id         int
	dir        string
	host       Host
	port, quor int
	process    *child.Process // nil when it does not run
}

// Start starts a cluster and waits until it is ready. It ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.Version == "" {
		o.Version = Newest
	}
	if o.Brokers == 0 {
		o.Brokers = 1
	}
	c := &Cluster{t: t, o: o, jars: jars(t, o.Version), dir: t.TempDir()}
	ports, err := child.FreePorts(2 * o.Brokers)
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Brokers {
		host := Host{Address: "127.0.0.1", Wrap: func(name string, args ...string) (string, []string) { return name, args }}
		if len(o.Hosts) > 0 {
			host = o.Hosts[i]
		}
		c.brokers = append(c.brokers, &broker{
			id: i + 1, dir: filepath.Join(c.dir, strconv.Itoa(i+1)), host: host, port: ports[2*i], quor: ports[2*i+1],
		})
	}
	t.Cleanup(c.end)
	c.each(c.format)
	c.each(c.launch)
	c.each(c.ready)
	return c
}

// jars returns where the jars are, or skips the test.
func jars(t testing.TB, version string) string {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("no Java on this machine: real Apache Kafka is not tested")
	}
	dir := os.Getenv("DAERO_KAFKA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skipf("no cache directory: real Apache Kafka is not tested: %v", err)
		}
		dir = filepath.Join(cache, "daero", "kafka")
	}
	dir = filepath.Join(dir, version)
	if found, _ := filepath.Glob(filepath.Join(dir, "kafka_2.13-*.jar")); len(found) == 0 {
		t.Skipf("no Apache Kafka in %s: run test/kafka/fetch.sh", dir)
	}
	return dir
}

// each does something for all brokers at once.
func (c *Cluster) each(do func(*broker) error) {
	c.t.Helper()
	errs := make([]error, len(c.brokers))
	var wg sync.WaitGroup
	for i, b := range c.brokers {
		wg.Go(func() { errs[i] = do(b) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		c.t.Fatal(err)
	}
}

// Addrs are where the brokers listen, as host:port, whether they run or not.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.brokers))
	for i, b := range c.brokers {
		addrs[i] = b.addr()
	}
	return addrs
}

func (b *broker) addr() string { return net.JoinHostPort(b.host.Address, strconv.Itoa(b.port)) }

// Kill kills broker i, from 0, as kill -9 does. Its node.id is i+1.
func (c *Cluster) Kill(i int) {
	c.t.Helper()
	c.running(i).Kill()
	c.brokers[i].process = nil
}

// Stop ends broker i in good order: it hands over what it leads first.
func (c *Cluster) Stop(i int) {
	c.t.Helper()
	p := c.running(i)
	c.brokers[i].process = nil
	// Java ends with 143 on SIGTERM.
	if err := p.Stop(readyWithin); err != nil && !exited(err, 143) {
		c.t.Fatal(err)
	}
}

func exited(err error, code int) bool {
	e, ok := errors.AsType[*exec.ExitError](err)
	return ok && e.ExitCode() == code
}

// Restart starts broker i again and waits until it is ready.
func (c *Cluster) Restart(i int) {
	c.t.Helper()
	if c.brokers[i].process != nil {
		c.t.Fatalf("broker %d runs", i)
	}
	if err := errors.Join(c.launch(c.brokers[i])); err != nil {
		c.t.Fatal(err)
	}
	if err := c.ready(c.brokers[i]); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) running(i int) *child.Process {
	c.t.Helper()
	p := c.brokers[i].process
	if p == nil {
		c.t.Fatalf("broker %d does not run", i)
	}
	return p
}

func (c *Cluster) end() {
	for _, b := range c.brokers {
		if b.process != nil {
			b.process.Kill()
		}
		if c.t.Failed() {
			c.t.Logf("the end of broker %d's log:\n%s", b.id, last(b.log(), 4<<10))
		}
	}
}

func last(file string, n int) []byte {
	b, err := os.ReadFile(file)
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-n):]
}

func (c *Cluster) launch(b *broker) error {
	if err := os.Remove(b.log()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	name, args := b.host.Wrap("java", c.java(b, "kafka.Kafka", b.properties())...)
	p, err := child.Start(fmt.Sprintf("broker %d", b.id), name, args...)
	b.process = p
	return err
}

// ready waits until a broker takes part in its cluster.
func (c *Cluster) ready(b *broker) error {
	return b.process.Ready(context.Background(), readyWithin, func(context.Context) error {
		said, err := os.ReadFile(b.log())
		if err == nil && !bytes.Contains(said, []byte("Kafka Server started")) {
			err = errors.New("it has not started")
		}
		return err
	})
}

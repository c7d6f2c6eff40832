// Package netns gives processes of a test a network of their own: one namespace
// for each host, and a link to all others that can be taken down. What is cut
// off so hears nothing any more, and nobody tells it: no RST, no FIN, as with a
// cable that was pulled.
//
// It needs Linux, root and ip (Debian's iproute2).
package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Network is some hosts on one bridge, which this process's own network is part
// of too.
type Network struct {
	id     string
	subnet int
	hosts  []*Host
	bridge string

	once sync.Once
	err  error
}

// Host is a namespace.
type Host struct {
	// Address is its IP address.
	Address string

	name, link string
}

const maxHosts = 50

// New makes a network of n hosts. Close takes it away.
func New(n int) (*Network, error) {
	if n < 1 || n > maxHosts {
		return nil, fmt.Errorf("%d hosts: use 1 to %d", n, maxHosts)
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return nil, fmt.Errorf("network namespaces need ip: install iproute2: %w", err)
	}
	subnet, err := freeSubnet()
	if err != nil {
		return nil, err
	}
	w := &Network{id: fmt.Sprintf("d%d", os.Getpid()), subnet: subnet}
	if err := w.make(n); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// freeSubnet finds one of 10.213.0.0/24 to 10.213.255.0/24 that this machine
// has no address in.
func freeSubnet() (int, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return 0, err
	}
	for s := range 256 {
		used := false
		for _, a := range addrs {
			used = used || strings.HasPrefix(a.String(), fmt.Sprintf("10.213.%d.", s))
		}
		if !used {
			return s, nil
		}
	}
	return 0, errors.New("no free network in 10.213.0.0/16")
}

func (w *Network) make(n int) error {
	w.bridge = fmt.Sprintf("%sb%d", w.id, w.subnet)
	steps := [][]string{
		{"link", "add", w.bridge, "type", "bridge"},
		{"addr", "add", fmt.Sprintf("10.213.%d.254/24", w.subnet), "dev", w.bridge},
		{"link", "set", w.bridge, "up"},
	}
	if err := all(steps); err != nil {
		return err
	}
	for i := range n {
		h := &Host{
			Address: fmt.Sprintf("10.213.%d.%d", w.subnet, i+1),
			name:    fmt.Sprintf("daero-%s-%d-%d", w.id, w.subnet, i),
			link:    fmt.Sprintf("%sv%dx%d", w.id, w.subnet, i), // at most 15 bytes
		}
		w.hosts = append(w.hosts, h)
		inside := fmt.Sprintf("%sn%dx%d", w.id, w.subnet, i)
		if err := all([][]string{
			{"netns", "add", h.name},
			{"link", "add", h.link, "type", "veth", "peer", "name", inside},
			{"link", "set", inside, "netns", h.name},
			{"link", "set", h.link, "master", w.bridge},
			{"link", "set", h.link, "up"},
			{"-n", h.name, "addr", "add", h.Address + "/24", "dev", inside},
			{"-n", h.name, "link", "set", inside, "up"},
			{"-n", h.name, "link", "set", "lo", "up"},
		}); err != nil {
			return err
		}
	}
	return nil
}

// Hosts returns all hosts.
func (w *Network) Hosts() []*Host { return w.hosts }

// Outside is the address of this process's own network, as hosts see it.
func (w *Network) Outside() string { return fmt.Sprintf("10.213.%d.254", w.subnet) }

// Wrap returns what runs a command on h.
func (h *Host) Wrap(name string, args ...string) (string, []string) {
	return "ip", append([]string{"netns", "exec", h.name, name}, args...)
}

// Down cuts h off from everybody.
func (h *Host) Down() error { return ip("link", "set", h.link, "down") }

// Up joins h again.
func (h *Host) Up() error { return ip("link", "set", h.link, "up") }

// Close takes the network away. Processes in it must have ended.
func (w *Network) Close() error {
	w.once.Do(func() {
		var errs []error
		for _, h := range w.hosts {
			// The other end of the link goes with it, and the namespace too.
			errs = append(errs, ip("link", "del", h.link), ip("netns", "del", h.name))
		}
		if w.bridge != "" {
			errs = append(errs, ip("link", "del", w.bridge))
		}
		w.err = errors.Join(errs...)
	})
	return w.err
}

func all(steps [][]string) error {
	for _, s := range steps {
		if err := ip(s...); err != nil {
			return err
		}
	}
	return nil
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

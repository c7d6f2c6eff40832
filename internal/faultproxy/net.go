package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Net is a network of proxies: who dials through it reaches every address
// through a proxy of that address. A client of a cluster, which learns its
// servers' addresses from one of them, needs no change but its dialer.
type Net struct {
	seed uint64

	mu      sync.Mutex
	proxies map[string]*Proxy
	faults  Faults
	closed  bool
}

// NewNet returns a Net without proxies.
func NewNet(seed uint64) *Net { return &Net{seed: seed, proxies: map[string]*Proxy{}} }

// DialContext dials address through its proxy.
func (n *Net) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	p, err := n.To(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, network, p.Addr())
}

// To returns the proxy of an address.
func (n *Net) To(address string) (*Proxy, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("fault proxy: %w", net.ErrClosed)
	}
	p, ok := n.proxies[address]
	if !ok {
		var err error
		if p, err = New(address, n.seed+uint64(len(n.proxies))); err != nil {
			return nil, err
		}
		p.Set(n.faults)
		n.proxies[address] = p
	}
	return p, nil
}

// Set puts faults in force for every address, also those to come.
func (n *Net) Set(f Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
	for _, p := range n.proxies {
		p.Set(f)
	}
}

// Reset cuts every open connection.
func (n *Net) Reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.proxies {
		p.Reset()
	}
}

// Close ends every proxy and waits for it.
func (n *Net) Close() error {
	n.mu.Lock()
	n.closed = true
	proxies := n.proxies
	n.proxies = nil
	n.mu.Unlock()
	var errs []error
	for _, p := range proxies {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

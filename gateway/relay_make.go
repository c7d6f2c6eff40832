package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/daero/daero/driver/grpctarget"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

// relayMaking makes a plan of a draft. It contacts nobody and opens nothing.
type relayMaking struct {
	making
	*relayDraft
	dir  string // where Caddy keeps things
	told relay.Listener
	app  *App
}

// plan makes the plan, and notes mistakes that show only now.
func (m *relayMaking) plan() *relayPlan {
	instance, err := m.optional(m.cfg.Instance)
	if err != nil {
		m.bad(m.cfg.Where, "instance: %v", err)
	}
	p := &relayPlan{targets: m.targetsOf(), topics: m.wanted(), instance: instance}
	m.planLog(p)
	if s := m.cfg.Spool; s != nil {
		p.spool = func() (relaySpool, error) { return openSpool(s) }
	}
	p.accept = relay.Config{Topics: m.topics, AcceptWithin: time.Duration(m.cfg.AcceptWithin)}
	p.acceptKey = keyOf(p.logKey, p.accept.Topics, p.accept.AcceptWithin, m.cfg.Spool)
	for i := range m.cfg.Deliveries {
		if d, ok := m.delivery(&m.cfg.Deliveries[i], m.deliveries[i], p.logKey, instance); ok {
			p.deliveries = append(p.deliveries, d)
		}
	}
	return p
}

// keyOf tells configurations apart. Secrets in them go into it and cannot be
// read out of it.
func keyOf(parts ...any) string {
	data, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("a configuration that is no JSON: %v", err)) // it was read from JSON
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// delivery makes one target.
func (m *relayMaking) delivery(v *RelayDeliveryConfig, d relay.Delivery, logKey, instance string) (deliveryPlan, bool) {
	t, err := m.target(v)
	if err != nil {
		for _, one := range strings.Split(err.Error(), "\n") {
			m.bad(v.Where, "deliver %s: %s", v.Name, one)
		}
		return deliveryPlan{}, false
	}
	shown := *v
	shown.Where = "" // where it stands does not change it
	return deliveryPlan{
		key:  keyOf(logKey, instance, shown, t.key, d.Order),
		name: v.Name, topics: v.Topics,
		make: func() (relay.Config, func(), error) {
			handler, closing, err := t.open()
			if err != nil {
				return relay.Config{}, nil, err
			}
			made := d
			made.Handler = handler
			return relay.Config{Deliveries: []relay.Delivery{made}, Instance: instance}, closing, nil
		},
	}, true
}

// target is where a delivery goes, checked and not yet opened.
type target struct {
	key  string // what placeholders stood for
	open func() (h relay.Handler, closing func(), err error)
}

func (m *relayMaking) target(v *RelayDeliveryConfig) (target, error) {
	to, err := m.text(v.To)
	if err != nil {
		return target{}, fmt.Errorf("to: %w", err)
	}
	secret, err := m.optional(v.Secret)
	if err != nil {
		return target{}, fmt.Errorf("secret: %w", err)
	}
	headers := map[string]string{}
	for name, value := range v.Header {
		if headers[name], err = m.text(value); err != nil {
			return target{}, fmt.Errorf("header %s: %w", name, err)
		}
	}
	key := keyOf(to, secret, headers)
	if scheme, _, _ := strings.Cut(to, "://"); strings.HasPrefix(scheme, "grpc") {
		return m.grpcTarget(v, to, headers, key)
	}
	cfg := httptarget.Config{
		Name: v.Name, URL: to, Timeout: time.Duration(v.Timeout), Headers: headers, Secret: secret, InFlight: v.InFlight,
	}
	if err := cfg.Validate(); err != nil {
		return target{}, err
	}
	return target{key, func() (relay.Handler, func(), error) {
		t, err := httptarget.New(cfg)
		if err != nil {
			return nil, nil, err
		}
		return t.Handle, t.Close, nil
	}}, nil
}

// grpcTarget makes a target that speaks gRPC: grpc:// in plain, grpcs:// over TLS.
func (m *relayMaking) grpcTarget(v *RelayDeliveryConfig, to string, headers map[string]string, key string) (target, error) {
	scheme, address, _ := strings.Cut(to, "://")
	cfg := grpctarget.Config{
		Name: v.Name, Address: strings.TrimSuffix(address, "/"), Plain: scheme == "grpc", Timeout: time.Duration(v.Timeout), Metadata: headers,
	}
	if err := cfg.Validate(); err != nil {
		return target{}, err
	}
	return target{key, func() (relay.Handler, func(), error) {
		t, err := grpctarget.New(cfg)
		if err != nil {
			return nil, nil, err
		}
		return t.Handle, func() { _ = t.Close() }, nil // nothing is under way any more
	}}, nil
}

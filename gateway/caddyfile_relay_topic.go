package gateway

import (
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// topic reads a topic that can be written to:
//
//	topic <name> {
//		writer      <name> <token>
//		writer_cert CN=<name> [<name>]
//		order       key|partition|none
//		max_size    <size>
//		headers     <number>
//		outage      refuse|spool
//		partitions  <number>
//		retention   [<duration>] [fixed]
//	}
func (p *relayParser) topic(d *caddyfile.Dispenser) {
	t := RelayTopicConfig{Where: placeOf(d).String()}
	var ok bool
	if t.Name, ok = p.one(d, "orders { … }"); !ok {
		return
	}
	p.titled(d, "topic "+t.Name, []word{
		{"writer", func(d *caddyfile.Dispenser) { p.writer(d, &t) }},
		{"writer_cert", func(d *caddyfile.Dispenser) { p.writerCert(d, &t) }},
		{"order", func(d *caddyfile.Dispenser) { t.Order, _ = p.one(d, "key") }},
		{"max_size", func(d *caddyfile.Dispenser) { t.MaxSize = p.size(d, "1MB", 1, maxMessage) }},
		{"headers", func(d *caddyfile.Dispenser) { t.Headers = p.number(d, "64", maxMessageHeaders) }},
		{"outage", func(d *caddyfile.Dispenser) { t.Outage, _ = p.one(d, "spool") }},
		{"partitions", func(d *caddyfile.Dispenser) { t.Partitions = p.number(d, "12", maxPartitions) }},
		{"retention", func(d *caddyfile.Dispenser) { p.retention(d, &t) }},
	})
	p.out.Topics = append(p.out.Topics, t)
}

// retention reads how long a topic keeps messages, and whether it stays so.
func (p *relayParser) retention(d *caddyfile.Dispenser, t *RelayTopicConfig) {
	args := d.RemainingArgs()
	if n := len(args); n > 0 && args[n-1] == "fixed" {
		t.RetentionFixed, args = true, args[:n-1]
	}
	if len(args) == 0 && t.RetentionFixed {
		return
	}
	if len(args) != 1 {
		p.bad(d, "retention: takes a duration, and fixed if nothing may lengthen it: write it like \"retention 7d\" or \"retention 7d fixed\"")
		return
	}
	v, err := caddy.ParseDuration(args[0])
	if err != nil || v <= 0 {
		p.bad(d, "retention %s: must be a duration above zero, written like \"retention 7d\" or \"retention 7d fixed\"", args[0])
		return
	}
	t.Retention = caddy.Duration(v)
}

// titled reads a block whose mistakes begin with its name.
func (p *relayParser) titled(d *caddyfile.Dispenser, name string, words []word) {
	before, at := len(p.errs), placeOf(d).String()
	p.block(d, words, nil)
	for i := before; i < len(p.errs); i++ {
		p.errs[i].what = name + ": " + p.errs[i].what
		p.damaged[at] = true
	}
}

func (p *relayParser) writer(d *caddyfile.Dispenser, t *RelayTopicConfig) {
	args := d.RemainingArgs()
	if len(args) != 2 {
		p.bad(d, "writer: takes a name and a token: write it like \"writer shop {env.SHOP_TOKEN}\"")
		return
	}
	t.Writers = append(t.Writers, RelayWriterConfig{Name: args[0], Token: args[1]})
}

func (p *relayParser) writerCert(d *caddyfile.Dispenser, t *RelayTopicConfig) {
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		p.bad(d, "writer_cert: takes the subject of a certificate, and a name if it is to have another: write it like \"writer_cert CN=shop\"")
		return
	}
	w := RelayWriterConfig{Cert: args[0]}
	if len(args) == 2 {
		w.Name = args[1]
	}
	t.Writers = append(t.Writers, w)
}

// deliver reads a target and what it gets:
//
//	deliver <name> {
//		topic        <name>...
//		to           <url>
//		group        <name>
//		order        key|partition|none
//		in_flight    <number>
//		fixed
//		rate         <per second>
//		timeout      <duration>
//		memory       <size>
//		latest
//		drain        <duration>
//		retry {
//			first     <duration>
//			max       <duration>
//			in_place  <duration>|off
//			attempts  <number>
//			for       <duration>
//			budget    <percent>
//		}
//		circuit {
//			failures  <number>
//			probe     <duration>
//		}
//		dead_letters [<topic>] {
//			per_minute <number>
//			redrives   <number>
//		}
//		secret       <secret>
//		header       <name> <value>
//	}
func (p *relayParser) deliver(d *caddyfile.Dispenser) {
	v := RelayDeliveryConfig{Where: placeOf(d).String()}
	var ok bool
	if v.Name, ok = p.one(d, "billing { … }"); !ok {
		return
	}
	p.titled(d, "deliver "+v.Name, []word{
		{"topic", func(d *caddyfile.Dispenser) {
			args := d.RemainingArgs()
			if len(args) == 0 {
				p.bad(d, "topic: no topic: write it like \"topic orders\"")
			}
			v.Topics = append(v.Topics, args...)
		}},
		{"to", func(d *caddyfile.Dispenser) { v.To, _ = p.one(d, "http://127.0.0.1:9100/events") }},
		{"group", func(d *caddyfile.Dispenser) { v.Group, _ = p.one(d, "billing") }},
		{"order", func(d *caddyfile.Dispenser) { v.Order, _ = p.one(d, "key") }},
		{"in_flight", func(d *caddyfile.Dispenser) { v.InFlight = p.number(d, "512", maxInFlight) }},
		{"fixed", func(d *caddyfile.Dispenser) { v.Fixed = p.flag(d) }},
		{"rate", func(d *caddyfile.Dispenser) { v.Rate = p.rate(d) }},
		{"timeout", func(d *caddyfile.Dispenser) { v.Timeout = p.duration(d, "10s") }},
		{"memory", func(d *caddyfile.Dispenser) { v.Memory = p.size(d, "64MiB", 1<<20, 64<<30) }},
		{"latest", func(d *caddyfile.Dispenser) { v.Latest = p.flag(d) }},
		{"drain", func(d *caddyfile.Dispenser) { v.Drain = p.duration(d, "10s") }},
		{"retry", func(d *caddyfile.Dispenser) { v.Retry = p.retry(d) }},
		{"circuit", func(d *caddyfile.Dispenser) { v.Circuit = p.circuit(d) }},
		{"dead_letters", func(d *caddyfile.Dispenser) { v.DeadLetters = p.deadLetters(d) }},
		{"secret", func(d *caddyfile.Dispenser) { v.Secret, _ = p.one(d, "{env.BILLING_SECRET}") }},
		{"header", func(d *caddyfile.Dispenser) { p.header(d, &v) }},
	})
	p.out.Deliveries = append(p.out.Deliveries, v)
}

func (p *relayParser) rate(d *caddyfile.Dispenser) float64 {
	arg, ok := p.one(d, "100")
	if !ok {
		return 0
	}
	n, err := perSecond(arg)
	if err != nil || n <= 0 {
		p.bad(d, "rate %s: must be a number of messages per second above zero, written like \"rate 100\" or \"rate 100/s\"", arg)
		return 0
	}
	return n
}

func (p *relayParser) header(d *caddyfile.Dispenser, v *RelayDeliveryConfig) {
	args := d.RemainingArgs()
	if len(args) != 2 {
		p.bad(d, "header: takes a name and a value: write it like \"header X-Tenant main\"")
		return
	}
	if v.Header == nil {
		v.Header = map[string]string{}
	}
	v.Header[args[0]] = args[1]
}

func (p *relayParser) retry(d *caddyfile.Dispenser) *RelayRetryConfig {
	cfg := &RelayRetryConfig{}
	p.noArgs(d, "retry { … }")
	p.titled(d, "retry", []word{
		{"first", func(d *caddyfile.Dispenser) { cfg.First = p.duration(d, "100ms") }},
		{"max", func(d *caddyfile.Dispenser) { cfg.Max = p.duration(d, "30s") }},
		{"in_place", func(d *caddyfile.Dispenser) { cfg.InPlace = p.inPlace(d) }},
		{"attempts", func(d *caddyfile.Dispenser) { cfg.Attempts = p.number(d, "20", 1_000_000) }},
		{"for", func(d *caddyfile.Dispenser) { cfg.For = p.duration(d, "1h") }},
		{"budget", func(d *caddyfile.Dispenser) { cfg.Budget = p.percent(d, "10%") }},
	})
	return cfg
}

// inPlace reads a duration, or off: nothing is parked.
func (p *relayParser) inPlace(d *caddyfile.Dispenser) caddy.Duration {
	arg, ok := p.one(d, "1m")
	if !ok {
		return 0
	}
	if arg == "off" {
		return -1
	}
	v, err := caddy.ParseDuration(arg)
	if err != nil || v <= 0 {
		p.bad(d, "in_place %s: must be a duration above zero, written like \"in_place 1m\", or off: then nothing is parked", arg)
		return 0
	}
	return caddy.Duration(v)
}

func (p *relayParser) circuit(d *caddyfile.Dispenser) *RelayCircuitConfig {
	cfg := &RelayCircuitConfig{}
	p.noArgs(d, "circuit { … }")
	p.titled(d, "circuit", []word{
		{"failures", func(d *caddyfile.Dispenser) { cfg.Failures = p.number(d, "10", 1_000_000) }},
		{"probe", func(d *caddyfile.Dispenser) { cfg.Probe = p.duration(d, "1s") }},
	})
	return cfg
}

func (p *relayParser) deadLetters(d *caddyfile.Dispenser) *RelayDeadLettersConfig {
	cfg := &RelayDeadLettersConfig{}
	args := d.RemainingArgs()
	switch {
	case len(args) > 1:
		p.bad(d, "dead_letters: takes one topic or none, got %d: write it like \"dead_letters billing.dead\"", len(args))
		return cfg
	case len(args) == 1:
		cfg.Topic = args[0]
	}
	p.titled(d, "dead_letters", []word{
		{"per_minute", func(d *caddyfile.Dispenser) { cfg.PerMinute = p.number(d, "100", 1_000_000) }},
		{"redrives", func(d *caddyfile.Dispenser) { cfg.Redrives = p.number(d, "3", 100) }},
	})
	return cfg
}

// perSecond reads "100" or "100/s".
func perSecond(s string) (float64, error) {
	number := s
	if n := len(s); n > 2 && s[n-2:] == "/s" {
		number = s[:n-2]
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v >= 0 && v <= 1e9) {
		return 0, fmt.Errorf("%q is not a rate: write it like 100/s", s)
	}
	return v, nil
}

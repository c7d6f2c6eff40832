package gateway

import (
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Bounds of sizes in a relay block.
const (
	minLogSize   = 16 << 20
	maxLogSize   = 64 << 30
	minSpoolSize = 1 << 20
	maxDiskSize  = 1 << 40
)

// relay reads what can wait, and who gets it:
//
//	relay {
//		embedded [<dir>] {
//			size <size>
//			port <port>
//		}
//		kafka <host:port>... {
//			tls  [ca <file>] [cert <file> <key>]
//			sasl plain|scram-sha-256|scram-sha-512 <user> <password>
//			sasl oauthbearer <file>|<token>
//			rack <name>
//			durable
//		}
//		spool <dir> {
//			size <size>
//		}
//		instance      <name>
//		accept_within <duration>
//		audit         <topic>|off
//		fleet [<name>] {
//			member <name>...
//			secret <secret>...
//		}
//		topic   <name> { … }
//		deliver <name> { … }
//	}
func (p *globalParser) relay(d *caddyfile.Dispenser) {
	if !p.first(d, "relay") {
		return
	}
	cfg := &RelayConfig{Where: placeOf(d).String()}
	p.app.Relay = cfg
	p.noArgs(d, "relay {")
	before := len(p.errs)
	defer func() { p.damaged[cfg.Where] = len(p.errs) > before }()
	r := &relayParser{globalParser: p, out: cfg}
	p.block(d, []word{
		{"embedded", r.embedded},
		{"kafka", r.kafka},
		{"topic", r.topic},
		{"deliver", r.deliver},
		{"spool", r.spool},
		{"audit", func(d *caddyfile.Dispenser) { cfg.Audit, _ = p.one(d, "daero.audit") }},
		{"fleet", r.fleet},
		{"instance", func(d *caddyfile.Dispenser) { cfg.Instance, _ = p.one(d, "gateway-1") }},
		{"accept_within", func(d *caddyfile.Dispenser) { cfg.AcceptWithin = p.duration(d, "5s") }},
	}, nil)
}

// relayParser reads one relay block.
type relayParser struct {
	*globalParser
	out *RelayConfig
}

// log notes that a log is declared, and refuses a second one.
func (p *relayParser) log(d *caddyfile.Dispenser) *RelayLogConfig {
	cfg := &RelayLogConfig{Where: placeOf(d).String()}
	if before := p.out.Log; before != nil {
		p.bad(d, "%s: messages wait in one log, and one is declared at %s: keep one of kafka and embedded", d.Val(), before.Where)
		return cfg
	}
	p.out.Log = cfg
	return cfg
}

// embedded reads the log in the program.
func (p *relayParser) embedded(d *caddyfile.Dispenser) {
	cfg := p.log(d)
	args := d.RemainingArgs()
	switch {
	case len(args) > 1:
		p.bad(d, "embedded: takes one directory or none, got %d: write it like \"embedded /var/lib/daero/relay\"", len(args))
		return
	case len(args) == 1:
		cfg.Dir = args[0]
	}
	p.titled(d, "embedded", []word{
		{"size", func(d *caddyfile.Dispenser) { cfg.Size = p.size(d, "1GiB", minLogSize, maxLogSize) }},
		{"port", func(d *caddyfile.Dispenser) { cfg.Port = p.number(d, "9092", 65535) }},
	})
}

// kafka reads which cluster is the log.
func (p *relayParser) kafka(d *caddyfile.Dispenser) {
	cfg := p.log(d)
	cfg.Kafka = d.RemainingArgs()
	if len(cfg.Kafka) == 0 {
		p.bad(d, "kafka: no broker: write it like \"kafka host1:9092 host2:9092\"")
	}
	p.titled(d, "kafka", []word{
		{"tls", func(d *caddyfile.Dispenser) { cfg.TLS = p.tls(d) }},
		{"sasl", func(d *caddyfile.Dispenser) { cfg.SASL = p.sasl(d) }},
		{"rack", func(d *caddyfile.Dispenser) { cfg.Rack, _ = p.one(d, "zone-a") }},
		{"durable", func(d *caddyfile.Dispenser) { cfg.Durable = p.flag(d) }},
	})
}

// tls reads "tls", "tls ca FILE", "tls cert FILE KEY" or both.
func (p *relayParser) tls(d *caddyfile.Dispenser) *RelayTLSConfig {
	const usage = "write it like \"tls\", \"tls ca ca.pem\" or \"tls ca ca.pem cert client.pem client.key\""
	cfg := &RelayTLSConfig{}
	for args := d.RemainingArgs(); len(args) > 0; {
		switch {
		case args[0] == "ca" && len(args) > 1:
			cfg.CA, args = args[1], args[2:]
		case args[0] == "cert" && len(args) > 2:
			cfg.Cert, cfg.Key, args = args[1], args[2], args[3:]
		case args[0] == "ca", args[0] == "cert":
			p.bad(d, "tls: %s: files are missing: %s", args[0], usage)
			return cfg
		default:
			p.bad(d, "tls: unknown word %q%s", args[0], didYouMean(args[0], []string{"ca", "cert"}))
			return cfg
		}
	}
	return cfg
}

// sasl reads who we are to Kafka.
func (p *relayParser) sasl(d *caddyfile.Dispenser) *RelaySASLConfig {
	args := d.RemainingArgs()
	if len(args) == 0 {
		p.bad(d, "sasl: no mechanism: write it like \"sasl scram-sha-256 daero {env.KAFKA_PASSWORD}\"")
		return nil
	}
	cfg := &RelaySASLConfig{Mechanism: args[0]}
	switch {
	case cfg.Mechanism == "oauthbearer" && len(args) == 2:
		cfg.Token = args[1]
	case cfg.Mechanism == "oauthbearer":
		p.bad(d, "sasl oauthbearer: takes a token or a file that has it: write it like \"sasl oauthbearer /run/secrets/kafka-token\"")
	case len(args) == 3:
		cfg.User, cfg.Password = args[1], args[2]
	case len(args) < 3 && !knownMechanism(cfg.Mechanism):
		return cfg // which mechanisms there are is said when the log is drawn up
	default:
		p.bad(d, "sasl %s: takes a user and a password: write it like \"sasl %s daero {env.KAFKA_PASSWORD}\"", cfg.Mechanism, cfg.Mechanism)
	}
	return cfg
}

// spool reads where messages are kept while the log is away.
func (p *relayParser) spool(d *caddyfile.Dispenser) {
	if !p.first(d, "spool") {
		return
	}
	cfg := &RelaySpoolConfig{Where: placeOf(d).String()}
	dir, ok := p.one(d, "/var/lib/daero/spool")
	if !ok {
		return
	}
	cfg.Dir = dir
	p.out.Spool = cfg
	p.titled(d, "spool", []word{
		{"size", func(d *caddyfile.Dispenser) { cfg.Size = p.size(d, "1GiB", minSpoolSize, maxDiskSize) }},
	})
}

// size reads a number of bytes between lowest and highest.
func (p *parser) size(d *caddyfile.Dispenser, example string, lowest, highest int64) int64 {
	name := d.Val()
	arg, ok := p.one(d, example)
	if !ok {
		return 0
	}
	n, ok := sizeOf(arg)
	if !ok || n < lowest || n > highest {
		p.bad(d, "%s %s: must be %s to %s, written like %q", name, arg, sizeText(lowest), sizeText(highest), name+" "+example)
		return 0
	}
	return n
}

// units of sizes, the binary ones first, so that "MiB" is not read as "B".
var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
}

// sizeOf reads a whole number of bytes, with a unit or without.
func sizeOf(s string) (int64, bool) {
	unit := int64(1)
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(s, u.suffix); ok {
			s, unit = number, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return 0, false
	}
	return n * unit, true
}

// sizeText writes a size in the unit that leaves it whole.
func sizeText(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

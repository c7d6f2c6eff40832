package gateway

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/relay"
)

// Bounds of a relay block; those of messages are the engine's own.
const (
	maxMessage        = 16 << 20
	maxMessageHeaders = 1000
	maxPartitions     = 10_000
	maxInFlight       = 10_000
	minToken          = 16

	// ourTopics begins the names of topics that daero keeps for itself.
	ourTopics = "daero."
)

var (
	orders     = []string{relay.ByKey.String(), relay.ByPartition.String(), relay.NoOrder.String()}
	outages    = []string{"refuse", "spool"}
	mechanisms = []string{"plain", "scram-sha-256", "scram-sha-512", "oauthbearer"}
	schemes    = []string{"http", "https", "grpc", "grpcs"}
)

func knownMechanism(s string) bool { return slices.Contains(mechanisms, s) }

// relayDraft is what a relay block means, before anything is made of it.
type relayDraft struct {
	draft
	cfg        *RelayConfig
	topics     []relay.Topic
	deliveries []relay.Delivery // their handlers are not made
	at         map[string]string
}

// drawRelay draws a relay up.
func drawRelay(cfg *RelayConfig) *relayDraft {
	d := &relayDraft{cfg: cfg, at: map[string]string{}}
	d.drawLog()
	d.drawFleet()
	if s := cfg.Spool; s != nil {
		d.within(s.Where, "spool: size", s.Size, minSpoolSize, maxDiskSize)
		if s.Dir == "" {
			d.bad(s.Where, "spool: no directory: write it like \"spool /var/lib/daero/spool\"")
		}
	}
	for i := range cfg.Topics {
		d.drawTopic(&cfg.Topics[i])
	}
	for i := range cfg.Deliveries {
		d.drawDelivery(&cfg.Deliveries[i])
	}
	if len(d.errs) == 0 {
		d.takeEngines(d.engine(nowhere{}).Validate())
	}
	return d
}

// log is where messages wait, also when nothing is said.
func (c *RelayConfig) log() RelayLogConfig {
	if c.Log == nil {
		return RelayLogConfig{}
	}
	return *c.Log
}

// within checks a size that JSON gave; a Caddyfile's was checked when it was
// read.
func (d *relayDraft) within(where, what string, n, lowest, highest int64) {
	if n != 0 && (n < lowest || n > highest) {
		d.bad(where, "%s %d: must be %d to %d bytes", what, n, lowest, highest)
	}
}

func (d *relayDraft) drawLog() {
	l := d.cfg.log()
	if len(l.Kafka) == 0 {
		d.within(l.Where, "embedded: size", l.Size, minLogSize, maxLogSize)
		if l.TLS != nil || l.SASL != nil || l.Rack != "" || l.Durable {
			d.bad(l.Where, "embedded: tls, sasl, rack and durable belong to kafka: the log in the program is one copy on one machine")
		}
		return
	}
	for _, broker := range l.Kafka {
		if strings.Contains(broker, "{") {
			continue // a placeholder
		}
		if host, port, err := net.SplitHostPort(broker); err != nil || host == "" || !isPort(port) {
			d.bad(l.Where, "kafka: broker %q: write it like host1:9092", broker)
		}
	}
	if l.Dir != "" || l.Size != 0 || l.Port != 0 {
		d.bad(l.Where, "kafka: dir, size and port belong to the embedded log")
	}
	if s := l.SASL; s != nil {
		d.drawSASL(l.Where, s)
	}
	if t := l.TLS; t != nil && (t.Cert == "") != (t.Key == "") {
		d.bad(l.Where, "kafka: tls: a certificate needs its key, and a key its certificate")
	}
}

func (d *relayDraft) drawSASL(where string, s *RelaySASLConfig) {
	switch {
	case !knownMechanism(s.Mechanism):
		d.bad(where, "sasl: unknown mechanism %q%s", s.Mechanism, didYouMean(s.Mechanism, mechanisms))
	case s.Mechanism == "oauthbearer" && s.Token == "":
		d.bad(where, "sasl oauthbearer: no token")
	case s.Mechanism != "oauthbearer" && (s.User == "" || s.Password == ""):
		d.bad(where, "sasl %s: a user and a password are needed", s.Mechanism)
	}
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 1<<16
}

// declare notes where something is declared, and refuses it twice.
func (d *relayDraft) declare(what, name, where string) bool {
	key := what + " " + name
	if !legalName(name) {
		d.bad(where, "%s %q: a name is made of up to 200 letters (a-z, A-Z), digits, dots, dashes and underscores", what, name)
		return false
	}
	if before, twice := d.at[key]; twice {
		d.bad(where, "%s: declared twice%s: give each a name of its own", key, firstAt(before))
		return false
	}
	d.at[key] = where
	return true
}

// legalName says whether Kafka takes a name for a topic; names that ours are
// made of leave it room for an ending.
func legalName(s string) bool {
	return s != "" && len(s) <= 200 && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	})
}

// order reads an order's word.
func (d *relayDraft) order(where, what, word string) relay.Order {
	i := slices.Index(orders, cmp.Or(word, orders[0]))
	if i < 0 {
		d.bad(where, "%s: unknown order %q%s", what, word, didYouMean(word, orders))
		return relay.ByKey
	}
	return relay.Order(i)
}

func (d *relayDraft) drawTopic(t *RelayTopicConfig) {
	if !d.declare("topic", t.Name, t.Where) {
		return
	}
	what := "topic " + t.Name
	if strings.HasPrefix(t.Name, ourTopics) {
		d.bad(t.Where, "%s: names that begin with %q are daero's own: take another", what, ourTopics)
	}
	out := relay.Topic{Name: t.Name, Order: d.order(t.Where, what, t.Order), MaxBytes: int(t.MaxSize), MaxHeaders: t.Headers}
	d.within(t.Where, what+": max_size", t.MaxSize, 1, maxMessage)
	if t.Headers < 0 || t.Headers > maxMessageHeaders {
		d.bad(t.Where, "%s: headers %d: must be 1 to %d", what, t.Headers, maxMessageHeaders)
	}
	if t.Partitions < 0 || t.Partitions > maxPartitions {
		d.bad(t.Where, "%s: partitions %d: must be 1 to %d", what, t.Partitions, maxPartitions)
	}
	if t.Retention < 0 {
		d.bad(t.Where, "%s: retention %s: must be above zero", what, time.Duration(t.Retention))
	}
	switch t.Outage {
	case "", outages[relay.Refuse]:
	case outages[relay.Spool]:
		out.Outage = relay.Spool
		if d.cfg.Spool == nil {
			d.bad(t.Where, "%s: outage spool: there is no spool: add \"spool /var/lib/daero/spool\" to the relay block", what)
		}
	default:
		d.bad(t.Where, "%s: unknown outage %q%s", what, t.Outage, didYouMean(t.Outage, outages))
	}
	d.drawWriters(t, what)
	d.topics = append(d.topics, out)
}

func (d *relayDraft) drawWriters(t *RelayTopicConfig, what string) {
	if l := d.cfg.log(); len(t.Writers) == 0 && len(l.Kafka) == 0 && l.Port == 0 {
		d.bad(t.Where, "%s: no writer: nobody could write to it: add \"writer shop {env.SHOP_TOKEN}\"", what)
	}
	seen := map[RelayWriterConfig]bool{}
	for _, w := range t.Writers {
		name := w.name()
		switch {
		case (w.Token == "") == (w.Cert == ""):
			d.bad(t.Where, "%s: writer %s: shows either a token or a certificate: give one", what, name)
		case w.Cert != "" && !strings.Contains(w.Cert, "="):
			d.bad(t.Where, "%s: writer_cert %s: write the certificate's name like \"CN=shop\"", what, w.Cert)
		case !legalName(name):
			d.bad(t.Where, "%s: writer %q: a name is made of letters (a-z, A-Z), digits, dots, dashes and underscores", what, name)
		case seen[w]:
			d.bad(t.Where, "%s: writer %s: declared twice: keep one", what, name)
		case w.Token != "" && !strings.Contains(w.Token, "{") && len(w.Token) < minToken:
			d.bad(t.Where, "%s: writer %s: the token is shorter than %d letters: make one with \"openssl rand -base64 32\"", what, name, minToken)
		}
		seen[w] = true
	}
}

// name is the writer's, or its certificate's common name.
func (w *RelayWriterConfig) name() string {
	if w.Name != "" {
		return w.Name
	}
	for _, part := range strings.Split(w.Cert, ",") {
		kind, name, _ := strings.Cut(strings.TrimSpace(part), "=")
		if kind == "CN" || kind == "DNS" {
			return name
		}
	}
	return w.Cert
}

func (d *relayDraft) drawDelivery(v *RelayDeliveryConfig) {
	if !d.declare("deliver", v.Name, v.Where) {
		return
	}
	what := "deliver " + v.Name
	if strings.HasPrefix(v.Name, deferredName) {
		d.bad(v.Where, "%s: names that begin with %q are of the requests that lanes defer: take another", what, deferredName)
	}
	out := relay.Delivery{
		Name: v.Name, Topics: v.Topics, Group: v.Group, InFlight: v.InFlight, Fixed: v.Fixed, Rate: v.Rate,
		Timeout: time.Duration(v.Timeout), Bytes: v.Memory, Latest: v.Latest, Drain: time.Duration(v.Drain),
		Order:   d.deliveryOrder(v, what),
		Handler: func(context.Context, *relay.Message) relay.Result { return relay.Result{} }, // made when all is known to be well
	}
	d.drawTarget(v, what)
	if v.Group != "" {
		d.declare("group", v.Group, v.Where)
	}
	if r := v.Retry; r != nil {
		out.Retry = relay.RetryPolicy{
			First: time.Duration(r.First), Max: time.Duration(r.Max), InPlace: time.Duration(r.InPlace),
			Attempts: r.Attempts, For: time.Duration(r.For), Budget: r.Budget,
		}
	}
	if c := v.Circuit; c != nil {
		out.Circuit = relay.Circuit{Failures: c.Failures, Probe: time.Duration(c.Probe)}
	}
	if dl := v.DeadLetters; dl != nil {
		out.DeadLetters = relay.DeadLetters{Topic: dl.Topic, PerMinute: dl.PerMinute, Redrives: dl.Redrives}
		if dl.Topic != "" && !legalName(dl.Topic) {
			d.bad(v.Where, "%s: dead_letters %q: a topic's name is made of letters (a-z, A-Z), digits, dots, dashes and underscores", what, dl.Topic)
		}
	}
	d.deliveries = append(d.deliveries, out)
}

// drawTarget checks what a delivery gets, and where it goes.
func (d *relayDraft) drawTarget(v *RelayDeliveryConfig, what string) {
	if len(v.Topics) == 0 {
		d.bad(v.Where, "%s: no topic: say what it gets, like \"topic orders\"", what)
	}
	declared := d.declared()
	l := d.cfg.log()
	for i, t := range v.Topics {
		switch {
		case slices.Contains(v.Topics[:i], t):
			d.bad(v.Where, "%s: topic %s: named twice", what, t)
		case len(l.Kafka) == 0 && l.Port == 0 && !slices.Contains(declared, t):
			d.bad(v.Where, "%s: unknown topic %q%s: declare it beside the delivery", what, t, didYouMean(t, declared))
		case !legalName(t):
			d.bad(v.Where, "%s: topic %q: there is no such name", what, t)
		}
	}
	if v.To == "" {
		d.bad(v.Where, "%s: no target: say where it goes, like \"to http://127.0.0.1:9100/events\"", what)
		return
	}
	if strings.HasPrefix(v.To, "{") {
		return // a placeholder
	}
	u, err := url.Parse(v.To)
	switch {
	case err != nil || u.Host == "" && !strings.Contains(v.To, "{"):
		d.bad(v.Where, "%s: to %s: write it like http://127.0.0.1:9100/events or grpc://127.0.0.1:9101", what, v.To)
	case !slices.Contains(schemes, u.Scheme):
		d.bad(v.Where, "%s: to %s: unknown scheme %q%s", what, v.To, u.Scheme, didYouMean(u.Scheme, schemes))
	case u.User != nil:
		d.bad(v.Where, "%s: to: a password does not belong into an address: use header Authorization", what)
	case strings.HasPrefix(u.Scheme, "grpc") && v.Secret != "":
		d.bad(v.Where, "%s: secret signs what is sent over HTTP: leave it away", what)
	}
}

// declared are the topics of the configuration, and those that come of it.
func (d *relayDraft) declared() (names []string) {
	for i := range d.cfg.Topics {
		names = append(names, d.cfg.Topics[i].Name)
	}
	for i := range d.cfg.Deliveries {
		names = append(names, d.cfg.Deliveries[i].dead())
	}
	return names
}

// dead is the topic of a delivery's dead letters.
func (v *RelayDeliveryConfig) dead() string {
	if v.DeadLetters != nil && v.DeadLetters.Topic != "" {
		return v.DeadLetters.Topic
	}
	return v.Name + ".dead"
}

// deliveryOrder is the delivery's own, or that of its topics.
func (d *relayDraft) deliveryOrder(v *RelayDeliveryConfig, what string) relay.Order {
	if v.Order != "" {
		return d.order(v.Where, what, v.Order)
	}
	var words []string
	for i := range d.cfg.Topics {
		t := &d.cfg.Topics[i]
		word := cmp.Or(t.Order, orders[0])
		if slices.Contains(v.Topics, t.Name) && slices.Contains(orders, word) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	switch len(words) {
	case 0:
		return relay.ByKey
	case 1:
		return relay.Order(slices.Index(orders, words[0]))
	}
	d.bad(v.Where, "%s: its topics are ordered by %s: say which holds here, like \"order key\"", what, strings.Join(words, " and by "))
	return relay.ByKey
}

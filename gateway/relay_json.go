package gateway

import "github.com/caddyserver/caddy/v2"

// RelayConfig lets what can wait wait in a log, and delivers it.
type RelayConfig struct {
	// Log is where messages wait. Default: in the program, in Caddy's storage.
	Log *RelayLogConfig `json:"log,omitempty"`
	// Topics are those that can be written to through the handler daero_relay.
	Topics []RelayTopicConfig `json:"topics,omitempty"`
	// Deliveries are the targets. Each stands for itself: one that is down slows
	// no other.
	Deliveries []RelayDeliveryConfig `json:"deliveries,omitempty"`
	// Spool keeps messages on this machine's disk while the log is away.
	// Required by topics whose outage is spool.
	Spool *RelaySpoolConfig `json:"spool,omitempty"`
	// Instance names this gateway among those that share the log, so that a
	// restart moves no partition. It must be another on each. Placeholders are
	// replaced. Default: none.
	Instance string `json:"instance,omitempty"`
	// AcceptWithin is how long a writer waits for the log before it is told that
	// the outcome is unknown, or its message goes to the spool. Default 5s.
	AcceptWithin caddy.Duration `json:"accept_within,omitempty"`
	// Audit is the topic that the record goes to as CloudEvents, besides its file,
	// or off. Default daero.audit with Kafka, else off.
	Audit string `json:"audit,omitempty"`
	// Fleet lets gateways that share the log share their level. Default: each
	// acts on what it measures.
	Fleet *RelayFleetConfig `json:"fleet,omitempty"`
	// Where is the block's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// RelayLogConfig is where messages wait: a Kafka cluster if Kafka is set, else
// a log in the program, which is one copy on one machine.
type RelayLogConfig struct {
	// Kafka are the cluster's first brokers, HOST:PORT.
	Kafka []string `json:"kafka,omitempty"`
	// TLS encrypts. Default: not, unless SASL needs it.
	TLS *RelayTLSConfig `json:"tls,omitempty"`
	// SASL says who we are.
	SASL *RelaySASLConfig `json:"sasl,omitempty"`
	// Rack is where this gateway stands, so that it reads from brokers nearby.
	Rack string `json:"rack,omitempty"`
	// Durable refuses to start on topics that could lose what was accepted when
	// one broker is lost. Default: it is said in the log.
	Durable bool `json:"durable,omitempty"`

	// Dir is the directory of the log in the program. Default "relay" in
	// Caddy's storage.
	Dir string `json:"dir,omitempty"`
	// Size bounds it in bytes; then nothing more is accepted. A start
	// after a crash takes about as much memory as the log is large, and half as
	// much again. Default 1 GiB, 16 MiB to 64 GiB.
	Size int64 `json:"size,omitempty"`
	// Port opens it to Kafka clients on this machine. Default: to nobody.
	Port int `json:"port,omitempty"`
	// Where is the block's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// RelayTLSConfig is how connections to Kafka are encrypted.
type RelayTLSConfig struct {
	// CA is a file with the certificates that are trusted. Default: what the
	// system trusts.
	CA string `json:"ca,omitempty"`
	// Cert and Key are files with our own certificate.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
}

// RelaySASLConfig is who we are to Kafka. Placeholders are replaced.
type RelaySASLConfig struct {
	// Mechanism is plain, scram-sha-256, scram-sha-512 or oauthbearer.
	Mechanism string `json:"mechanism"`
	User      string `json:"user,omitempty"`
	Password  string `json:"password,omitempty"`
	// Token is that of oauthbearer: the token itself, or a file that has it,
	// which is read anew for each connection.
	Token string `json:"token,omitempty"`
}

// RelayTopicConfig is a topic that can be written to.
type RelayTopicConfig struct {
	// Name of the topic. Required, unique.
	Name string `json:"name"`
	// Writers are who may write. Without any nobody may.
	Writers []RelayWriterConfig `json:"writers,omitempty"`
	// Order is key, partition or none: which messages wait for each other. With
	// key, the default, a message without a key is refused.
	Order string `json:"order,omitempty"`
	// MaxSize bounds a message in bytes, headers included. Default 1,000,000, up
	// to 16 MiB.
	MaxSize int64 `json:"max_size,omitempty"`
	// Headers bounds how many headers a message may have. Default 64.
	Headers int `json:"headers,omitempty"`
	// Outage is what happens while the log is away: refuse, the default, or
	// spool.
	Outage string `json:"outage,omitempty"`
	// Partitions and Retention are what the topic is made with, if it is not
	// there. Default 12 and 7 days. More partitions later would break the order
	// of keys.
	Partitions int            `json:"partitions,omitempty"`
	Retention  caddy.Duration `json:"retention,omitempty"`
	// RetentionFixed leaves the topic's retention as it is. Default: where its
	// oldest message that is not delivered has used half of it, it is lengthened.
	RetentionFixed bool `json:"retention_fixed,omitempty"`
	// Where is the topic's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// RelayWriterConfig is who may write: by a token, or by a client certificate.
type RelayWriterConfig struct {
	// Name of the writer; its messages carry it. One may have several tokens, so
	// that they can be changed. Default: what the certificate says.
	Name string `json:"name,omitempty"`
	// Token is what it shows in "Authorization: Bearer". Placeholders are
	// replaced. At least 16 letters.
	Token string `json:"token,omitempty"`
	// Cert is its certificate: the subject as CN=NAME or whole as in RFC 4514, or
	// DNS=NAME or URI=NAME of its other names. The site must ask for client
	// certificates.
	Cert string `json:"cert,omitempty"`
}

// RelayDeliveryConfig is one target and what it gets.
type RelayDeliveryConfig struct {
	// Name of the target, also its label in metrics. Required, unique.
	Name string `json:"name"`
	// Topics that it gets. Required.
	Topics []string `json:"topics"`
	// To is where it is: http://, https://, grpc:// or grpcs://. Placeholders
	// are replaced. Required.
	To string `json:"to"`
	// Group is its consumer group. Default "daero." and the name.
	Group string `json:"group,omitempty"`
	// Order is key, partition or none. Default: that of the topic.
	Order string `json:"order,omitempty"`
	// InFlight bounds how many messages are with the target at once; how many
	// it bears below that is found. Default 512.
	InFlight int `json:"in_flight,omitempty"`
	// Fixed uses InFlight as it is.
	Fixed bool `json:"fixed,omitempty"`
	// Rate bounds deliveries per second. Default: no bound.
	Rate float64 `json:"rate,omitempty"`
	// Timeout bounds one attempt. Default 30s.
	Timeout caddy.Duration `json:"timeout,omitempty"`
	// Memory bounds, in bytes, what is held for this target. Default 64 MiB.
	Memory int64 `json:"memory,omitempty"`
	// Latest begins a new group at the newest message. Default: the oldest.
	Latest bool `json:"latest,omitempty"`
	// Drain bounds how long messages under way are waited for when the delivery
	// ends. Default 10s.
	Drain       caddy.Duration          `json:"drain,omitempty"`
	Retry       *RelayRetryConfig       `json:"retry,omitempty"`
	Circuit     *RelayCircuitConfig     `json:"circuit,omitempty"`
	DeadLetters *RelayDeadLettersConfig `json:"dead_letters,omitempty"`
	// Secret signs what is sent over HTTP, as Standard Webhooks have it: whsec_
	// and the base64 of 24 to 64 bytes. Placeholders are replaced. Default: not
	// signed.
	Secret string `json:"secret,omitempty"`
	// Header is sent along. Placeholders are replaced.
	Header map[string]string `json:"header,omitempty"`
	// Where is the delivery's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// RelayRetryConfig says when a message is tried again.
type RelayRetryConfig struct {
	// First and Max bound the time between attempts, which doubles. Default
	// 100ms and 30s.
	First caddy.Duration `json:"first,omitempty"`
	Max   caddy.Duration `json:"max,omitempty"`
	// InPlace is how long a key is retried in place before it is parked, so
	// that it stands in nobody's way. Default 1m, -1 for never.
	InPlace caddy.Duration `json:"in_place,omitempty"`
	// Attempts and For bound the retries: what is reached first makes a dead
	// letter. Default 20 and 1h.
	Attempts int            `json:"attempts,omitempty"`
	For      caddy.Duration `json:"for,omitempty"`
	// Budget (0 to 1) bounds retries as a share of all attempts. Default 0.1.
	Budget float64 `json:"budget,omitempty"`
}

// RelayCircuitConfig says when a target is down as a whole.
type RelayCircuitConfig struct {
	// Failures in a row that open it. Default 10.
	Failures int `json:"failures,omitempty"`
	// Probe is the time between probes, which doubles up to 16 times. Default
	// 1s.
	Probe caddy.Duration `json:"probe,omitempty"`
}

// RelayDeadLettersConfig says where messages go that will not be delivered.
type RelayDeadLettersConfig struct {
	// Topic they go to. Default: the delivery's name and ".dead".
	Topic string `json:"topic,omitempty"`
	// PerMinute bounds how many go there: above it the delivery pauses. Default
	// 100.
	PerMinute int `json:"per_minute,omitempty"`
	// Redrives bounds how often a message may be taken back. Default 3.
	Redrives int `json:"redrives,omitempty"`
}

// RelaySpoolConfig keeps messages on disk while the log is away.
type RelaySpoolConfig struct {
	// Dir is its directory, on a local disk. Required.
	Dir string `json:"dir"`
	// Size bounds it in bytes; then messages are refused. Default 1 GiB, 1 MiB
	// to 1 TiB.
	Size int64 `json:"size,omitempty"`
	// Where is its place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

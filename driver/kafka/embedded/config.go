package embedded

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/daero/daero/driver/kafka"
)

// Config describes a Log. Its zero fields are the defaults.
type Config struct {
	// Dir is where the log is. It is made where it is not there, and belongs to
	// one program at a time. Required.
	Dir string
	// Port is where the broker listens, on 127.0.0.1 only, without
	// authentication: whoever may run programs here may read and write. Default:
	// a free one.
	Port int
	// MaxBytes bounds the log on disk, all topics together. At the bound nothing
	// more is taken, see [relay.ErrFull]. A restart after a crash takes about 1.4
	// times as much memory as the log is large. 16 MiB to 64 GiB. Default 1 GiB.
	MaxBytes int64
	// Retention is how long messages are kept that every group has finished, and
	// all of a topic that no group reads. 1 min to 10 years. Default 7 days. When
	// four fifths of MaxBytes are used, what every group has finished goes
	// earlier.
	Retention time.Duration
	// Damaged starts although the log was damaged, with what can be read.
	Damaged bool
	// Client is how the log is used; its Brokers and Dial are set here.
	Client kafka.Config
}

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = 1 << 30
	}
	if c.Retention == 0 {
		c.Retention = 7 * 24 * time.Hour
	}
	return c
}

// Validate reports every mistake at once, joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("no directory for the log: name one"))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port %d: use 1 to 65535, or 0 for a free one", c.Port))
	}
	if c.MaxBytes < 16<<20 || c.MaxBytes > 64<<30 {
		errs = append(errs, fmt.Errorf("max bytes %d: use 16 MiB to 64 GiB", c.MaxBytes))
	}
	if c.Retention < time.Minute || c.Retention > 10*365*24*time.Hour {
		errs = append(errs, fmt.Errorf("retention %v: use 1 min to 10 years", c.Retention))
	}
	client := c.Client
	client.Brokers = []string{"127.0.0.1:1"}
	return errors.Join(append(errs, client.Validate())...)
}

// ClusterID is how the broker names itself; whoever needs what it cannot do
// looks for it.
const ClusterID = kafka.EmbeddedClusterID

func (c Config) broker(data string) []kfake.Opt {
	maxBytes := c.Client.MaxBytes
	if maxBytes == 0 {
		maxBytes = 1_000_000
	}
	return []kfake.Opt{
		kfake.ClusterID(ClusterID),
		kfake.Ports(c.Port),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return net.Listen(network, net.JoinHostPort("127.0.0.1", port))
		}),
		kfake.DataDir(data),
		kfake.SyncWrites(),
		kfake.BrokerConfigs(map[string]string{
			// Its own retention looks at age alone, whether finished or not.
			"log.retention.ms":    "-1",
			"log.retention.bytes": "-1",
			// Room comes back a segment at a time.
			"log.segment.bytes": strconv.FormatInt(max(1<<20, min(64<<20, c.MaxBytes/32)), 10),
			"message.max.bytes": strconv.Itoa(maxBytes + 1024),
			// A place is kept for as long as the log is.
			"offsets.retention.minutes": strconv.Itoa(1<<31 - 1),
		}),
	}
}

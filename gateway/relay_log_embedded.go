package gateway

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"github.com/daero/daero/api"
	"github.com/daero/daero/driver/kafka"
	"github.com/daero/daero/driver/kafka/embedded"
)

// planEmbedded says where the log in the program is.
func (m *relayMaking) planEmbedded(p *relayPlan, l *RelayLogConfig) {
	dir, err := m.optional(l.Dir)
	if err != nil {
		m.bad(l.Where, "embedded: %v", err)
		return
	}
	cfg := embedded.Config{
		Dir: cmp.Or(dir, filepath.Join(m.dir, logDir)), Port: l.Port, MaxBytes: cmp.Or(l.Size, defaultLogSize),
		Client: kafka.Config{MaxBytes: m.maxMessage()},
	}
	for _, t := range m.wanted() {
		cfg.Retention = max(cfg.Retention, t.retention)
	}
	if err := cfg.Validate(); err != nil {
		for _, one := range strings.Split(err.Error(), "\n") {
			m.bad(cmp.Or(l.Where, m.cfg.Where), "embedded: %s", one)
		}
		return
	}
	p.logKey = keyOf(cfg.Dir, cfg.Port, cfg.MaxBytes, cfg.Retention, cfg.Client.MaxBytes)
	p.log = api.RelayLogDoc{Kind: "embedded", Note: embedded.Banner}
	p.open = func(context.Context) (*openLog, error) {
		cfg := cfg
		cfg.Client.Listener = m.told
		log, err := embedded.Open(cfg)
		if err != nil {
			return nil, err
		}
		size := func() (int64, int64) { return log.Used(), cfg.MaxBytes }
		return &openLog{Log: log, reader: log, late: log, topics: log, close: log.Close, size: size}, nil
	}
}

// maxMessage is the most bytes of a message, with what the relay adds to it.
func (m *relayMaking) maxMessage() int {
	most := 1_000_000
	for i := range m.cfg.Topics {
		most = max(most, int(m.cfg.Topics[i].MaxSize))
	}
	return most + messageExtra
}

package gateway

import (
	"context"
	"errors"

	"github.com/daero/daero/api"
	"github.com/daero/daero/relay"
)

// planEmbedded says where the log in the program is.
func (m *relayMaking) planEmbedded(p *relayPlan, l *RelayLogConfig) {
	p.logKey = keyOf(l, m.dir, defaultLogSize, logDir)
	p.open = func(context.Context) (*openLog, error) {
		return nil, errors.New("the log in the program is not part of it yet")
	}
	p.log = api.RelayLogDoc{Kind: "embedded"}
}

// maxMessage is the most bytes of a message, with what the relay adds to it.
func (m *relayMaking) maxMessage() int {
	most := 1_000_000
	for i := range m.cfg.Topics {
		most = max(most, int(m.cfg.Topics[i].MaxSize))
	}
	return most + 64<<10
}

func (m *relayMaking) prepare(context.Context, *openLog, *RelayLogConfig) error { return nil }

func (m *relayMaking) grpcTarget(*RelayDeliveryConfig, string, map[string]string, string) (target, error) {
	return target{}, errors.New("to grpc:// is not part of this program yet")
}

func redrive(context.Context, *relay.Relay, api.RedriveOrder, func(api.RedriveDoc)) (api.RedriveDoc, error) {
	return api.RedriveDoc{}, errors.New("redriving is not part of this program yet")
}

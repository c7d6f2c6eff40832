package gateway

import (
	"context"
	"errors"

	"github.com/daero/daero/api"
	"github.com/daero/daero/relay"
)

var errNotYet = errors.New("it is not part of this program yet")

func (m *relayMaking) grpcTarget(*RelayDeliveryConfig, string, map[string]string, string) (target, error) {
	return target{}, errNotYet
}

func (m *relayMaking) planLog(p *relayPlan) {
	p.logKey = keyOf(m.cfg.log())
	p.open = func(context.Context) (*openLog, error) { return nil, errNotYet }
	p.prepare = func(context.Context, *openLog) error { return errNotYet }
	p.log = api.RelayLogDoc{Kind: "embedded"}
}

func openSpool(*RelaySpoolConfig) (relaySpool, error) { return nil, errNotYet }

func redrive(context.Context, *relay.Relay, api.RedriveOrder, func(api.RedriveDoc)) (api.RedriveDoc, error) {
	return api.RedriveDoc{}, errNotYet
}

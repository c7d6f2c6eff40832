package gateway

import (
	"errors"

	"github.com/daero/daero"
)

func (m *making) channel(string, ChannelConfig) (daero.Effect, error) {
	return nil, errors.New("channels are not part of this program yet")
}

func (m *making) webhook(string, WebhookConfig, []byte) (daero.Effect, error) {
	return nil, errors.New("webhooks are not part of this program yet")
}

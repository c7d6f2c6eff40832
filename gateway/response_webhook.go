package gateway

import (
	"fmt"

	"github.com/daero/daero"
	"github.com/daero/daero/driver/webhook"
)

// webhook makes a URL that is called. secret signs unless it has its own.
func (m *making) webhook(w WebhookConfig, secret string) (daero.Effect, error) {
	url, err := m.text(w.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if w.Secret != "" {
		if secret, err = m.text(w.Secret); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
	}
	return webhook.New(webhook.Config{URL: url, Secret: secret})
}

package playbook

import (
	"time"

	"github.com/daero/daero/level"
)

// Notice is what a webhook or a channel is told. It is told twice: when the row
// comes into force and when it is left, so that whatever was switched on
// outside is switched off again.
type Notice struct {
	// ID is the same for every try of one notice: an idempotency key.
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Target string    `json:"target"` // the webhook or channel
	Node   string    `json:"node,omitempty"`
	// Entered is true when Row comes into force, false when it is left.
	Entered bool        `json:"entered"`
	Row     level.Level `json:"row"`
	Level   level.Level `json:"level"` // shown at the time
	Why     string      `json:"why"`
	Korean  string      `json:"why_ko"`
	// Down and DownKorean say what would bring the level down.
	Down       string `json:"down,omitempty"`
	DownKorean string `json:"down_ko,omitempty"`
}

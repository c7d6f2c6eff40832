package gateway

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
)

// LevelConfig says what load levels are made of.
type LevelConfig struct {
	// Signals are the measured causes of a level. Default: busy, wait and
	// refused, read from the lanes.
	Signals []SignalConfig `json:"signals,omitempty"`
	// DownAfter is how long a level is kept at least, and how long all signals
	// must be low before it is left. Default 30s.
	DownAfter caddy.Duration `json:"down_after,omitempty"`
	// Below is how far on the way to a level (0 to 1) signals must be under to
	// leave it. Default 0.7.
	Below float64 `json:"below,omitempty"`
	// Forget is how long the last word of a signal that vanished keeps a level
	// from being lowered. Default 5m.
	Forget caddy.Duration `json:"forget,omitempty"`
	// Where is the block's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// SignalConfig is one measured cause of a level, or an outside warning.
type SignalConfig struct {
	// Name identifies the signal. Required, unique.
	Name string `json:"name"`
	// Source is where it is read: lanes.busy, host.cpu, prometheus and so on.
	Source string `json:"source"`
	// At are the values at which attention, caution, alert and serious begin,
	// as people write them: "70%", "20ms", "2x", "1000". They rise. With fewer
	// than four the signal never asks for the higher levels. Sources that arm
	// take none.
	At []string `json:"at,omitempty"`
	// Alone lets this signal raise to serious without another.
	Alone bool `json:"alone,omitempty"`
	// Stale is the age from which a reading says nothing. Default: what suits
	// the source.
	Stale caddy.Duration `json:"stale,omitempty"`
	// Arm is the level, attention or caution, that a warning of a source that
	// arms shows. Default attention.
	Arm string `json:"arm,omitempty"`
	// With is what the source needs beside that; see the source.
	With json.RawMessage `json:"with,omitempty"`
	// Where is the signal's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// PlaybookConfig says what happens at which level.
type PlaybookConfig struct {
	// Shadow records what would be done, and does nothing.
	Shadow bool `json:"shadow,omitempty"`
	// RampStep (0 to 1) and RampEvery are how a lane comes back: by so much at
	// a time. Defaults 0.1 and 5s.
	RampStep  float64        `json:"ramp_step,omitempty"`
	RampEvery caddy.Duration `json:"ramp_every,omitempty"`
	// Actions are what is done. Rows add up; of one thing the highest row that
	// stands counts.
	Actions []ActionConfig `json:"actions,omitempty"`
	// Where is the block's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// ActionConfig is one line of a playbook.
type ActionConfig struct {
	// At is the level of the row: attention, caution, alert or serious.
	At string `json:"at"`
	// Do is what is done: shed, slow, ceiling, stale, respond, challenge, defer,
	// drain, work, flag, webhook or notify.
	Do string `json:"do"`
	// Lane is the lane it is about, LANE or BACKEND/LANE, for the kinds that
	// are about one.
	Lane string `json:"lane,omitempty"`
	// Who narrows it to one intent: foreground or background.
	Who string `json:"who,omitempty"`
	// From and To are how much (0 to 1) at the beginning and at the end of the
	// level. Of a ceiling: the share of the limit that is left, so it falls. Of
	// respond the default is all.
	From float64 `json:"from,omitempty"`
	To   float64 `json:"to,omitempty"`
	// For is how much less often to ask (slow), how old an answer may be
	// (stale), or how long the CAPTCHA's proof of work takes at full strength
	// (work).
	For caddy.Duration `json:"for,omitempty"`
	// NewDevice narrows a challenge to devices that had no clearance lately.
	NewDevice bool `json:"new_device,omitempty"`
	// Status and Body are the answer of respond. Default 503 and none.
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	// Target is the flag's key, or the name of a webhook or channel, or the
	// topic of a drain that is about no lane.
	Target string `json:"target,omitempty"`
	// Rate is how many a drain lets through per second. 0 stops it.
	Rate float64 `json:"rate,omitempty"`
	// Value is what the flag is while the action stands.
	Value string `json:"value,omitempty"`
	// Shadow records what this action would do, and does not do it.
	Shadow bool `json:"shadow,omitempty"`
	// IMeanIt allows the action to refuse all of a critical lane.
	IMeanIt bool `json:"i_mean_it,omitempty"`
	// Where is the action's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// ChannelConfig is a way to tell people.
type ChannelConfig struct {
	// URLs are where it goes: slack://, discord://, teams://, smtp:// and the
	// like. All are told. Placeholders such as {env.SLACK} are replaced.
	URLs []string `json:"urls"`
	// Lang is the language of what is said: en, ko or both. Default both.
	Lang string `json:"lang,omitempty"`
	// Where is the channel's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// WebhookConfig is a URL that is called on the way into a row and out of it.
type WebhookConfig struct {
	// URL is called. Placeholders are replaced.
	URL string `json:"url"`
	// Secret signs what is sent: whsec_ and the base64 of 24 to 64 bytes, as in
	// Standard Webhooks. Placeholders are replaced. Default: one made at random
	// and kept in Caddy's storage as daero/webhook.key.
	Secret string `json:"secret,omitempty"`
	// Where is the webhook's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// defaultSignals are what levels are made of when nothing else is said.
func defaultSignals() []SignalConfig {
	return []SignalConfig{
		{Name: "busy", Source: "lanes.busy", At: []string{"70%", "80%", "90%", "97%"}},
		{Name: "wait", Source: "lanes.queue_wait", At: []string{"20ms", "50ms", "150ms", "500ms"}},
		{Name: "refused", Source: "lanes.refused", At: []string{"2%", "10%", "30%", "60%"}},
	}
}

package events_test

import (
	"strings"
	"testing"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/relay/events"
)

func BenchmarkMessage(b *testing.B) {
	for name, why := range map[string]string{
		"usual": "lanes.pressure 93% ≥ 90% (alert)", "longest": strings.Repeat("a", 8192), "masked": strings.Repeat("secret=x ", 900),
	} {
		b.Run(name, func(b *testing.B) {
			e := audit.Entry{At: noon, Who: audit.By, What: audit.LevelChanged, Target: "alert", Why: why, Node: "gw-1"}
			b.ReportAllocs()
			for b.Loop() {
				events.Message(events.Topic, e)
			}
		})
	}
}

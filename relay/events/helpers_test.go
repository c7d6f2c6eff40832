package events_test

import (
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

// noon is when tests take place.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 123456000, time.UTC)

func header(t *testing.T, m *relay.Message, name string) string {
	t.Helper()
	v := m.Header(name)
	if v == nil {
		t.Errorf("no header %s", name)
	}
	return string(v)
}

package fleetlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay/fleetlog"
)

func TestConfig(t *testing.T) {
	_, err := fleetlog.New(fleetlog.Config{
		Every: 4 * time.Second, Secrets: [][]byte{[]byte("short")}, Build: strings.Repeat("x", 65),
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"no name", "no log", "every 4s", "secret 1 has 5 bytes", "build has 65"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "short") {
		t.Error("tells a secret")
	}
}

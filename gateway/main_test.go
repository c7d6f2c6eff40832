package gateway_test

import (
	"os"
	"strings"
	"testing"

	"github.com/daero/daero/gateway"
)

// TestMain makes this test binary daero where it is started with a command, as
// rehearsals start their own program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		gateway.Main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

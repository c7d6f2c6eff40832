package rehearse_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse"
)

// gauged is a stage whose gateway tells what it does.
type gauged struct{ *stage }

func (g gauged) Open(ctx context.Context, arm string, s rehearse.Settings) (rehearse.Set, error) {
	inner, err := g.stage.Open(ctx, arm, s)
	return telling{inner}, err
}

type telling struct{ rehearse.Set }

func (telling) Metrics(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(`# HELP daero_backend_limit What the backend bears.
daero_backend_limit{backend="default"} 24
daero_lane_limit{backend="default",lane="message"} 3
daero_lane_limit{backend="default",lane="login"} 21
daero_lane_base_seconds{backend="default",lane="message"} nonsense
garbage
`)), nil
}

func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := rehearse.Settings{Arms: []string{"none"}, Duration: 4 * time.Second, Trace: true, Sleep: time.Sleep}
		logs, err := rehearse.Run(t.Context(), s, gauged{&stage{}}, func(string, string, float64) {})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := rehearse.WriteTrace(&out, logs); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) < 35 {
			t.Fatalf("%d rows of 40 or so: %v", len(rows), err)
		}
		column := map[string]string{}
		for i, name := range rows[0] {
			column[name] = rows[len(rows)-1][i]
		}
		for name, want := range map[string]string{"arm": "none", "phase": "recovery", "limit": "24", "login_limit": "21", "in_flight": "NaN", "message_base_s": "NaN"} {
			if column[name] != want {
				t.Errorf("%s is %s, want %s", name, column[name], want)
			}
		}
	})
}

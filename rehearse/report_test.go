package rehearse_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daero/daero/rehearse"
)

var update = flag.Bool("update", false, "write the golden files anew")

func num(v float64) *float64 { return &v }

// sample is a report with everything that a report can say.
func sample() rehearse.Report {
	lane := func(sent, ok int64, success, p99, slow, good float64, oracle *float64) rehearse.LaneReport {
		return rehearse.LaneReport{
			Sent: sent, OK: ok, Refused: sent - ok, SuccessRatio: num(success), P50: num(p99 / 2), P99: num(p99),
			SteadyP99: num(p99), Degraded: slow, Goodput: good, OracleRatio: oracle,
		}
	}
	arm := func(name string, attempts float64, recovery *float64, success, p99, slow, good float64) rehearse.ArmReport {
		a := rehearse.ArmReport{Name: name, AttemptsPerAction: attempts, RecoveryS: recovery, SendLagP99: 0.3, Lanes: map[string]rehearse.LaneReport{}}
		for _, ph := range []string{"calm", "storm", "halved", "restored", "recovery"} {
			a.Phases = append(a.Phases, rehearse.PhaseReport{Name: ph, Seconds: 4, Lanes: map[string]rehearse.LaneReport{
				"message": lane(1000, int64(success*1000), success, p99, slow, 250, num(1)),
				"login":   lane(9000, 800, 0.09, 120, 0, good, num(good/200)),
			}})
		}
		a.Lanes["message"] = lane(5000, int64(success*5000), success, p99, slow*5, 250, num(1))
		login := lane(45000, 4000, 0.09, 120, 0, good, nil)
		login.AttemptsPerAction = num(attempts + 0.4)
		a.Lanes["login"] = login
		return a
	}
	none := arm("none", 3.2, nil, 0.0442, 1008, 4, 133)
	none.Phases[4].Lanes["message"] = rehearse.LaneReport{}
	return rehearse.Report{
		Scenario: "earthquake", Seed: 42,
		Load: rehearse.LoadReport{Workers: 24, MessagesPerS: 250, SyncsPerS: 50, LoginsPerS: 10, LoginsLeftPerS: 232.5, Storm: 10, ArmSeconds: 17},
		Arms: []rehearse.ArmReport{
			none,
			arm("static", 3.4, num(0.2), 1, 4.13, 0.1, 200),
			arm("lanes", 3.6, num(0.4), 0.99996, 14.13, 0.2, 190),
			arm("lanes-honouring", 1.44, nil, 1, 4.4, 0, 210),
		},
		Calm: rehearse.CalmReport{MessageP90: 3.05, MessageP99: 4.12},
		Bars: []rehearse.Bar{
			{Name: "message success", Want: ">= 0.9999", Got: num(0.99996), OK: true},
			{Name: "message seconds degraded per change", Want: "<= 0.5", Got: num(1.7), Note: "worst in halved"},
			{Name: "seconds to recover", Want: "<= 2", Note: "not seen before the end"},
		},
	}
}

func TestTextReport(t *testing.T) {
	for name, change := range map[string]func(*rehearse.Report){
		"missed": func(*rehearse.Report) {},
		"passed": func(r *rehearse.Report) { r.Bars, r.OK = r.Bars[:1], true },
		"noisy": func(r *rehearse.Report) {
			r.Noisy = []string{"arm none: other programs used 1.1 processors: stop them"}
		},
		"alone": func(r *rehearse.Report) { r.Arms = r.Arms[2:3] },
		"apart": func(r *rehearse.Report) { r.Arms, r.Bars = r.Arms[3:], nil },
	} {
		r := change
		report := sample()
		r(&report)
		var got bytes.Buffer
		if err := report.WriteText(&got); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(got.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
		golden(t, filepath.Join("testdata", name+".golden"), got.Bytes())
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update if that is right):\n%s", file, got)
	}
}

// Machines read these names.
func TestReportContract(t *testing.T) {
	b, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	want := func(where string, v any, keys ...string) map[string]any {
		m := v.(map[string]any)
		for _, k := range keys {
			if _, ok := m[k]; !ok {
				t.Errorf("%s has no %s", where, k)
			}
		}
		return m
	}
	want("report", r, "scenario", "seed", "arms", "calm", "bars", "ok")
	want("calm", r["calm"], "message_p99_ms")
	want("bar", r["bars"].([]any)[0], "name", "want", "got", "ok")
	arm := want("arm", r["arms"].([]any)[2], "name", "phases", "lanes", "attempts_per_action", "recovery_s")
	phase := want("phase", arm["phases"].([]any)[0], "name", "lanes")
	for where, lanes := range map[string]any{"phase": phase["lanes"], "arm": arm["lanes"]} {
		m := want(where+" lanes", lanes, "message", "login")
		want(where+" message", m["message"], "sent", "ok", "success_ratio", "p50_ms", "p99_ms", "degraded_s")
		want(where+" login", m["login"], "sent", "ok", "success_ratio", "p50_ms", "p99_ms", "goodput_per_s", "oracle_ratio")
	}
}

package virtual_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/rehearse/virtual"
)

func drill(t *testing.T, d *virtual.Drill, arm virtual.Arm) (rec *virtual.Record) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if rec, err = d.Play(arm, synctest.Wait); err != nil {
			t.Fatal(err)
		}
	})
	return rec
}

// knownDrills are the bars that the arm with levels and playbook misses, and
// why. A miss that is not listed here fails, and so does one that is listed and
// no longer missed.
var knownDrills = map[string]string{}

// TestDrills holds every drill in every arm, judges what daero's own arm must
// keep, and compares the story with the golden one, to the last letter.
func TestDrills(t *testing.T) {
	for _, d := range virtual.Drills() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			d.Seed = *seed
			var arms []*virtual.Record
			for _, arm := range virtual.DrillArms() {
				arms = append(arms, drill(t, d, arm))
			}
			none, manual, lanes, auto := arms[0], arms[1], arms[2], arms[3]
			checkDrill(t, d, auto)
			if got, want := auto.Logins, lanes.Logins; float64(got) < 0.99*float64(want) {
				t.Errorf("%d logins with the playbook, %d without: it refused what the lanes would have served", got, want)
			}
			if d.Name == "earthquake" || d.Name == "newyear" {
				for _, control := range []*virtual.Record{none, manual} {
					if m := control.Misses(); !slices.Contains(m, "messages") || !slices.Contains(m, "sessions") {
						t.Errorf("%s misses %v, want messages and sessions among them: this drill proves nothing", control.Arm, m)
					}
				}
			}
			checkStory(t, d, virtual.Story(d, arms))
		})
	}
}

func checkDrill(t *testing.T, d *virtual.Drill, auto *virtual.Record) {
	t.Helper()
	missed := auto.Misses()
	for _, m := range missed {
		if _, ok := knownDrills[d.Name+"/"+m]; !ok {
			t.Errorf("seed %d: bar missed: %s", d.Seed, m)
		}
	}
	for k := range knownDrills {
		if m, ok := strings.CutPrefix(k, d.Name+"/"); ok && d.Seed == 1 && !slices.Contains(missed, m) {
			t.Errorf("bar %s is no longer missed: take it off the list", m)
		}
	}
}

func checkStory(t *testing.T, d *virtual.Drill, story string) {
	t.Helper()
	t.Log("\n" + story)
	for line := range strings.Lines(story) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if d.Seed != 1 {
		return
	}
	golden := filepath.Join("testdata", "story-"+d.Name+"-1.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(story), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != story {
		t.Errorf("the story differs from %s: if that is meant, run with -update", golden)
	}
}

// TestDrillsOfOtherSeeds: what holds does not hold by luck.
func TestDrillsOfOtherSeeds(t *testing.T) {
	for _, d := range virtual.Drills() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			d.Seed = *seed + 1
			checkDrill(t, d, drill(t, d, virtual.Auto))
		})
	}
}

// TestTooMuchIsFound holds the bars against playbooks that must not pass them.
func TestTooMuchIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		actions []playbook.Action
		want    string
	}{
		"refuses all phones from caution on": {[]playbook.Action{
			{At: level.Caution, Kind: playbook.Shed, Lane: "login", Who: playbook.Background, From: 1, To: 1},
		}, "needless"},
		"refuses people": {[]playbook.Action{
			{At: level.Alert, Kind: playbook.Shed, Lane: "login", Who: playbook.Foreground, From: 0, To: 0.5},
		}, "needless"},
		"refuses messages": {[]playbook.Action{
			{At: level.Alert, Kind: playbook.Shed, Lane: "message", From: 0, To: 0.05},
		}, "messages"},
		"does nothing": {[]playbook.Action{}, "act"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := virtual.Drills()[0]
			d.Actions = c.actions
			if m := drill(t, d, virtual.Auto).Misses(); !slices.Contains(m, c.want) {
				t.Errorf("missed %v, want %s among them: the bars prove nothing", m, c.want)
			}
		})
	}
}

func TestUnknownArm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := virtual.Drills()[0].Play("static", synctest.Wait); err == nil {
			t.Error("an arm that there is not was played")
		}
	})
}

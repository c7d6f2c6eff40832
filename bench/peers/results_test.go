package peers

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// TestResults holds that RESULTS.md is made of results.json and of the
// contenders in the code, all of them and no others.
func TestResults(t *testing.T) {
	text, err := os.ReadFile("results.json")
	if err != nil {
		t.Fatal(err)
	}
	var r Results
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if *render {
		r.Versions = here(r.Versions["haproxy"]).Versions
	}
	type cell struct{ scenario, peer string }
	var want, got []cell
	for _, n := range scenarioNames {
		for _, p := range Peers() {
			want = append(want, cell{n, p.Name})
		}
	}
	for _, c := range r.Cells {
		got = append(got, cell{c.Scenario, c.Peer})
	}
	if !slices.Equal(got, want) {
		t.Errorf("results.json has the cells\n%v\nwant\n%v\nrun make peers", got, want)
	}
	var wantArms, gotArms []string
	for _, a := range Arms() {
		wantArms = append(wantArms, a.Name)
	}
	for _, c := range r.Live {
		gotArms = append(gotArms, c.Arm)
	}
	if !slices.Equal(gotArms, wantArms) {
		t.Errorf("results.json has the arms %v, want %v: run make peers", gotArms, wantArms)
	}
	for _, p := range Peers() {
		if p.Module != "" && p.Name != daeroName && r.Versions[p.Module] == "" {
			t.Errorf("results.json does not tell the version of %s: run make peers", p.Module)
		}
	}
	if *render && !t.Failed() {
		write(t, r)
	}
	page, err := os.ReadFile("RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != Render(r) {
		t.Error("RESULTS.md is not what results.json and the code make: it was edited, or the code changed: run make peers")
	}
}

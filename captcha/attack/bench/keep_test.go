package bench

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A run goes on where another was killed, with the same figures, and measures
// nothing twice; what another run measured counts.
func TestKeep(t *testing.T) {
	at := filepath.Join(t.TempDir(), "kept")
	args := []string{"--attacker", "guess-icons", "--kind", "order", "--n", "40", "--output", "json", "--keep", at}
	status, first, stderr := command(t, args...)
	if status != exitGood {
		t.Fatalf("status %d: %s", status, stderr)
	}
	b, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	// The half of a line that a killed run leaves spoils no other.
	if err := os.WriteFile(at, append(append([]byte(`{"key":"guess-i`), b...), `{"key":"guess`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, again, stderr := command(t, args...); again != first {
		t.Errorf("kept, it says\n%s\nfirst it said\n%s\n%s", again, first, stderr)
	}
	if _, other, _ := command(t, append(args, "--seed", "2")...); other == first {
		t.Error("another seed is taken for the same measurement")
	}
	if _, third, _ := command(t, args...); third != first {
		t.Errorf("behind another run's, it says\n%s", third)
	}
	few := slices.Replace(slices.Clone(args), 5, 6, "30")
	if _, fewer, _ := command(t, few...); fewer != first {
		t.Errorf("of fewer tries, it says\n%s", fewer)
	}
	if b, _ := os.ReadFile(at); strings.Count(string(b), `"tries":40`) != 2 {
		t.Errorf("of two measurements it keeps\n%s", b)
	}
}

// A file that holds something else is named, with what to do.
func TestKeepOfSomethingElse(t *testing.T) {
	at := filepath.Join(t.TempDir(), "kept")
	key := "guess-icons, order, level 3, ko, seed 1"
	if err := os.WriteFile(at, []byte(`{"key":"`+key+`","tries":40,"value":"all of them"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := command(t, "--attacker", "guess-icons", "--kind", "order", "--lang", "ko", "--n", "40", "--keep", at)
	if status != exitBad || !strings.Contains(stderr, "remove it") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

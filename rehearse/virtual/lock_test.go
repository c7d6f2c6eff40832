package virtual_test

import (
	"testing"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/rehearse/virtual"
)

// TestLockBest holds what the row of the lock is measured against: a fixed
// number of logins just fits beside messages at 1.3 times calm, and a tenth
// more does not. Capacity in that row is what the first one serves.
func TestLockBest(t *testing.T) {
	for most, fits := range map[int]bool{375: true, 430: false} {
		for _, s := range virtual.Storms() {
			if s.Name != "storm 2x, bound by a lock" {
				continue
			}
			rep := play(t, s, func() (virtual.Contender, error) {
				return virtual.NewLanes(lane.Config{FixedLimit: 1_000_000, Lanes: []lane.LaneConfig{
					{Name: "message", Tier: lane.Critical}, {Name: "login", Tier: lane.Sheddable, Max: most},
				}})
			}).Report()
			p99 := rep[2].SteadyP99 / rep[0].P99
			t.Logf("%d logins at once: p99 %.2f x calm, %.1f%% of the row's capacity", most, p99, 100*rep[2].OfCapacity)
			if got := p99 <= 1.3; got != fits {
				t.Errorf("%d logins at once: p99 %.2f x calm, want at most 1.3: %v", most, p99, fits)
			}
			if c := rep[2].OfCapacity; fits && (c < 0.97 || c > 1.03) {
				t.Errorf("%d logins at once serve %.2f of the row's capacity, want 1", most, c)
			}
		}
	}
}

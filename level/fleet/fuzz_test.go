package fleet_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
)

// FuzzFleet: whatever arrives in whatever order, with whatever clock, a gateway
// never acts on less than it measures, keeps no more gateways than there is room
// for, and is never raised above what anybody said.
func FuzzFleet(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 40, 50, 60, 70, 255, 254, 253})
	f.Add([]byte{7, 200, 7, 201, 7, 202, 6, 0, 5, 1, 4, 2})
	f.Fuzz(func(t *testing.T, ops []byte) {
		const most = 4
		l := listen(t, fleet.Config{Most: most, Settle: time.Second, Hold: time.Second})
		seqs := map[int]uint64{}
		highest := 0.0 // of all that anybody said or measured
		for i := 0; i+1 < len(ops); i += 2 {
			op, v := ops[i], ops[i+1]
			x := float64(v) / 51
			switch who := int(op >> 4); op & 7 {
			case 0, 1, 2:
				highest = math.Max(highest, x)
				seqs[who]++
				s := standing(x)
				r := fleet.Reading{
					Node: fmt.Sprint("n", who), Run: uint64(op >> 3 & 1), Seq: seqs[who], At: l.now.Add(time.Duration(v) * time.Hour),
					Acting: s.Acting, Pressure: s.Pressure, Weight: math.Exp2(float64(v) / 8),
				}
				l.f.Hear(l.now, r)
			case 3:
				highest = math.Max(highest, x)
				l.own = standing(x)
			case 4:
				l.now = l.now.Add(time.Duration(v) * time.Millisecond * 10)
			case 5:
				l.now = l.now.Add(-time.Duration(v) * time.Second)
			case 6:
				l.f.Weigh(float64(v) - 10)
			case 7:
				l.own.Pinned = v&1 == 1
			}
			got := l.step()
			if of(got) < of(l.own)-1e-9 || of(got) > highest+1e-6 {
				t.Fatalf("measures %+v, acts on %+v; the highest that was said is %v", l.own, got, highest)
			}
			if l.own.Pinned && got != l.own {
				t.Fatalf("pinned to %+v, acts on %+v", l.own, got)
			}
			s := l.f.State(l.now, "", "")
			if len(s.Members) > most {
				t.Fatalf("%d are kept", len(s.Members))
			}
			if s.Heard == 0 && s.Majority != 0 || s.Raised > level.Serious {
				t.Fatalf("%+v", s)
			}
		}
	})
}

package limit_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daero/daero/lane/limit"
)

// cut takes numbers from the fuzzer's bytes, zeros once they are used up.
type cut []byte

func (c *cut) next() uint64 {
	var b [2]byte
	*c = (*c)[copy(b[:], *c):]
	return uint64(binary.LittleEndian.Uint16(b[:]))
}

// spread is a number from 0 to most with all sizes about equally likely.
func (c *cut) spread(most uint64) int {
	x := c.next()
	return int(min(x>>5<<(x&31)>>6, most))
}

func FuzzStep(f *testing.F) {
	rng := rand.New(rand.NewPCG(31, 32))
	for size := range 10 {
		b := make([]byte, size*200)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := cut(data)
		in := make([]limit.LaneInput, 1+c.next()%4)
		out := make([]limit.LaneOutput, len(in))
		left := 1.0
		for i := range in {
			in[i].Tier = uint8(1 + c.next()%3)
			in[i].Floor = left * float64(c.next()) / 65535 / 2
			left -= in[i].Floor
			if c.next()%2 == 0 {
				in[i].Ceiling = in[i].Floor + (1-in[i].Floor)*float64(c.next())/65535
			}
			in[i].Max = c.spread(1_000_000)
		}
		finder := limit.New(limit.Config{Initial: c.spread(1_000_000), Fixed: c.spread(3) / 3 * c.spread(1_000_000)}, len(in))
		now := time.Duration(c.next()) * time.Millisecond
		for range 500 {
			if len(c) == 0 {
				break
			}
			now += time.Duration(c.spread(uint64(time.Hour)))
			for i := range in {
				c.lane(now, &in[i])
			}
			if c.next()%64 == 0 {
				finder.SetLimit(c.spread(1_000_000))
				finder.SetBase(0, time.Duration(c.spread(uint64(time.Hour))))
			}
			finder.Step(now, in, out)
			checkLanes(t, finder, in, out)
			if t.Failed() {
				t.Fatalf("limit %d, %s\nin  %+v\nout %+v", finder.Limit(), finder.Phase(), in, out)
			}
			if finder.Phase() == "" {
				t.Fatal("no phase")
			}
			for i := range in {
				if finder.Base(i) < 0 {
					t.Fatalf("lane %d: base %s", i, finder.Base(i))
				}
			}
		}
	})
}

// lane is an interval of one lane, however odd.
func (c *cut) lane(now time.Duration, l *limit.LaneInput) {
	l.Samples = l.Samples[:0]
	l.Arrived, l.Refused = c.spread(1<<20), c.spread(1<<20)
	l.InFlight, l.Waiting = c.spread(1<<24), c.spread(1<<20)
	for range c.next() % 16 {
		took := time.Duration(c.spread(1<<24)) * time.Microsecond
		flags := c.next()
		l.Samples = append(l.Samples, limit.Sample{
			Entered: now - took - time.Duration(c.spread(1<<26))*time.Microsecond + time.Duration(flags>>8)*time.Microsecond,
			Took:    took, N: c.spread(1<<16 - 1), Served: flags&3 != 0, Refused: flags&12 == 0,
		})
	}
}

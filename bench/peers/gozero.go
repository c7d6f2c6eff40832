package peers

import (
	"context"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/daero/daero/rehearse/virtual"
	"github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
)

const gozeroModule = "github.com/zeromicro/go-zero"

// gozeroCPU is the reading that the library's shedder acts on, in thousandths.
//
//go:linkname gozeroCPU github.com/zeromicro/go-zero/core/stat.cpuUsage
var gozeroCPU int64

// gozeros are go-zero's adaptive shedder, which acts only while the CPU is above
// a threshold. It is fed like aegis: the library smooths by ×0.95 every 250 ms.
// Its log line for each refusal is switched off.
func gozeros() []Peer {
	return []Peer{{
		Name: "go-zero shedder", Module: gozeroModule, Alone: true,
		Setting: "one shedder, defaults: CPU threshold 900, window 5 s, 50 buckets",
		Told:    "how busy the backend is, smoothed as the library does",
		Build:   zero(250*time.Millisecond, false),
	}, {
		Name: "go-zero shedder, per kind, tuned", Module: gozeroModule, Alone: true,
		Setting: "one shedder per kind; window 1 s, 10 buckets",
		Told:    "how busy the backend is, exactly, every 10 ms",
		Build:   zero(0, true, load.WithWindow(time.Second), load.WithBuckets(10)),
	}}
}

func init() { // a line a minute, and one for each refusal
	logx.Disable()
	load.DisableLog()
}

func zero(smoothedEvery time.Duration, perKind bool, opts ...load.ShedderOption) func(*Stage) (virtual.Contender, func(), error) {
	return func(st *Stage) (virtual.Contender, func(), error) {
		feed(st, &gozeroCPU, smoothedEvery)
		c := &zeroShedder{}
		c.shedders[virtual.Message] = load.NewAdaptiveShedder(opts...)
		c.shedders[virtual.Login] = c.shedders[virtual.Message]
		if perKind {
			c.shedders[virtual.Login] = load.NewAdaptiveShedder(opts...)
		}
		return c, nil, nil
	}
}

type zeroShedder struct{ shedders [2]load.Shedder }

func (*zeroShedder) MayWait(virtual.Attempt) bool { return false }

func (z *zeroShedder) Enter(_ context.Context, a virtual.Attempt) (func(virtual.Outcome), error) {
	p, err := z.shedders[a.Kind].Allow()
	if err != nil {
		return nil, err
	}
	return func(o virtual.Outcome) {
		if o == virtual.Served {
			p.Pass()
			return
		}
		p.Fail()
	}, nil
}

package daero_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/relay/fleetlog"
	"github.com/daero/daero/relay/memlog"
)

// TestGatewaysAgree: three gateways with a log between them. What two of them
// measure is acted on by the third, which asks its own control for what it tells
// the others.
func TestGatewaysAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New(memlog.Config{Delay: 5 * time.Millisecond}).Topic(fleetlog.Topic, 1)
		defer log.Close()
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		var loads [3]dial
		var all [3]*daero.Daero
		var members [3]*fleetlog.Member
		var recs [3]record
		for i := range all {
			d := recorded(t, &recs[i])
			var rate fleet.Rate
			m, err := fleetlog.New(fleetlog.Config{
				Log: fleetlog.Grouped(log.Node(fmt.Sprint(i)), fmt.Sprint(i)), Fleet: fleet.Config{Node: fmt.Sprint("gw", i)},
				Measure: func(now time.Time) (float64, []fleet.Height) {
					return rate.Take(now, 0), fleet.Heights(d.Control().State(now).Level.Signals)
				},
				Record: recs[i].listener().Recorded,
			})
			if err != nil {
				t.Fatal(err)
			}
			r := responding(&loads[i], shed(level.Alert, playbook.Background, 0.5, 0.5))
			r.Agree = m.Agree
			defer apply(t, d, r)()
			wg.Go(func() { _ = m.Run(ctx) })
			all[i], members[i] = d, m
		}
		time.Sleep(10 * time.Second)
		loads[0].set(3.5)
		time.Sleep(5 * time.Second)
		if o := loginOrders(all[2]); o != (lane.Orders{}) {
			t.Errorf("one of three is pressed, another sheds: %+v", o)
		}
		loads[1].set(3.5)
		time.Sleep(time.Second)
		if o := loginOrders(all[2]); !near(o.Shed[lane.Background], 0.5) {
			t.Errorf("two of three are pressed, the third: %+v", o)
		}
		if lv := all[2].Control().State(time.Now()).Level.Level; lv != level.Normal {
			t.Errorf("what it measures itself became %s", lv)
		}
		st := members[2].State(time.Now())
		if st.Raised != level.Alert || len(st.Members) != 2 || len(st.Members[0].Signals) != 1 || st.Members[0].Signals[0].Height != 3.5 {
			t.Errorf("%+v", st)
		}
		if got := recs[2].of(audit.FleetRaised); len(got) != 1 || got[0] != "alert" {
			t.Errorf("recorded %v", got)
		}
		loads[0].set(0)
		loads[1].set(0)
		time.Sleep(5 * time.Minute)
		for i, d := range all {
			if o := loginOrders(d); o != (lane.Orders{}) {
				t.Errorf("gateway %d after it: %+v", i, o)
			}
		}
		if got := recs[2].of(audit.FleetEased); len(got) != 3 || got[2] != "normal" {
			t.Errorf("recorded %v", got)
		}
	})
}

package api

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// ScalingDoc says how much more, or less, of the service a lane could use. It
// is made for KEDA's metrics-api scaler, which reads one of the figures:
//
//	value = demand_per_second / served_per_second
//	use   = wanted / limit
//
// Demand is what arrives, refused or not; served is what the service answers.
// So value is 1 while all is served, 2 when half is; it asks for more, and with
// nothing arriving (0) for less. Use also falls when the service idles, so it
// is the better one for coming back down. Both are at least 0 and at most 100.
type ScalingDoc struct {
	Lane string `json:"lane"`
	// Wanted is how many permits there would be out if nobody were refused: in
	// flight, waiting, and refused per second × the time of a request.
	Wanted   float64 `json:"wanted"`
	Limit    int     `json:"limit"`
	InFlight int     `json:"in_flight"`
	Demand   float64 `json:"demand_per_second"`
	Served   float64 `json:"served_per_second"`
	Value    float64 `json:"value"`
	Use      float64 `json:"use"`
	// Over is how long the rates were measured, 0 in the first answer: then
	// value is 1.
	Over float64 `json:"over_seconds"`
}

// maxValue bounds the hints: nothing is served at all when the service is down,
// and more of it would not help.
const maxValue = 100

// Rates are measured from one answer to the next.
const (
	ratesApart = time.Second     // at least
	ratesOver  = 2 * time.Minute // at most
	ratesKept  = 64
)

// rates remembers what lanes had counted at earlier answers.
type rates struct {
	mu      sync.Mutex
	samples []sample // the newest last
}

type sample struct {
	at    time.Time
	lanes map[[2]string]tally // by backend and lane
}

// tally is what a lane has counted.
type tally struct{ arrived, refused, served uint64 }

func tallyOf(l lane.LaneSnapshot) tally {
	t := tally{served: l.Served}
	for i := range l.Passed {
		t.arrived += l.Passed[i]
		for _, n := range l.Refused[i] {
			t.arrived += n
			t.refused += n
		}
	}
	if l.Streams {
		t.served = l.Passed[0] + l.Passed[1] // they are served from when they open
	}
	return t
}

// since adds what lanes have counted now, and returns the oldest sample that
// still counts; ok is false if there is none.
func (r *rates) since(now time.Time, sn daero.Snapshot) (then sample, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.samples) > 0 && (now.Sub(r.samples[0].at) > ratesOver || len(r.samples) >= ratesKept) {
		r.samples = r.samples[1:]
	}
	if n := len(r.samples); n == 0 || now.Sub(r.samples[n-1].at) >= ratesApart {
		s := sample{at: now, lanes: map[[2]string]tally{}}
		for backend, b := range sn.Backends {
			for _, l := range b.Lanes {
				s.lanes[[2]string{backend, l.Name}] = tallyOf(l)
			}
		}
		r.samples = append(r.samples, s)
	}
	then = r.samples[0]
	return then, now.Sub(then.at) >= ratesApart
}

func showScaling(c *call) error {
	name, only, now := c.r.PathValue("lane"), c.r.URL.Query().Get("backend"), c.Now()
	sn := c.Daero.Snapshot()
	then, measured := c.rates.since(now, sn)
	doc := ScalingDoc{Lane: name, Value: 1}
	seconds := now.Sub(then.at).Seconds()
	found := false
	for backend, b := range sn.Backends {
		for _, l := range b.Lanes {
			if l.Name != name || only != "" && only != backend {
				continue
			}
			found = true
			doc.InFlight += l.InFlight
			doc.Limit += l.Limit
			doc.Wanted += float64(l.InFlight + l.Waiting)
			if before, ok := then.lanes[[2]string{backend, name}]; ok && measured {
				doc.add(before, tallyOf(l), l, seconds)
			}
		}
	}
	if !found {
		return notFound(fmt.Sprintf("no lane %q", clip(name)))
	}
	doc.hint(measured, seconds)
	return c.send(http.StatusOK, doc)
}

// add adds one backend's lane to the rates.
func (d *ScalingDoc) add(then, now tally, l lane.LaneSnapshot, seconds float64) {
	d.Demand += grown(then.arrived, now.arrived) / seconds
	d.Served += grown(then.served, now.served) / seconds
	takes := max(l.Recent, l.Base).Seconds()
	d.Wanted += grown(then.refused, now.refused) / seconds * takes
}

// grown is by how much a counter grew. One that began anew counts from 0.
func grown(then, now uint64) float64 {
	if now < then {
		return float64(now)
	}
	return float64(now - then)
}

func (d *ScalingDoc) hint(measured bool, seconds float64) {
	if measured {
		d.Over = seconds
		d.Value = ratio(d.Demand, d.Served)
	}
	d.Use = ratio(d.Wanted, float64(d.Limit))
}

func ratio(of, to float64) float64 {
	if of <= 0 {
		return 0
	}
	return math.Min(of/math.Max(to, 1e-9), maxValue)
}

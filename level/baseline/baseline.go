// Package baseline learns how much of something is usual at each hour of the
// week, so that more than that is seen before anything is full.
//
// A [Week] has a bucket for each ten minutes of the week. A bucket's mean moves
// towards what was seen, a quarter of the way once four weeks are known. Where
// a bucket has not been seen twice yet, the same ten minutes of other days
// count, and before that the mean of everything.
package baseline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Buckets of a week.
const (
	Bucket  = 10 * time.Minute
	perDay  = int(24 * time.Hour / Bucket)
	buckets = 7 * perDay

	settled = 4               // weeks after which a mean moves a quarter of the way
	soonest = 3               // buckets after which the mean of everything counts
	outlier = 3               // times the usual beyond which nothing is learned
	longest = 5 * time.Minute // between observations that belong together
	most    = 1e12            // of anything; what is more is a mistake
)

// Week is what is usual. The zero Week knows nothing. It has no clock: now says
// the hour, in now's own time zone.
type Week struct {
	mean  [buckets]float32
	weeks [buckets]uint8 // how often each bucket was seen, up to settled

	all  float64 // mean of all closed buckets
	seen int     // how many those are

	open     int // the bucket being filled, plus 1; 0 is none
	sum      float64
	samples  int
	observed time.Time
}

func bucketOf(now time.Time) int {
	return int(now.Weekday())*perDay + (now.Hour()*60+now.Minute())/int(Bucket/time.Minute)
}

// Observe takes in how much there is now. What is far above the usual is taken
// for as much as is not, so that a storm does not become usual.
func (w *Week) Observe(now time.Time, v float64) {
	if !(v >= 0) || math.IsInf(v, 0) {
		return
	}
	if b := bucketOf(now) + 1; b != w.open || now.Sub(w.observed) > longest || now.Before(w.observed) {
		w.close()
		w.open = b
	}
	w.observed = now
	// Where nothing is usual there is nothing to be far above: an hour that was
	// quiet so far may wake up.
	if usual, known := w.Expect(now); known && usual > 0 {
		v = math.Min(v, outlier*usual)
	}
	w.sum += math.Min(v, most)
	w.samples++
}

// close folds the open bucket into what is usual.
func (w *Week) close() {
	if w.open == 0 || w.samples == 0 {
		return
	}
	i, v := w.open-1, w.sum/float64(w.samples)
	w.weeks[i] = min(w.weeks[i]+1, settled)
	w.mean[i] += float32((v - float64(w.mean[i])) / float64(w.weeks[i]))
	w.seen++
	w.all += (v - w.all) / float64(min(w.seen, buckets))
	w.sum, w.samples, w.open = 0, 0, 0
}

// Expect returns what is usual at a time, between the middles of the buckets
// around it; known is false while too little was seen.
func (w *Week) Expect(now time.Time) (v float64, known bool) {
	if w.seen < soonest {
		return 0, false
	}
	i := bucketOf(now)
	in := time.Duration(now.Minute()%int(Bucket/time.Minute))*time.Minute + time.Duration(now.Second())*time.Second
	part := float64(in)/float64(Bucket) - 0.5
	j := (i + 1) % buckets
	if part < 0 {
		part, j = -part, (i+buckets-1)%buckets
	}
	a, b := w.at(i), w.at(j)
	return a + part*(b-a), true
}

// at is what is usual in a bucket.
func (w *Week) at(i int) float64 {
	if w.weeks[i] >= 2 {
		return float64(w.mean[i])
	}
	var sum float64
	n := 0
	for k := i % perDay; k < buckets; k += perDay {
		if w.weeks[k] > 0 {
			sum += float64(w.mean[k])
			n++
		}
	}
	if n > 0 {
		return sum / float64(n)
	}
	return w.all
}

// State is what a Week knows, to be kept across restarts.
type State struct {
	Mean  []float32 `json:"mean"`
	Weeks []uint8   `json:"weeks"`
	All   float64   `json:"all"`
	Seen  int       `json:"seen"`
}

// State returns what is known, without the bucket that is being filled.
func (w *Week) State() State {
	return State{Mean: slices.Clone(w.mean[:]), Weeks: slices.Clone(w.weeks[:]), All: w.all, Seen: w.seen}
}

// Restore starts from what was known before. On error nothing changes.
func (w *Week) Restore(s State) error {
	if len(s.Mean) != buckets || len(s.Weeks) != buckets {
		return fmt.Errorf("%d means of %d buckets: want %d of each", len(s.Mean), len(s.Weeks), buckets)
	}
	if !usable(s.All) || s.Seen < 0 {
		return errors.New("means are numbers from 0")
	}
	for i, v := range s.Mean {
		if !usable(float64(v)) || s.Weeks[i] > settled {
			return fmt.Errorf("bucket %d: mean %v of %d weeks", i, v, s.Weeks[i])
		}
	}
	fresh := Week{all: s.All, seen: min(s.Seen, buckets)} // more makes no difference
	copy(fresh.mean[:], s.Mean)
	copy(fresh.weeks[:], s.Weeks)
	*w = fresh
	return nil
}

func usable(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

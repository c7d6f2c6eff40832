package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/daero/daero/relay"
)

// Verdict is what the evidence shows.
type Verdict struct {
	Acked     int // records acknowledged
	Delivered int // records delivered at least once
	Lost      int // acknowledged, and never delivered
	// Duplicated counts deliveries beyond a record's first.
	Duplicated int
	// Unexplained counts those among them of messages that were not under way,
	// nor done but not yet committed, at any kill.
	Unexplained int
	// InFlight bounds how many duplicates the kills can have caused: messages
	// delivered and not committed, answers not sent, requests not answered.
	InFlight int
	// OrderViolations counts records whose first delivery came after that of a
	// later one of their key, and deliveries that went back within one claim of
	// a partition.
	OrderViolations int
	// WrongIDs counts deliveries of a record with another idempotency key than
	// the one it was sent with.
	WrongIDs int
	// Findings describes the first of them.
	Findings []string
}

// OK says that everything promised was kept.
func (v Verdict) OK() bool {
	return v.Acked > 0 && v.Lost == 0 && v.OrderViolations == 0 && v.Unexplained == 0 && v.WrongIDs == 0 && v.Duplicated <= v.InFlight
}

const maxFindings = 20

func (v *Verdict) found(format string, args ...any) {
	if len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
	}
}

// Judge decides what e shows.
func Judge(e Evidence) Verdict {
	j := judge{Evidence: e, written: map[Record]*Written{}, last: map[Record][]int{}, highest: map[int]int{}, claims: map[claim]int64{}}
	for i := range e.Written {
		j.written[e.Written[i].Record] = &e.Written[i]
	}
	for i := range e.Arrivals {
		j.arrival(i)
	}
	j.Acked, j.Delivered = len(e.Written), len(j.last)
	for i := range e.Written {
		if w := &e.Written[i]; len(j.last[w.Record]) == 0 {
			j.Lost++
			j.found("lost: record %d of key %d, acknowledged after %s (sent %d times, spooled %t)",
				w.N, w.Key, w.Acked.Round(time.Millisecond), w.Sends, w.Spooled)
		}
	}
	j.bound()
	return j.Verdict
}

// claim is one life of one relay with one partition, as one key sees it.
type claim struct {
	relay int
	epoch int64
	part  relay.Partition
	key   int
}

type judge struct {
	Evidence
	Verdict
	written map[Record]*Written
	last    map[Record][]int // arrivals by record, in order
	highest map[int]int      // by key
	claims  map[claim]int64  // the newest offset delivered
}

func (j *judge) arrival(i int) {
	a := &j.Arrivals[i]
	if want := ID(a.Record); a.ID != want {
		j.WrongIDs++
		j.found("key %d, record %d: delivered with the idempotency key %q instead of %q", a.Key, a.N, a.ID, want)
	}
	before := j.last[a.Record]
	j.last[a.Record] = append(before, i)
	j.order(a, len(before) == 0)
	if len(before) > 0 {
		j.Duplicated++
		if !j.explained(before, a) {
			j.Unexplained++
			j.found("again without a cause: record %d of key %d at %s, relay %d then %d, target %d then %d",
				a.N, a.Key, a.At, j.Arrivals[before[len(before)-1]].Relay, a.Relay, j.Arrivals[before[len(before)-1]].Target, a.Target)
		}
	}
}

// order holds two things: first deliveries of a key come in the order in which
// its records were acknowledged; and within one claim of a partition nothing
// goes back but to try the same message again.
func (j *judge) order(a *Arrival, first bool) {
	c := claim{a.Relay, a.Epoch, relay.Partition{Topic: a.At.Topic, ID: a.At.Partition}, a.Key}
	newest, seen := j.claims[c]
	j.claims[c] = max(newest, a.At.Offset)
	switch {
	case first && a.N < j.highest[a.Key]:
		j.OrderViolations++
		j.found("order: key %d: record %d came after record %d", a.Key, a.N, j.highest[a.Key])
	case seen && a.At.Offset < newest:
		j.OrderViolations++
		j.found("order: key %d: relay %d went back from offset %d to %s", a.Key, a.Relay, newest, a.At)
	}
	j.highest[a.Key] = max(j.highest[a.Key], a.N)
}

// explained says whether a kill is the cause of one more delivery.
func (j *judge) explained(before []int, a *Arrival) bool {
	for _, i := range slices.Backward(before) {
		prev := &j.Arrivals[i]
		if prev.At != a.At {
			continue
		}
		return slices.ContainsFunc(j.Kills, func(k Kill) bool { return k.caused(prev, a) })
	}
	// Another message of the same record: it was taken into the log twice.
	w := j.written[a.Record]
	return w == nil || w.Sends > 1 || w.Spooled || j.copied(w)
}

// copied says whether a kill may have hidden from the acceptor that the log had
// taken the record.
func (j *judge) copied(w *Written) bool {
	for i := range j.Kills {
		k := &j.Kills[i]
		if (k.Role == Acceptor || k.Role == Broker) && k.At >= w.First && k.At <= w.Acked {
			return true
		}
	}
	return false
}

// caused says whether k explains that what was delivered as prev was delivered
// again. A request of a relay that is dead by now may come last: it was under
// way.
func (k *Kill) caused(prev, a *Arrival) bool {
	if a.Place < k.Ledger {
		return false
	}
	switch k.Role {
	case Relay:
		return k.open(prev) || k.open(a)
	case Broker: // the relay lost its claim, and took it anew
		return k.open(prev) && (a.Relay != prev.Relay || a.Epoch != prev.Epoch)
	default:
		return k.open(prev)
	}
}

// open says whether a delivery was still under way, or not yet committed, when
// k came.
func (k *Kill) open(a *Arrival) bool {
	switch k.Role {
	case Target:
		return a.Target == k.Life && !a.Answered
	case Relay:
		return a.Relay == k.Life && !k.Places.finished(a.At)
	case Broker:
		return a.Place < k.Settled && !k.Places.finished(a.At)
	default:
		return false
	}
}

// bound counts what was open at each kill.
func (j *judge) bound() {
	for i := range j.Kills {
		k := &j.Kills[i]
		open := map[relay.Position]bool{}
		for a := range j.Arrivals {
			if k.open(&j.Arrivals[a]) {
				open[j.Arrivals[a].At] = true
			}
		}
		j.InFlight += len(open)
	}
	for _, w := range j.written {
		j.InFlight += w.Sends - 1
		if w.Sends == 1 && (w.Spooled || j.copied(w)) {
			j.InFlight++
		}
	}
}

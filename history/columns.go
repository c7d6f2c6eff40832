package history

import "github.com/daero/daero/live"

// column is one of a lane's.
type column int

const (
	colIn column = iota
	colThrough
	colPassed
	colWaited
	colDeferred
	colChallenged
	colShed
	colFailed
	colLimit
	colInFlight
	colWaiting
	colWait
	colRecent
	colShedOrder
	numColumns
)

// columns are their names, and how several seconds become one point: rates and
// what is in use by their mean, so that areas stay true; how long something took
// or how many waited by the worst, so that a short jam does not vanish.
var columns = [numColumns]struct {
	name  string
	worst bool
}{
	colIn: {"in", false}, colThrough: {"through", false},
	colPassed: {"passed", false}, colWaited: {"waited", false}, colDeferred: {"deferred", false},
	colChallenged: {"challenged", false}, colShed: {"shed", false}, colFailed: {"failed", false},
	colLimit: {"limit", false}, colInFlight: {"in_flight", false},
	colWaiting: {"waiting", true}, colWait: {"wait_seconds", true}, colRecent: {"recent_seconds", true},
	colShedOrder: {"shed_order", false},
}

func columnsOf(l *Lane) [numColumns]float32 {
	o := l.Outcome
	return [numColumns]float32{
		colIn: float32(l.In), colThrough: float32(l.Through),
		colPassed: float32(o.Passed), colWaited: float32(o.Waited), colDeferred: float32(o.Deferred),
		colChallenged: float32(o.Challenged), colShed: float32(o.Shed), colFailed: float32(o.Failed),
		colLimit: float32(l.Limit), colInFlight: float32(l.InFlight), colWaiting: float32(l.Waiting),
		colWait: float32(l.Wait), colRecent: float32(l.Recent), colShedOrder: float32(l.Shed),
	}
}

// numTotals are the parts of an outcome.
const numTotals = 6

var totals = [numTotals]string{"passed", "waited", "deferred", "challenged", "shed", "failed"}

func totalsOf(o live.Outcome) [numTotals]float32 {
	return [numTotals]float32{float32(o.Passed), float32(o.Waited), float32(o.Deferred), float32(o.Challenged), float32(o.Shed), float32(o.Failed)}
}

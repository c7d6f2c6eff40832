package api

import "github.com/daero/daero/relay"

// Inert makes a cell that no spreadsheet takes for a formula, PreviewWant reads
// which question is to be shown.
var (
	Inert       = inert
	PreviewWant = previewWant
)

// RatesBetween says how fast a delivery went between two snapshots.
func RatesBetween(old, now relay.Snapshot, name string) QueueRates {
	return ratesBetween(lookAt(old), lookAt(now), name)
}

package api

// Inert makes a cell that no spreadsheet takes for a formula, PreviewWant reads
// which question is to be shown.
var (
	Inert       = inert
	PreviewWant = previewWant
)

package audit

// What is done about rehearsals.
const (
	RehearsalStarted = "rehearsal.started"
	RehearsalEnded   = "rehearsal.ended"   // After says how; Before is its ID
	RehearsalRemoved = "rehearsal.removed" // what was kept of one, by a person
)

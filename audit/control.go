package audit

// What people do to single lanes.
const (
	LaneOrdered  = "lane.ordered"  // a person closed, opened, shed, deferred, challenged or bounded it
	LaneReleased = "lane.released" // that ended: by a person, or by itself
	LaneRamped   = "lane.ramped"   // a person's ramp let more in, or fewer
)

// Undo says how what a person did can be undone. It says so when it was done:
// whether it still can be is found when it is asked for.
type Undo struct {
	// Revision is that of the controls which the change made, and names it. 0:
	// nothing undoes the entry.
	Revision uint64 `json:"revision"`
	// Does says what undoing does, in words: "unpins the level".
	Does string `json:"does"`
	// Of is the revision of the change that this one itself undid, 0 for none.
	Of uint64 `json:"of,omitempty"`
}

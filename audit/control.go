package audit

import "time"

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
	// Kind is what Does says, for programs that say it in other words: one of the
	// constants. To and Until are what it brings back, and until when; empty where
	// it brings nothing back.
	Kind  string    `json:"kind,omitempty"`
	To    string    `json:"to,omitempty"`
	Until time.Time `json:"until,omitzero"`
	// Of is the revision of the change that this one itself undid, 0 for none.
	Of uint64 `json:"of,omitempty"`
}

// What undoing does.
const (
	UndoUnpin    = "unpin"
	UndoPin      = "pin" // To is the level
	UndoResume   = "resume-playbook"
	UndoPause    = "pause-playbook"
	UndoStart    = "start-action"
	UndoStop     = "stop-action"
	UndoRelease  = "release-lane"
	UndoOrder    = "order-lane" // To is the order
	UndoDeliver  = "resume-delivery"
	UndoHoldBack = "pause-delivery"
	UndoRedrive  = "stop-redrive"
	UndoChange   = "change-site" // back to what it was
	UndoAdd      = "remove-site"
	UndoRemove   = "restore-site"
	UndoRotate   = "secret-back"
)

package rehearse

// Report is what a rehearsal found, in the shape that machines read. A number
// that does not exist (the latency of nothing) is null.
type Report struct {
	Scenario string     `json:"scenario"`
	Seed     uint64     `json:"seed"`
	Load     LoadReport `json:"load"`
	// Target is whose service it was, missing where it was the sample: then what
	// Load says of workers and usual rates is 0.
	Target *TargetReport `json:"target,omitempty"`
	Arms   []ArmReport   `json:"arms"`
	Calm   CalmReport    `json:"calm"`
	Bars   []Bar         `json:"bars"`
	// NotJudged are the bars that say nothing here.
	NotJudged []NotJudged `json:"not_judged,omitempty"`
	// Noisy says why the machine was too noisy to judge; empty if it was not.
	Noisy []string `json:"noisy,omitempty"`
	OK    bool     `json:"ok"`
}

// LoadReport is what was sent against what, in requests a second.
type LoadReport struct {
	Workers          int     `json:"workers"`
	MessagesPerS     float64 `json:"messages_per_s"`
	SyncsPerS        float64 `json:"syncs_per_s"`
	LoginsPerS       float64 `json:"logins_per_s"`
	LoginsLeftPerS   float64 `json:"logins_left_per_s"`
	Storm            float64 `json:"storm"`
	ArmSeconds       float64 `json:"arm_seconds"`
	StaticLogins     int     `json:"static_logins_at_once"`
	StaticLoginsHalf int     `json:"static_logins_at_once_halved"`
}

// CalmReport is what the critical lane is measured against: all calm phases of
// all arms together; 0 where nothing was answered.
type CalmReport struct {
	MessageP90 float64 `json:"message_p90_ms"`
	MessageP99 float64 `json:"message_p99_ms"`
}

// ArmReport is one arm.
type ArmReport struct {
	Name   string                `json:"name"`
	Phases []PhaseReport         `json:"phases"`
	Lanes  map[string]LaneReport `json:"lanes"` // over the whole run
	// AttemptsPerAction counts every attempt of every user action, messages
	// and syncs too; each lane has its own in Lanes.
	AttemptsPerAction float64 `json:"attempts_per_action"`
	// RecoveryS is how long after the storm's end every lane was at calm
	// latency; null if that was not seen.
	RecoveryS *float64 `json:"recovery_s"`
	// SendLagP99 is how late the generator itself sent.
	SendLagP99 float64 `json:"send_lag_p99_ms"`
	// CPU is how many processors were busy in the storm: generator, gateway,
	// service and everything else on the machine. Absent where not known.
	CPU map[string]float64 `json:"cpu,omitempty"`
	// SessionsKept is the share of the sessions that no failed answer has cost
	// and that stood at the end; LoggedOut how many wishes found their user
	// logged out.
	SessionsKept float64 `json:"sessions_kept"`
	LoggedOut    int64   `json:"logged_out"`
	// SaturatedS is when for the first time more came in 100 ms than the
	// service can do in them; null: never.
	SaturatedS *float64 `json:"saturated_s"`
	// Levels and Actions are what daero did, from its record.
	Levels  []LevelReport  `json:"levels"`
	Actions []ActionReport `json:"actions"`
	// Seconds is what was felt second by second, for drawing.
	Seconds []SecondReport `json:"seconds"`
	// Repeated is how often the arm was thrown away for noise and run again.
	Repeated int `json:"repeated,omitempty"`
}

// PhaseReport is one phase of an arm.
type PhaseReport struct {
	Name    string                `json:"name"`
	Seconds float64               `json:"seconds"`
	Lanes   map[string]LaneReport `json:"lanes"`
}

// LaneReport is one lane in one phase or over a whole run. Sent counts
// attempts by the time they were meant for. Latencies are those of answers and
// of time-outs, not of refusals.
type LaneReport struct {
	Sent         int64    `json:"sent"`
	OK           int64    `json:"ok"`
	Refused      int64    `json:"refused"`
	Failed       int64    `json:"failed"`
	TimedOut     int64    `json:"timed_out"`
	SuccessRatio *float64 `json:"success_ratio"`
	P50          *float64 `json:"p50_ms"`
	P99          *float64 `json:"p99_ms"`
	SteadyP99    *float64 `json:"steady_p99_ms"` // without what was sent just after a change
	Degraded     float64  `json:"degraded_s"`    // 100 ms bins with p90 above 2 × calm p90
	Goodput      float64  `json:"goodput_per_s"` // ok per second
	OracleRatio  *float64 `json:"oracle_ratio"`  // goodput as a share of the static arm's
	// AttemptsPerAction is given over the whole run only.
	AttemptsPerAction *float64 `json:"attempts_per_action,omitempty"`
}

// Bar is one claim, and whether it held.
type Bar struct {
	Name string   `json:"name"`
	Want string   `json:"want"`
	Got  *float64 `json:"got"`
	OK   bool     `json:"ok"`
	Note string   `json:"note,omitempty"` // where it was worst
}

// LevelReport is a change of the level.
type LevelReport struct {
	At   float64 `json:"at_s"` // seconds since the arm began
	From string  `json:"from"`
	To   string  `json:"to"`
	Why  string  `json:"why"`
}

// ActionReport is something that the playbook did: an action that came into
// force, became stronger or weaker, or was withdrawn (strength 0).
type ActionReport struct {
	At       float64 `json:"at_s"`
	Action   string  `json:"action"` // the slot, like "shed login background"
	Lane     string  `json:"lane"`   // "" for actions of no lane
	Strength float64 `json:"strength"`
	Shadow   bool    `json:"shadow"`
}

// SecondReport is one second of an arm. MessageP90 is null where no message was
// answered for most.
type SecondReport struct {
	Messages   int      `json:"messages"`    // sent
	MessagesOK int      `json:"messages_ok"` // and answered
	MessageP90 *float64 `json:"message_p90_ms"`
	Logins     int      `json:"logins"` // sent
	LoginsOK   int      `json:"logins_ok"`
}

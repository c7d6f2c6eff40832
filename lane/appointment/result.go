package appointment

// Result says what became of a token, in words fit for a metric label.
type Result uint8

// The results. Every one but OK means: ignore the token.
const (
	OK       Result = iota // ours, for this lane and user, not expired
	Garbage                // not the shape of a token
	Oversize               // longer than MaxLen: not even looked at
	Forged                 // the right shape, not signed with a secret of ours
	Foreign                // ours, but of another lane or user
	Expired                // ours, but its time and grace have passed
	NumResults
)

var resultNames = [NumResults]string{"ok", "garbage", "oversize", "forged", "foreign", "expired"}

// String returns the result as one word.
func (r Result) String() string {
	if r < NumResults {
		return resultNames[r]
	}
	return "unknown"
}

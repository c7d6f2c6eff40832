package audit

// What people do to accounts and sessions, beside OperatorAdded,
// OperatorRemoved, LoggedIn and LoginRefused.
const (
	LoggedOut      = "operator.logout"
	SessionRevoked = "operator.session_revoked" // by somebody, before its time
	PasswordSet    = "operator.password_set"
	LinkMade       = "operator.link_made" // a one-time link; Until says how long it is good
)

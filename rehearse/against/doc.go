// Package against describes a service of somebody else's that may be rehearsed
// against: where it is, what a message, a login and a sync are there, and how
// many requests a second it is sent at most. It asks the service whether it
// agrees, so that a slip in an address storms no stranger. It knows neither
// what a storm is made of nor how it is judged.
package against

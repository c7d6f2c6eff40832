// Package live sends a planned crowd ([surge]) against a real HTTP service
// and measures what it felt.
//
// It is open-loop: when a request is sent does not depend on how fast earlier
// ones were answered. Latency counts from the time at which the client meant
// to send, so a service (or a generator) that stalls cannot hide the wait of
// those who came meanwhile (coordinated omission).
//
// It knows nothing of lanes, of what was changed in the service and when, or
// of what is good or bad: package rehearse judges.
package live

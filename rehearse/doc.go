// Package rehearse replays a surge on purpose, against a real service behind a
// real gateway, in several arms: without protection, with lanes set by hand by
// someone who knows the service, and with daero's lanes. It judges what came
// of it against bars.
//
// What is sent is in package surge, how it is sent and measured in
// rehearse/live, the command in rehearse/cli. This package holds the scenario,
// the report and the verdict; its gateway and service are child processes
// ([Stage]). It knows nothing of how lanes decide.
package rehearse

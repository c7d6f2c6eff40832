// Package api serves daero's HTTP interface: what the level is and why, what
// the playbook does, pins and pauses, the audit record, operators, scaling
// hints, and flags for apps by the OpenFeature protocol (OFREP).
//
// It is plain net/http. Everything stands under [Prefix] and [FlagsPrefix];
// [Routes] lists it. Requests and answers are JSON; errors are problem
// documents (RFC 9457). Who asks shows a token in "Authorization: Bearer …" and
// in no other way, so a browser can be made to send nothing that counts.
package api

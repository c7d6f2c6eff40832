// Package deferred keeps HTTP requests that a service cannot bear now, and
// delivers them when it can.
//
// A [Desk] takes a request into the relay, answers 202 with a ticket, tells
// whoever brings the ticket how far it is, has the relay's deliveries sent to
// the service, and keeps the service's answer until its time runs out:
//
//	desk, err := deferred.New(deferred.Config{
//		Lanes:   map[string]deferred.Lane{"login": {Topic: "daero.deferred.login", Target: service}},
//		Accept:  r.Accept,             // of a relay.Relay
//		Answers: deferred.NewMemory(), // or a driver's
//		Ask:     …,                    // for a permit of the lane: Daero.Deliver
//		Pace:    d.Pace,               // the playbook's drain
//	})
//	admission := d.Admission(daero.AdmissionConfig{Deferrer: desk})
//	mux.Handle(deferred.Prefix, desk)  // answers who comes back with a ticket
//	relay.Delivery{Topics: …, Handler: desk.Handle}
//
// Requests of one user in one lane are delivered one after the other, in the
// order in which they were taken. While any of them wait here, the [Desk] says
// so ([Desk.Waiting]), so that later ones go behind them. That is known of what
// this process took, and of what [Desk.Remember] was told after a restart; with
// several gateways, requests of one user should come to one of them.
//
// Delivery is at least once: with the same Idempotency-Key, which a service
// that remembers keys (package inbox) turns into an effect that is there once.
// The package knows net/http and lanes, and neither Kafka nor Caddy.
package deferred

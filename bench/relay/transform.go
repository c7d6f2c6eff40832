package main

import "context"

const wantTransform = 0.8

// transform compares the exactly-once transform from topic to topic with a
// plain client that consumes and produces.
func (b *bench) transform(context.Context) error {
	if len(b.brokers) == 0 {
		b.report.skip("transform beside a plain client", "it needs a cluster: -brokers")
		return nil
	}
	b.report.skip("transform beside a plain client", "not yet")
	return nil
}

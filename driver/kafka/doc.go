// Package kafka keeps messages in Apache Kafka, and hands them out to the
// members of consumer groups.
//
// A message is acknowledged when all in-sync replicas have it (acks=all,
// idempotent). A member's place is committed with its metadata, and never once
// the partition is somebody else's. Where a group stands is explicit: a place
// that was lost is told, and never jumped over.
//
// The package does not know what messages are for, when they are done, or how
// often they are tried: package relay does. Transform, from topic to topic, is
// the one thing here that is exactly once.
package kafka

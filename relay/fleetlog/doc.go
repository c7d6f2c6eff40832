// Package fleetlog lets gateways hear each other through a log: each writes what
// it measures about once a second to a topic, and reads what the others write.
// What it makes of it is decided in level/fleet.
//
// Nothing here is waited for. While the log is away nothing is written and
// nothing heard, and the gateway acts on what it measures itself. A reading that
// the log has not taken yet is not followed by another, and one that it did not
// take is not sent again: the next one is newer.
//
// # Every gateway reads everything
//
// Members of a group share the partitions of a topic, and here each must have
// all of them. So each gateway consumes in a group of its own, whose name is new
// each time it joins, from the newest message on. What was written before it
// joined is not news, and is left out also where a group that was thrown out
// comes back to an older place. Polling the topic without a group would need no
// names, and would cost a request per partition and second and half a second of
// delay. In Kafka the groups are named PREFIX and the topic, the node, the start
// and a number: what lets a gateway read is a right on the prefix "daero.fleet.".
// Such a group is gone when its offsets expire.
//
// # Who may speak
//
// Whoever may write to the topic can claim to be any number of gateways. With
// Secrets, readings are signed, and what is not is not heard. That keeps out who
// may write but does not know the secret; a gateway that was taken over is one
// voice, which level/fleet bears.
package fleetlog

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
// all of them, and only what is new. So gateways read without a group, from the
// end of the topic on: [Log] asks for a Tail. A group for each gateway would do
// as well where the log has nothing else ([Grouped]), but leaves a group behind
// at every start, which a log that keeps what no group has finished would wait
// for. Polling would cost a request per partition and a connection each time,
// and half a second.
//
// # Who may speak
//
// Whoever may write to the topic can claim to be any number of gateways. With
// Secrets, readings are signed, and what is not is not heard. That keeps out who
// may write but does not know the secret; a gateway that was taken over is one
// voice, which level/fleet bears.
package fleetlog

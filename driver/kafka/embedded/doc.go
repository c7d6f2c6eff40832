// Package embedded is a Kafka broker inside the program, with its log on this
// machine's disk: what daero uses until it is told of a cluster.
//
// What was acknowledged survives the death of the program and, where the disk
// keeps its word, of the machine's power. It does not survive the disk: there
// is one copy, see [Banner]. There are no transactions: after a crash the broker
// would take some for committed that were not, so exactly once from topic to
// topic needs a real cluster. The broker reports no error of fsync; a disk that
// fails shows as damage at the next start.
package embedded

// Banner is what must be said wherever this log is used.
const Banner = "one machine, one copy: what is accepted is on this machine's disk and nowhere else; " +
	"name a Kafka cluster to keep more"

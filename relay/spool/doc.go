// Package spool keeps records on this machine's disk until they are taken out,
// in order: a write-ahead log for the time while the real one is away.
//
// A record is synced to disk before Append returns; writers that come together
// share one sync. What was kept survives the process, and the machine as far as
// its disk keeps what it has synced. It does not survive the disk: that is what
// the real log and its replicas are for.
//
// Files are segments of records, each with a checksum, and a head that says what
// is done. A head that is lost means that records come again, never that one is
// lost. A record that was cut off by a crash was never kept, and is cut off for
// good. Any other that cannot be read is damage: it is put aside, counted and
// told, and what is behind it is read on.
//
// The first error of the disk ends all writing: after it nobody knows what the
// disk holds of what the kernel has forgotten. Open the spool anew once the
// disk is sound.
//
//	DIR/lock                        held while the spool is open
//	DIR/head                        what is done
//	DIR/0000000000000001.seg        records from the first on
//	DIR/0000000000000001.3f.damaged what could not be read of it, from byte 0x3f
//	DIR/rejected.jsonl              what the log will never take, see SetAside
//
// The package knows nothing of messages and of Kafka.
package spool

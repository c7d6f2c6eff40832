// Package verify shows that nothing is lost: it runs an acceptor, a relay, a
// target and, where it may, the broker as processes of their own, kills one
// after the other with kill -9 at moments that a seed draws, starts it again,
// and judges what they have left behind.
//
//	writers ──HTTP──▶ acceptor ──▶ broker ──▶ relay ──HTTP──▶ target ──▶ ledger
//	   │                                                                  │
//	   └────────── what was acknowledged ──────▶ judge ◀── what arrived ──┘
//
// The writers send the next record of a key only once the last one is
// acknowledged, and send it again, with the same idempotency key, for as long
// as it is not: as a client should. The target writes every delivery to a
// ledger before it answers. The judge then holds:
//
//   - every acknowledged record has arrived;
//   - the records of a key arrived first in the order in which they were
//     acknowledged, and no relay went back within one claim of a partition;
//   - what arrived again was under way, or not yet committed, at a kill, and had
//     the same idempotency key.
//
// Processes are killed, machines are not: what the kernel has been given stays.
// Whether a disk keeps what it has been told to is another question, see
// docs/relay/guarantees.md.
package verify

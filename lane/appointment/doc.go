// Package appointment signs and verifies appointments: short tokens that say
// "come back at T" and are honoured by every gateway that shares the secret.
//
// An appointment is bound to one lane and one user. Nothing is stored for it:
// ten million of them cost the gateway no memory. The package knows nothing of
// HTTP, and no clock: the time is an argument.
//
// A token is 40 bytes, written as 54 characters that need no escaping in a
// URL, a header or a cookie:
//
//	 0  1 version, 1
//	 1  1 key id, so that one of several keys is tried
//	 2  4 issued, Unix seconds
//	 6  6 at, Unix milliseconds
//	12  4 expires, Unix seconds
//	16  8 binding: lane and user, mixed with the key, so that it tells nothing
//	24 16 HMAC-SHA256 of the bytes before, truncated to 128 bits
package appointment

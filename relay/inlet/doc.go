// Package inlet takes messages in over HTTP: a service needs no client of a log
// to write to one.
//
//	POST /daero/relay/orders HTTP/1.1
//	Authorization: Bearer …          who writes, or a client certificate
//	Idempotency-Key: 7b1f…           the same for every try; made if it is missing
//	Daero-Key: customer-17           what it is ordered by, percent-encoded
//	Content-Type: application/json   kept, as are Traceparent and Tracestate
//	Daero-Header-Kind: new           becomes the message's header kind
//	Content-Encoding: gzip           is undone
//
// The body is the value. A CloudEvent, in binary mode or in structured mode as
// application/cloudevents+json, is kept in the Kafka binding: its extension
// partitionkey is the key where there is no Daero-Key, and its source and id are
// the idempotency key where there is none. Its time stays what it is, an
// attribute: when the message was taken is the log's to say, so that a clock
// that is hours ahead changes nothing. Other headers are not passed on; those
// that begin with Daero- are ours, and a Daero-Header- cannot make one.
//
// 202 comes once the message is safe, and not before:
//
//	{"id":"7b1f…","topic":"orders","partition":3,"offset":17,"spooled":false,"repeated":false}
//
// Everything else is a problem document (RFC 9457):
//
//	400 401 403 404 405 408 409 413 415 422 431   send something else
//	429                                           too much at once from this writer
//	503   not kept, or nobody knows: send it again, with the id of the answer as
//	      its Idempotency-Key, after Retry-After; it is kept once
//	507   there is no room
//
// Nobody writes who is not configured. Bodies are read as slowly as they come,
// up to a time, while only the memory that they fill is held, which is bounded
// for each writer and for all.
//
// The package knows nothing of Kafka and of Caddy.
package inlet

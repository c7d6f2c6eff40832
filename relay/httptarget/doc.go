// Package httptarget delivers messages to an HTTP service: one request for
// each message, with its body and its content type.
//
//	POST /orders HTTP/1.1
//	Content-Type: application/json
//	Idempotency-Key: 7b1f…           the same for every attempt
//	Daero-Writer: shop               whose key that is, if known
//	Daero-Topic: orders              where the message stands, with
//	Daero-Partition: 3               Daero-Offset
//	Daero-Key: customer-17           percent-encoded, up to 4 KiB, else left out
//	Daero-Attempt: 1
//	Daero-Epoch: 12                  refuse it if a higher one was seen for the partition
//	Daero-Redriven: 1                only if it was taken out of the dead letters
//	Traceparent: 00-…
//	Ce-Id: …                         CloudEvents attributes, percent-encoded
//	Webhook-Id, -Timestamp, -Signature   as Standard Webhooks has them, with a secret
//
// What the answer means:
//
//	2xx                          Ack
//	408 425 429 5xx              Retry, after Retry-After if it says one
//	429 503                      and the target asks for less
//	502 503 504                  and it is down as a whole
//	409 with Idempotency-Key of the message, and no Retry-After
//	                             Ack: it was taken before
//	409 else                     Retry: it may still be at work on it
//	3xx                          Reject: redirects are not followed
//	other 4xx                    Reject
//	no answer in time, none that ends, none that is HTTP, no connection
//	                             Retry, down
//
// So a message may be done twice where an answer was lost on the way back, with
// the same Idempotency-Key both times: package inbox is for who receives. An
// answer that breaks off is none, whatever its status: done twice is better
// than not at all.
//
// The package trusts no answer: its head and its body are read up to a bound, as
// long as the time-out lets it, and a connection that was answered with more
// than was asked for is not used again. It goes to the configured address only,
// through no proxy. It knows nothing of order, of retries or of Kafka.
package httptarget

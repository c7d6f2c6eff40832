// Package grpctarget delivers messages to a gRPC service, which implements
// [targetpb.TargetServer]: Deliver, one unary call for each message.
//
// The outcome says what became of the message. An error says it by its code:
//
//	UNAVAILABLE, and no answer in time     Retry, down
//	RESOURCE_EXHAUSTED                     Retry, and the target asks for less
//	RESOURCE_EXHAUSTED as the message is larger than the service takes
//	                                       Reject
//	DEADLINE_EXCEEDED ABORTED CANCELLED INTERNAL DATA_LOSS UNKNOWN
//	                                       Retry
//	INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
//	UNAUTHENTICATED FAILED_PRECONDITION OUT_OF_RANGE UNIMPLEMENTED
//	                                       Reject
//
// A google.rpc.RetryInfo in the error's details sets the wait. A message that
// was taken before is answered with VERB_ACK, not with ALREADY_EXISTS, which
// says only that something was there. Codes that are not gRPC's are UNKNOWN.
//
// A call that got no answer may have been done all the same, and is made again
// with the same id: package inbox has what a receiver needs to see that.
package grpctarget

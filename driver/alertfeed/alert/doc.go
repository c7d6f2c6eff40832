// Package alert decides which outside warnings arm the gateway, and until when.
//
// A feed's messages, whatever their format, become [Alert]; a [Filter] says
// which of them matter here; a [Book] remembers them and says what stands. The
// package knows nothing of formats, of HTTP and of the clock: every decision is
// a function of (now, what is known, the message).
//
// What keeps a feed from arming by mistake:
//
//	status other than Actual      never arms, and cancels nothing either
//	origin older than MaxAge      a replay: does not arm
//	dated over 2 min ahead        not believed, as if it had not come
//	seen before                   ignored; a newer version replaces the older
//	cancelled                     ends the arming at once, also if the cancel
//	                              is read before what it cancels
//	expires                       the arming ends then, if that is sooner
package alert

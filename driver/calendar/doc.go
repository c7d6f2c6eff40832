// Package calendar arms ahead of what is known to come: New Year's midnight, a
// match, a sale. It reads an iCalendar file (RFC 5545), or polls one by HTTP.
//
// An event arms from its start less the lead until its end, at most 24 h:
//
//	           start - lead     start            end
//	armed      |----------------|----------------|
//
// Recurring events, exceptions, moved and cancelled occurrences, time zones by
// name or by VTIMEZONE and all-day events are read. Rules by the hour, minute
// or second are not, nor changes of "this and all that follow": they are
// refused, with the event's name.
//
// The libraries that read the format can be made to panic, to recurse without
// end and to search for years; what keeps them from it is in this package.
package calendar

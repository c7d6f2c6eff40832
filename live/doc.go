// Package live turns counters that only grow into what a person watching wants
// to know: how much goes through each lane per second, what became of the rest,
// and what those who use the service feel of it. It also keeps what happened
// lately, to be looked at and to be sent on. It decides from what it is given:
// it knows no clock, no HTTP and no screen, and finds no words for anything.
package live

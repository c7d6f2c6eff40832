// Package history keeps what lanes did, second by second, for two hours, in
// memory: enough to see how an incident began when nothing but the gateway is
// left to ask.
//
// It is a ring of seconds for each lane, column by column. Nothing is ever
// averaged away while it is kept; what is asked for is thinned out when it is
// asked. Time is an argument: there is no clock and no goroutine here.
//
// What it takes: a lane has 14 columns of 4 bytes a second and as many more for
// reasons of refusals as it ever had, eight at most. Two hours of 50 lanes with
// three reasons each are 7,200 × 50 × 17 × 4 B = 24.5 MB.
package history

// Package history keeps what lanes did, second by second, for two hours, in
// memory: enough to see how an incident began when nothing but the gateway is
// left to ask.
//
// It is a ring of seconds for each lane, column by column. Nothing is ever
// averaged away while it is kept; what is asked for is thinned out when it is
// asked. Time is an argument: there is no clock and no goroutine here.
//
// What it takes: a column of a lane is 7,200 seconds of 4 bytes, for which the
// runtime gives 32 kB. A lane has 14 columns and as many more for reasons of
// refusals as it ever had, eight at most; those that were always 0 take nothing.
// So 50 lanes that know every kind of trouble take 50 × 22 × 32 kB = 36 MB, and
// 50 calm ones a third of that. 200, which is as many as are kept, take 144 MB at
// most.
package history

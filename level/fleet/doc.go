// Package fleet finds the level that several gateways share, without a leader.
//
// Each gateway tells the others about once a second what it measures by itself:
// a [Reading]. Each keeps the last reading of every other, and computes from
// them and from its own standing what to act on ([Fleet.Agree]). Nobody is
// asked, nobody is waited for, and no two gateways need to come to the same
// result at the same moment.
//
// # The rule
//
// A gateway acts on the higher of what it measures itself and of what a
// majority measures: the greatest load that more than half of the gateways it
// hears, itself included, stand at or above, and that these carry more than half
// of the weight.
//
//	loads, falling   3.4  3.1  2.2  0.0  0.0      of five
//	heads so far      1    2    3                 3 of 5 is more than half
//	the fleet's load             2.2
//
// So others can raise a gateway, up to what a majority measures, and never
// lower it: its own saturation is its own to act on. What is raised is held
// until no majority has measured it for [Config.Hold].
//
// # What it cannot be tricked into
//
// No minority, whatever it claims, raises anybody above what an honest gateway
// measures. A claimed weight counts for at most four times the median, so that a
// minority, from a fifth on, can at most keep the fleet from raising those that
// measure less: then everyone acts on what it measures. One gateway alone raises
// nobody, and a pin is a person's word and no measurement: it raises nobody
// either.
//
// Ages are counted from when a reading arrived, by this gateway's clock; the
// sender's clock is for people. A reading counts once: sequence numbers rise
// within a run of the sender, and runs rise.
//
// # What it does not know
//
// Who wrote a reading. Whoever may write to the topic can invent names, and so a
// majority: that is what the topic's access list, a signature (see
// relay/fleetlog) and [Config.Members] are for. How many gateways there should
// be: those that are cut off decide with whom they hear.
//
// It has no clock, no goroutine and no lock; a [Fleet] is not safe for
// concurrent use.
package fleet

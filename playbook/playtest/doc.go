// Package playtest tests levels and a playbook as one tests code: readings over
// time go in, expected levels and actions come out, in virtual time.
//
// [Parse] reads a file of tests, [Run] plays one of them against a level and a
// playbook configuration: a ladder and a runner as in production, stepped every
// 100 ms of a clock that costs nothing. A [Result] says what differed, when, and
// what happened around it; its story is all that happened.
//
// It knows of no Caddyfile, dials nothing and tells nobody.
package playtest

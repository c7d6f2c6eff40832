// Package playbook says what happens at which level.
//
// A [Playbook] has rows, one per level, of actions. What is in force is a pure
// function of the playbook and of where the ladder stands ([Playbook.Orders]),
// so leaving a level always undoes it:
//
//   - Rows add up: at alert, the rows attention, caution and alert stand. Where
//     several say something about the same thing (the same kind, lane and
//     intent: a slot), the highest counts; of drains, the slowest.
//   - In the highest row a strength follows the pressure inside the level; in
//     the rows below it is at the end of its range.
//   - What only an outside warning asks for prepares (notify, webhook, flag,
//     slow, stale, drain) and refuses nothing.
//
// A [Runner] adds what depends on time: strengths go up at once and come back
// by ramp, a person's pause, and events for whoever keeps the record. It has no
// clock and no goroutine either.
package playbook

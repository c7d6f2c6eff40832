// Package strength reads what `daero captcha bench --write` wrote: how often
// which attacker got in, and whether the bars held. It takes nothing that the
// bench would not write, so that a page that shows it never shows half of a
// table, and it measures nothing itself.
package strength

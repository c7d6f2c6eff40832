// Package storetest has what every store of the captcha must pass: [Ledger] for
// ledgers, [Sites] for sites and what is counted about them. [NewSites] keeps
// them in memory, for tests of what needs some.
package storetest

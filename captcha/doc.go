// Package captcha is the protocol of the CAPTCHA platform: sites, challenges,
// tokens, budgets and scores. It decides what a visitor is asked, keeps the
// answer to itself, and gives a token that is redeemed once.
//
// It knows no HTTP, no pictures, no sound and no database: questions come from
// a [Source], what must be known once by all gateways is in a [Ledger], and
// sites are in [Sites].
package captcha

// Package captcha is the protocol of the CAPTCHA platform: sites, challenges,
// tokens, budgets and scores. It decides what a visitor is asked, keeps the
// answer to itself, and gives a token that is redeemed once.
//
// It knows no HTTP, no pictures, no sound and no database: questions come from
// a [Source], what must be known once by all gateways is in a [Ledger], and
// sites are in [Sites].
//
// # The way of a visitor
//
//	Open    → work, a proof of work
//	Work    → done, with a token; or a question, where the site asks everybody or
//	          something speaks for a machine: see [Judge]
//	Answer  → done; or work for another question, at twice the time
//	Switch  → work for a question of another mode, or another one of the same
//	Extend  → two minutes more
//
// Every step has a new id that is good for one answer, for two minutes, and for
// the session, and where the site binds it the prefix, that opened the challenge.
// Who has none of these is told what one who made the id up is told: it is gone.
// Ids are signed; forged ones are refused before the ledger is asked.
//
// The visitor chooses the mode, always; the server chooses the kind and the
// level. To put a question aside costs a proof of work that doubles each time, and
// a challenge of the prefix. Three misses raise the level by one, six end in a
// wait of half a minute. A sound is never refused, and costs no score: where a
// prefix has had many it costs four times the work.
//
// A wait says when to come back. One with an id ("busy": the question is being
// made) goes on from there, without more work.
//
// # Budgets
//
// Challenges, misses and sounds are counted per site, prefix (/24 or /48) and
// minute, tokens per hour; challenges per site as well, first, so that what a
// flood from a million prefixes leaves in the ledger is bounded. [Policy] has the
// figures and why they are so. What is over a budget waits for the rest of its
// window.
//
// # Tokens
//
// A token is sealed: it says nothing to the one who carries it. It holds the site,
// the contract, the host, the action, the site's data, the score with its reasons
// and the kind. It is good for 120 s under reCAPTCHA's and hCaptcha's contracts
// and 300 s under Turnstile's and ours, on the ledger's clock and on the
// gateway's, whichever says no first; clocks may differ by a minute. Of all who
// bring it to [Platform.Check] one is told that it is good, and with an
// idempotency key that one is told so again.
//
// # Apps
//
// A native app does the same without a host. A site that is for apps alone has
// no hosts; one for pages and apps has "app:", or "app:com.example.shop" for an
// app that says so, among them. Nobody vouches for what an app says, which the
// reason "app" repeats; such a site asks everybody, or lives with work alone.
package captcha

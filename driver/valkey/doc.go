// Package valkey keeps the captcha's ledger in Valkey, or in Redis 7 or newer,
// so that several gateways share it: what is open is taken once by all of them,
// what was redeemed is known to all, and budgets are spent together.
//
// Every call is one command or one script on one key, and so is atomic. The
// server must not evict keys (maxmemory-policy noeviction): a token whose
// redemption is forgotten could be redeemed again. [Ledger.Check] says if it may.
// A server that keeps nothing on disk forgets everything with its end; those who
// want tokens to stay redeemed turn on "appendonly yes" and "appendfsync
// always".
package valkey

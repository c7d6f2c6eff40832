// Package token makes operators' tokens and verifies them.
//
// A token is
//
//	daero_<id>.<secret>
//
// in base64url without padding: 6 random bytes by which its record is found,
// and 32 random bytes of which the store has an argon2id hash only. Who knows
// an ID knows nothing: it says neither the name nor the role.
package token

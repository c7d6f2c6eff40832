package captcha

import _ "embed"

//go:embed STRENGTH.md
var strength string

// StrengthText is STRENGTH.md: who attacked this version of the captcha, and
// what came of it. Package captcha/strength reads it.
func StrengthText() string { return strength }

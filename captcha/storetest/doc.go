// Package storetest holds what stores of the CAPTCHA platform must do: each
// driver runs it against its own.
package storetest

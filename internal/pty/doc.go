// Package pty opens terminals that nobody sits at, for tests of what is typed
// and of what is shown. It is there on Linux alone.
package pty

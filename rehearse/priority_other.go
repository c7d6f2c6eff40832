//go:build !linux

package rehearse

// RaisePriority is known on Linux only.
func RaisePriority() bool { return false }

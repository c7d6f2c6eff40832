//go:build !linux

package rehearse

// RaisePriority is known on Linux only.
func RaisePriority() bool { return false }

// LowerPriority is known on Linux only.
func LowerPriority() bool { return false }

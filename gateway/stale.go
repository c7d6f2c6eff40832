package gateway

// Bounds of what is kept for the action stale.
const (
	defaultStaleSize = 64 << 20
	minStaleSize     = 1 << 20
	maxStaleSize     = 4 << 30
)

//go:build race

package lane_test

// raceDetector: sync.Pool drops things at random under it, so that what allocates
// nothing seems to.
const raceDetector = true

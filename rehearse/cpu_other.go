//go:build !linux

package rehearse

func cpuOf(int) (float64, bool) { return 0, false }
func cpuOfAll() (float64, bool) { return 0, false }

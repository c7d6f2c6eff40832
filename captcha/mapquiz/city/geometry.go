package city

import "math"

// inside reports whether all points are edge px or more within the map.
func inside(pts []pt, w, h, edge float64) bool {
	for _, a := range pts {
		if a.x < edge || a.y < edge || a.x > w-edge || a.y > h-edge {
			return false
		}
	}
	return true
}

func lineLen(pts []pt) float64 {
	sum := 0.0
	for i := 1; i < len(pts); i++ {
		sum += pts[i-1].dist(pts[i])
	}
	return sum
}

// segDist2 is the square of how far p is from the piece a–b.
func segDist2(a, b, p pt) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	px, py := p.x-a.x, p.y-a.y
	t := 0.0
	if q := dx*dx + dy*dy; q > 0 {
		t = max(0, min(1, (px*dx+py*dy)/q))
	}
	px, py = px-t*dx, py-t*dy
	return px*px + py*py
}

// lineDist is how far p is from a line.
func lineDist(pts []pt, p pt) float64 {
	least := math.Inf(1)
	for i := 1; i < len(pts); i++ {
		if d := segDist2(pts[i-1], pts[i], p); d < least {
			least = d
		}
	}
	return math.Sqrt(least)
}

func abs(i int) int {
	if i < 0 {
		return -i
	}
	return i
}

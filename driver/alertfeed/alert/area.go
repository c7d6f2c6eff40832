package alert

import "math"

// Point is a place on the earth, in degrees.
type Point struct{ Lat, Lon float64 }

// Area is a circle (one point, RadiusKM 0 or more) or a polygon (three points
// or more).
type Area struct {
	Points   []Point
	RadiusKM float64
}

// At returns the area that is just one point.
func At(lat, lon float64) Area { return Area{Points: []Point{{lat, lon}}} }

// OnEarth reports whether p is a place.
func (p Point) OnEarth() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

const (
	earthKM = 6371.0
	// degreeKM is the length of a degree of latitude.
	degreeKM = earthKM * math.Pi / 180
)

// km is the great-circle distance, by the haversine formula.
func (p Point) km(q Point) float64 {
	rad := math.Pi / 180
	dLat, dLon := (q.Lat-p.Lat)*rad/2, (q.Lon-p.Lon)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * earthKM * math.Asin(math.Min(1, math.Sqrt(h)))
}

// distance is how far the nearest of the areas is from a place, in km.
func (i *Info) distance(lat, lon float64) (km float64, ok bool) {
	km = math.Inf(1)
	for _, a := range i.Areas {
		if d := a.distance(Point{lat, lon}); d < km {
			km, ok = d, true
		}
	}
	return km, ok
}

func (a *Area) distance(from Point) float64 {
	switch len(a.Points) {
	case 0:
		return math.Inf(1)
	case 1, 2: // two points enclose nothing
		return math.Max(0, from.km(a.Points[0])-math.Max(0, a.RadiusKM))
	}
	// On a map that is flat around from: exact nearby, where it matters, and a
	// few per cent off a thousand kilometres away.
	near, inside := math.Inf(1), false
	x1, y1 := flat(from, a.Points[len(a.Points)-1])
	for _, p := range a.Points {
		x2, y2 := flat(from, p)
		near = math.Min(near, toOrigin(x1, y1, x2, y2))
		if (y1 > 0) != (y2 > 0) && x1+(x2-x1)*(-y1)/(y2-y1) > 0 {
			inside = !inside
		}
		x1, y1 = x2, y2
	}
	if inside {
		return 0
	}
	return near
}

// flat is where p is on a map whose origin is from, in km.
func flat(from, p Point) (x, y float64) {
	lon := math.Remainder(p.Lon-from.Lon, 360) // the short way over the date line
	return lon * degreeKM * math.Cos(from.Lat*math.Pi/180), (p.Lat - from.Lat) * degreeKM
}

// toOrigin is the distance of a line's nearest point from the origin.
func toOrigin(x1, y1, x2, y2 float64) float64 {
	dx, dy := x2-x1, y2-y1
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = math.Max(0, math.Min(1, -(x1*dx+y1*dy)/l))
	}
	return math.Hypot(x1+t*dx, y1+t*dy)
}

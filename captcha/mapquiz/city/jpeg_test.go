package city

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// decoded opens what the encoder wrote with the library's decoder.
func decoded(t *testing.T, b []byte) *image.YCbCr {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*image.YCbCr)
}

// apartBy is the mean square of what two planes differ by.
func apartBy(a, b []uint8, w, h, as, bs int) (sum float64) {
	for y := range h {
		for x := range w {
			d := float64(a[y*as+x]) - float64(b[y*bs+x])
			sum += d * d
		}
	}
	return sum / float64(w*h)
}

// What the encoder writes opens as what was painted, as near as the library's own
// encoder comes at the same quality.
func TestPicturesAreWhatWasPainted(t *testing.T) {
	for seed := range 10 {
		p := New(Spec{Seed: uint64(seed), Level: seed % 5, Lang: langs()[0]})
		m := p.Draw()
		var theirs bytes.Buffer
		if err := jpeg.Encode(&theirs, m, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		b := p.JPEG()
		got, want := decoded(t, b), decoded(t, theirs.Bytes())
		w, h := m.Rect.Dx(), m.Rect.Dy()
		if got.Rect != m.Rect {
			t.Fatalf("seed %d: %v opened as %v", seed, m.Rect, got.Rect)
		}
		for name, plane := range map[string][3][]uint8{"Y": {m.Y, got.Y, want.Y}, "Cb": {m.Cb, got.Cb, want.Cb}, "Cr": {m.Cr, got.Cr, want.Cr}} {
			pw, ph, s, gs, ws := w, h, m.YStride, got.YStride, want.YStride
			if name != "Y" {
				pw, ph, s, gs, ws = w/2, h/2, m.CStride, got.CStride, want.CStride
			}
			ours, best := apartBy(plane[0], plane[1], pw, ph, s, gs), apartBy(plane[0], plane[2], pw, ph, s, ws)
			if ours > 1.05*best+0.1 {
				t.Errorf("seed %d: %s is off by %.2f, the library's by %.2f", seed, name, ours, best)
			}
		}
		if len(b) > theirs.Len()*102/100 {
			t.Errorf("seed %d: %d bytes, the library takes %d", seed, len(b), theirs.Len())
		}
	}
}

// The hardest blocks: all values, full contrast, and the longest codes.
func TestEveryBlockIsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 60 {
		var c canvas
		c.fit(16+r.IntN(50), 16+r.IntN(50), 1)
		for _, plane := range [][]uint8{c.img.Y, c.img.Cb, c.img.Cr} {
			for i := range plane {
				switch round % 4 {
				case 0:
					plane[i] = uint8(r.IntN(256))
				case 1:
					plane[i] = uint8(255 * r.IntN(2))
				case 2:
					plane[i] = uint8(255 * (i / 3 % 2))
				default:
					plane[i] = uint8(round * 4)
				}
			}
		}
		var e encoder
		got := decoded(t, e.encode(&c.img))
		for name, two := range map[string][2][]uint8{"Y": {c.img.Y, got.Y}, "Cb": {c.img.Cb, got.Cb}} {
			s, w, h := c.img.YStride, c.img.Rect.Dx()&^1, c.img.Rect.Dy()&^1
			gs := got.YStride
			if name == "Cb" {
				s, w, h, gs = c.img.CStride, w/2, h/2, got.CStride
			}
			// Steps are up to 53 wide and of hue 87: noise is off by 10 and 25 or so.
			if off := apartBy(two[0], two[1], w, h, s, gs); off > 900 || round%4 == 3 && off > 2 {
				t.Errorf("round %d: %s is off by %.1f", round, name, off)
			}
		}
	}
}

// A line is as wide as it should be, whatever way it winds: by its area.
func TestStrokes(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for round := range 40 {
		var c canvas
		c.fit(400, 400, 1)
		c.flood(rgb(0))
		pts := []pt{{60, 200}}
		turn, long := 0.0, 0.0
		for range 12 {
			turn += (r.Float64() - 0.5) * float64(round%4) / 2
			d := pt{math.Cos(turn), math.Sin(turn)}.mul(20)
			pts = append(pts, pts[len(pts)-1].add(d))
			long += 20
		}
		c.path.stroke(pts, 9, false)
		c.fill(&c.path, color.RGBA{255, 255, 255, 255})
		area := 0.0
		for _, v := range c.img.Y {
			area += float64(v) / 255
		}
		// Discs at sharp bends add little, and what overlaps there counts once.
		if want := 9 * long; area < 0.93*want || area > 1.04*want {
			t.Errorf("round %d: an area of %.0f, want %.0f", round, area, want)
		}
	}
}

// A fresh map allocates 8 MB at most, also where no canvas is left from another.
func TestFreshMapsAreSmall(t *testing.T) {
	New(Spec{Seed: 1, Level: 3, Lang: langs()[0]}).JPEG() // fonts are parsed once
	for seed := range 8 {
		runtime.GC()
		runtime.GC() // twice: what a pool drops it keeps for one more
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		New(Spec{Seed: uint64(seed), Level: seed % 5, Lang: langs()[0]}).JPEG()
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("seed %d: %.1f MB, want 8 at most", seed, float64(n)/(1<<20))
		} else {
			t.Logf("seed %d: %.1f MB", seed, float64(n)/(1<<20))
		}
	}
}

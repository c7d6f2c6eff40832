// Package ears attacks questions that are asked by ear: with a speech recogniser
// as it is sold, and with a classifier that is trained on our own words, mixed as
// we mix them. The second is what a price has to reckon with: whoever attacks has
// the source.
package ears

import (
	"math"
	"math/cmplx"

	"github.com/daero/daero/captcha/audio"
)

const (
	hop    = audio.Rate * 15 / 1000 // 15 ms
	window = 256                    // 21 ms
	points = window / 2             // of the transform: two samples make a complex number
	bands  = 20
	low    = 120.0 // Hz
	high   = 5600.0
)

// spectrum is the loudness of a sound in bands of the mel scale, in natural
// logarithms, every 15 ms.
type spectrum [][bands]float64

var (
	hamming = func() (w [window]float64) {
		for i := range w {
			w[i] = 0.54 - 0.46*math.Cos(2*math.Pi*float64(i)/(window-1))
		}
		return w
	}()
	twiddle = func() (w [points / 2]complex128) {
		for i := range w {
			w[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/points)
		}
		return w
	}()
	// turn is -i·e^(-2πik/window).
	turn = func() (w [points]complex128) {
		for i := range w {
			w[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/window-math.Pi/2)
		}
		return w
	}()
	filters = melFilters()
	// spans are where filters are not zero.
	spans = func() (s [bands][2]int) {
		for b := range s {
			s[b] = [2]int{points, 0}
			for k, w := range filters[b] {
				if w > 0 {
					s[b] = [2]int{min(s[b][0], k), k + 1}
				}
			}
		}
		return s
	}()
)

// melFilters weigh the points of a transform for each band: triangles that are
// evenly spaced to the ear.
func melFilters() (f [bands][points]float64) {
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	edge := func(i int) float64 {
		m := mel(low) + (mel(high)-mel(low))*float64(i)/(bands+1)
		return (math.Pow(10, m/2595) - 1) * 700 * window / audio.Rate
	}
	for b := range f {
		left, mid, right := edge(b), edge(b+1), edge(b+2)
		for k := range f[b] {
			up, down := (float64(k)-left)/(mid-left), (right-float64(k))/(right-mid)
			f[b][k] = max(0, min(up, down))
		}
	}
	return f
}

func spectrumOf(samples []int16) spectrum {
	var out spectrum
	var buf [points]complex128
	var power [points]float64
	for at := 0; at+window <= len(samples); at += hop {
		for i := range buf {
			buf[i] = complex(emphasised(samples, at+2*i)*hamming[2*i], emphasised(samples, at+2*i+1)*hamming[2*i+1])
		}
		transform(&buf)
		unfold(&buf, &power)
		var row [bands]float64
		for b := range row {
			sum := 1e-7
			for k := spans[b][0]; k < spans[b][1]; k++ {
				sum += filters[b][k] * power[k]
			}
			row[b] = math.Log(sum)
		}
		out = append(out, row)
	}
	return out
}

// emphasised is a sample with what is high louder, as it is quiet in speech.
func emphasised(samples []int16, i int) float64 {
	v := float64(samples[i])
	if i > 0 {
		v -= 0.95 * float64(samples[i-1])
	}
	return v / 32768
}

// unfold makes the power of the real samples' transform from that of the complex
// numbers that they were paired to.
func unfold(z *[points]complex128, power *[points]float64) {
	for k := range power {
		a, b := z[k], cmplx.Conj(z[(points-k)%points])
		even, odd := (a+b)/2, (a-b)/2
		v := even + odd*turn[k]
		re, im := real(v), imag(v)
		power[k] = re*re + im*im
	}
}

// transform is Fourier's, in place, after Cooley and Tukey.
func transform(x *[points]complex128) {
	for i, j := 1, 0; i < points; i++ {
		bit := points >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= points; size *= 2 {
		half, stride := size/2, points/size
		for i := 0; i < points; i += size {
			for k := range half {
				a, b := x[i+k], x[i+k+half]*twiddle[k*stride]
				x[i+k], x[i+k+half] = a+b, a-b
			}
		}
	}
}

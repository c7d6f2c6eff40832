package city

import (
	"encoding/binary"
	"image"
	"math/bits"
)

// encoder writes baseline JPEG with hues at half the resolution (ITU-T T.81). The
// library's own takes 15 ms a map, more than painting it; this one does no more
// than is needed here: the canvas is in its colours already and of whole blocks,
// and on a map half of the blocks are of one colour.
type encoder struct {
	b    []byte
	bits uint64 // the last n of them have yet to be written
	n    uint
	at   [64]float32
	q    [64]int32
}

// scaled are steps at the quality that is used, as they are written.
var scaled = func() (t [2][64]uint8) {
	const k = 200 - 2*quality // per cent, as everybody's encoder scales from 50 on
	for c := range t {
		for i, v := range steps[c] {
			t[c][i] = uint8(min(255, max(1, (int(v)*k+50)/100)))
		}
	}
	return t
}()

// shares are what a coefficient as [transform] leaves it is multiplied with, in
// zigzag order: its step, and the factors that transform leaves out.
var shares = func() (t [2][64]float32) {
	// 1, and cos(kπ/16)·√2 for k of 1 to 7.
	left := [8]float64{1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.541196100, 0.275899379}
	for c := range t {
		for i, at := range zigzag {
			t[c][i] = float32(1 / (8 * left[at/8] * left[at%8] * float64(scaled[c][i])))
		}
	}
	return t
}()

// code is a Huffman code: its bits, and how many.
type code struct {
	bits uint32
	n    uint8
}

// table are codes by what they stand for.
var table = func() (t [2][2][256]code) {
	for c := range t {
		for k := range t[c] {
			bits, i := uint32(0), 0
			for n, many := range []byte(codes[c][k].counts) {
				for range many {
					t[c][k][codes[c][k].values[i]] = code{bits, uint8(n + 1)}
					bits++
					i++
				}
				bits <<= 1
			}
		}
	}
	return t
}()

// encode returns m as JPEG without metadata. Its planes are of whole blocks.
func (e *encoder) encode(m *image.YCbCr) []byte {
	e.b, e.bits, e.n = e.b[:0], 0, 0
	e.head(m.Rect.Dx(), m.Rect.Dy())
	var last [3]int32
	for y := 0; y < m.Rect.Dy(); y += 16 {
		for x := 0; x < m.Rect.Dx(); x += 16 {
			at := y*m.YStride + x
			for _, k := range [4]int{at, at + 8, at + 8*m.YStride, at + 8*m.YStride + 8} {
				last[0] = e.block(m.Y[k:], m.YStride, 0, last[0])
			}
			at = y/2*m.CStride + x/2
			last[1] = e.block(m.Cb[at:], m.CStride, 1, last[1])
			last[2] = e.block(m.Cr[at:], m.CStride, 1, last[2])
		}
	}
	e.put(0x7f, 7) // the last byte is filled with ones
	for ; e.n >= 8; e.n -= 8 {
		e.byte(uint8(e.bits >> (e.n - 8)))
	}
	return append([]byte(nil), append(e.b, 0xff, 0xd9)...)
}

// head writes what comes before the blocks.
func (e *encoder) head(w, h int) {
	segment := func(marker byte, n int) { e.b = append(e.b, 0xff, marker, byte((n+2)>>8), byte(n+2)) }
	e.b = append(e.b, 0xff, 0xd8)
	segment(0xdb, 2*65)
	for c := range scaled {
		e.b = append(append(e.b, byte(c)), scaled[c][:]...)
	}
	segment(0xc0, 15) // baseline, 8 bits, three components, the first of twice as many
	e.b = append(e.b, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1)
	n := 0
	for c := range codes {
		for k := range codes[c] {
			n += 17 + len(codes[c][k].values)
		}
	}
	segment(0xc4, n)
	for c := range codes {
		for k, h := range codes[c] {
			e.b = append(append(append(e.b, byte(k<<4|c)), h.counts...), h.values...)
		}
	}
	segment(0xda, 10)
	e.b = append(e.b, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0)
}

// block writes 8 × 8 of brightness (c 0) or of hue (1) and returns its first
// coefficient, of which only the difference to the last one is written.
func (e *encoder) block(p []uint8, stride, c int, last int32) int32 {
	tab := &table[c]
	if v, flat := uniform(p, stride); flat {
		// 64 times the value, through shares: its eighth, as if it had been added up.
		dc := round(float32(64*(int32(v)-128)) * shares[c][0])
		e.number(&tab[0], 0, dc-last)
		e.put(tab[1][0].bits, uint(tab[1][0].n))
		return dc
	}
	for y := range 8 {
		row := p[y*stride:][:8]
		for x, v := range row {
			e.at[8*y+x] = float32(int32(v) - 128)
		}
	}
	transform(&e.at)
	there := uint64(0) // which are not zero, a bit each
	for i, at := range zigzag {
		v := round(e.at[at&63] * shares[c][i])
		e.q[i] = v
		there |= uint64(uint32(v|-v)>>31) << i
	}
	e.number(&tab[0], 0, e.q[0]-last)
	before := 0
	for there &^= 1; there != 0; there &= there - 1 {
		i := bits.TrailingZeros64(there)
		run := i - before - 1
		for ; run > 15; run -= 16 {
			e.put(tab[1][0xf0].bits, uint(tab[1][0xf0].n))
		}
		e.number(&tab[1], run, e.q[i&63])
		before = i
	}
	if before < 63 { // nothing more in this block
		e.put(tab[1][0].bits, uint(tab[1][0].n))
	}
	return e.q[0]
}

// uniform reports whether a block is of one value.
func uniform(p []uint8, stride int) (uint8, bool) {
	first := uint64(p[0]) * 0x0101010101010101
	for y := range 8 {
		if binary.LittleEndian.Uint64(p[y*stride:]) != first {
			return 0, false
		}
	}
	return p[0], true
}

// round rounds to the nearest: made positive, for cutting off rounds down then.
func round(v float32) int32 { return int32(v+16384.5) - 16384 }

// number writes a coefficient that comes after run zeros: the code of the run and
// of the number of bits, and the bits.
func (e *encoder) number(t *[256]code, run int, v int32) {
	sign := v >> 31
	n := uint(bits.Len32(uint32((v ^ sign) - sign)))
	c := t[uint(run)<<4&0xf0|n&15]
	// A negative number is written as the number less one, without its upper bits.
	e.put(c.bits<<n|uint32(v+sign)&(1<<n-1), uint(c.n)+n)
}

// put writes the n lowest of the bits v, 32 at most.
func (e *encoder) put(v uint32, n uint) {
	e.bits = e.bits<<n | uint64(v)
	e.n += n
	if e.n < 32 {
		return
	}
	e.n -= 32
	four := uint32(e.bits >> e.n)
	if ff := ^four; (ff-0x01010101)&^ff&0x80808080 == 0 { // none of the four is 0xff
		e.b = binary.BigEndian.AppendUint32(e.b, four)
		return
	}
	for k := 24; k >= 0; k -= 8 {
		e.byte(uint8(four >> k))
	}
}

// byte writes a byte; after 0xff comes a zero, or it would be a marker.
func (e *encoder) byte(b uint8) {
	e.b = append(e.b, b)
	if b == 0xff {
		e.b = append(e.b, 0)
	}
}

// transform is the discrete cosine transform of a block, but for constant factors
// (Arai, Agui, Nakajima 1988: five multiplications for eight values).
func transform(p *[64]float32) {
	for y := 0; y < 64; y += 8 {
		r := (*[8]float32)(p[y:])
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7] = eight(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	for x := range 8 {
		c := p[x:]
		c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56] = eight(c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56])
	}
}

func eight(a, b, c, d, e, f, g, h float32) (float32, float32, float32, float32, float32, float32, float32, float32) {
	const (
		c2 = 0.541196100 // √2·cos(6π/16), and so on
		c4 = 0.707106781
		c6 = 0.382683433
		c8 = 1.306562965
	)
	ah, bg, cf, de := a+h, b+g, c+f, d+e
	p, q, r := a-h, b-g, c-f
	s := d - e
	even, odd := ah+de, bg+cf
	x := ah - de
	z := (bg - cf + x) * c4
	u, v, w := s+r, r+q, q+p
	k := (u - w) * c6
	l, m, n := c2*u+k, c8*w+k, v*c4
	i, j := p+n, p-n
	return even + odd, i + m, x + z, j - l, even - odd, j + l, x - z, i - m
}

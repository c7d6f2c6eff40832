package reader

import (
	"math"
	"math/rand/v2"
)

// layer is a convolution, with a rectifier and a pooling of 2 × 2 after it where
// it has them. Everything is a convolution, so that a net that was trained on
// pieces runs over a whole picture. Numbers lie as rows, columns, channels.
type layer struct {
	in, out, k int
	relu, pool bool
	w, b       []float32 // of w, k×k×in for each output
}

// net is a few layers, one after another.
type net []*layer

// plane is a picture of c channels.
type plane struct {
	h, w, c int
	v       []float32
}

func newPlane(h, w, c int) plane { return plane{h, w, c, make([]float32, h*w*c)} }

// newNet makes a net whose weights are drawn as He et al. say: with a deviation
// of √(2/inputs), signals keep their size from layer to layer.
func newNet(r *rand.Rand, layers ...layer) net {
	n := make(net, len(layers))
	for i := range layers {
		l := layers[i]
		in := l.k * l.k * l.in
		l.w, l.b = make([]float32, in*l.out), make([]float32, l.out)
		for j := range l.w {
			l.w[j] = float32(r.NormFloat64() * math.Sqrt(2/float64(in)))
		}
		n[i] = &l
	}
	return n
}

// pass keeps what a layer saw and made, for the way back.
type pass struct {
	cols   []float32 // the pieces under the kernel, one row each
	h, w   int       // of the output before pooling
	raw    plane     // before pooling
	out    plane
	from   []int32 // which of raw each of out is
	in     plane
	dRaw   []float32
	dCols  []float32
	dIn    []float32
	dW, dB []float32
	m, v   []float32 // Adam's memory of the weights, then of the biases
}

// run carries a picture through the net; ps, as many as layers, are reused.
func (n net) run(x plane, ps []pass) plane {
	for i, l := range n {
		x = l.run(x, &ps[i])
	}
	return x
}

func (l *layer) run(x plane, p *pass) plane {
	p.in = x
	p.h, p.w = x.h-l.k+1, x.w-l.k+1
	size := l.k * l.k * l.in
	p.cols = grow(p.cols, p.h*p.w*size)
	row := l.k * l.in
	for y := range p.h {
		for c := range p.w {
			to := p.cols[(y*p.w+c)*size:]
			for k := range l.k {
				copy(to[k*row:(k+1)*row], x.v[((y+k)*x.w+c)*x.c:])
			}
		}
	}
	p.raw = plane{p.h, p.w, l.out, grow(p.raw.v, p.h*p.w*l.out)}
	at := 0
	for ; at+2 <= p.h*p.w; at += 2 {
		l.multiplyTwo(p.cols[at*size:(at+2)*size], p.raw.v[at*l.out:(at+2)*l.out])
	}
	if at < p.h*p.w {
		l.multiply(p.cols[at*size:(at+1)*size], p.raw.v[at*l.out:(at+1)*l.out])
	}
	if !l.pool {
		p.out = p.raw
		return p.out
	}
	l.shrink(p)
	return p.out
}

// multiply computes all outputs at one place, four at a time: each number of the
// piece is loaded once for four.
func (l *layer) multiply(col, out []float32) {
	size := len(col)
	o := 0
	for ; o+4 <= l.out; o += 4 {
		w0, w1 := l.w[o*size:(o+1)*size], l.w[(o+1)*size:(o+2)*size]
		w2, w3 := l.w[(o+2)*size:(o+3)*size], l.w[(o+3)*size:(o+4)*size]
		w0, w1, w2, w3 = w0[:size], w1[:size], w2[:size], w3[:size] // no check of bounds in the loop
		s0, s1, s2, s3 := l.b[o], l.b[o+1], l.b[o+2], l.b[o+3]
		for i, v := range col {
			s0 += v * w0[i]
			s1 += v * w1[i]
			s2 += v * w2[i]
			s3 += v * w3[i]
		}
		out[o], out[o+1], out[o+2], out[o+3] = s0, s1, s2, s3
	}
	for ; o < l.out; o++ {
		s := l.b[o]
		for i, v := range l.w[o*size : (o+1)*size] {
			s += v * col[i]
		}
		out[o] = s
	}
	l.rectify(out)
}

// multiplyTwo computes all outputs at two places that follow each other: each
// weight is loaded once for both, and eight sums are under way at once, as many
// as it takes to keep the adders busy.
func (l *layer) multiplyTwo(cols, out []float32) {
	size := len(cols) / 2
	col, next := cols[:size], cols[size:][:size]
	o := 0
	for ; o+4 <= l.out; o += 4 {
		w0, w1 := l.w[o*size:][:size], l.w[(o+1)*size:][:size]
		w2, w3 := l.w[(o+2)*size:][:size], l.w[(o+3)*size:][:size]
		s0, s1, s2, s3 := l.b[o], l.b[o+1], l.b[o+2], l.b[o+3]
		t0, t1, t2, t3 := s0, s1, s2, s3
		for i, v := range col {
			u := next[i]
			a, b, c, d := w0[i], w1[i], w2[i], w3[i]
			s0 += v * a
			t0 += u * a
			s1 += v * b
			t1 += u * b
			s2 += v * c
			t2 += u * c
			s3 += v * d
			t3 += u * d
		}
		out[o], out[o+1], out[o+2], out[o+3] = s0, s1, s2, s3
		out[l.out+o], out[l.out+o+1], out[l.out+o+2], out[l.out+o+3] = t0, t1, t2, t3
	}
	for ; o < l.out; o++ {
		s := l.b[o]
		t := s
		for i, v := range l.w[o*size:][:size] {
			s += v * col[i]
			t += v * next[i]
		}
		out[o], out[l.out+o] = s, t
	}
	l.rectify(out)
}

// rectify cuts off what is below zero, where a layer does.
func (l *layer) rectify(out []float32) {
	if !l.relu {
		return
	}
	for i, v := range out {
		if v < 0 {
			out[i] = 0
		}
	}
}

// shrink takes the largest of every 2 × 2.
func (l *layer) shrink(p *pass) {
	h, w, c := p.h/2, p.w/2, l.out
	p.out = plane{h, w, c, grow(p.out.v, h*w*c)}
	if cap(p.from) < h*w*c {
		p.from = make([]int32, h*w*c)
	}
	p.from = p.from[:h*w*c]
	for y := range h {
		for x := range w {
			a := (2*y*p.w + 2*x) * c
			for k := range c {
				best := a + k
				for _, q := range [3]int{a + c + k, a + p.w*c + k, a + p.w*c + c + k} {
					if p.raw.v[q] > p.raw.v[best] {
						best = q
					}
				}
				at := (y*w+x)*c + k
				p.out.v[at], p.from[at] = p.raw.v[best], int32(best) //nolint:gosec // a picture's size
			}
		}
	}
}

// learn carries the error back through the net and adds up what the weights
// should have been different by. d is the error of the last layer's output.
func (n net) learn(d []float32, ps []pass) {
	for i := len(n) - 1; i >= 0; i-- {
		d = n[i].back(d, &ps[i], i > 0)
	}
}

func (l *layer) back(d []float32, p *pass, further bool) []float32 {
	size := l.k * l.k * l.in
	p.dRaw = grow(p.dRaw, len(p.raw.v))
	if l.pool {
		clear(p.dRaw)
		for i, v := range d {
			p.dRaw[p.from[i]] += v
		}
	} else {
		copy(p.dRaw, d)
	}
	p.dW, p.dB = keep(p.dW, len(l.w)), keep(p.dB, len(l.b))
	if further {
		p.dCols = grow(p.dCols, len(p.cols))
		clear(p.dCols)
	}
	for at := range p.h * p.w {
		col := p.cols[at*size : (at+1)*size]
		for o := range l.out {
			i := at*l.out + o
			g := p.dRaw[i]
			if g == 0 || l.relu && p.raw.v[i] <= 0 {
				continue
			}
			p.dB[o] += g
			dw := p.dW[o*size : (o+1)*size][:len(col)]
			for j, v := range col {
				dw[j] += g * v
			}
			if further {
				w := l.w[o*size : (o+1)*size]
				dc := p.dCols[at*size : (at+1)*size][:len(w)]
				for j, v := range w {
					dc[j] += g * v
				}
			}
		}
	}
	if !further {
		return nil
	}
	p.dIn = grow(p.dIn, len(p.in.v))
	clear(p.dIn)
	row := l.k * l.in
	for y := range p.h {
		for c := range p.w {
			from := p.dCols[(y*p.w+c)*size:]
			for k := range l.k {
				to := p.dIn[((y+k)*p.in.w+c)*p.in.c:]
				for j, v := range from[k*row : (k+1)*row] {
					to[j] += v
				}
			}
		}
	}
	return p.dIn
}

// step moves the weights by what was learned of a batch, as Adam does: by the
// mean of what they should differ by, in units of its spread.
func (n net) step(ps []pass, rate float64, batch, t int) {
	const b1, b2 = 0.9, 0.999
	k := rate * math.Sqrt(1-math.Pow(b2, float64(t))) / (1 - math.Pow(b1, float64(t)))
	for i, l := range n {
		p := &ps[i]
		p.m, p.v = keep(p.m, len(l.w)+len(l.b)), keep(p.v, len(l.w)+len(l.b))
		move := func(w, d, m, v []float32) {
			for j := range w {
				g := d[j] / float32(batch)
				m[j] = b1*m[j] + (1-b1)*g
				v[j] = b2*v[j] + (1-b2)*g*g
				w[j] -= float32(k) * m[j] / (float32(math.Sqrt(float64(v[j]))) + 1e-8)
				d[j] = 0
			}
		}
		move(l.w, p.dW, p.m[:len(l.w)], p.v[:len(l.w)])
		move(l.b, p.dB, p.m[len(l.w):], p.v[len(l.w):])
	}
}

// softmax turns scores into chances, in place.
func softmax(v []float32) {
	top := v[0]
	for _, x := range v {
		top = max(top, x)
	}
	sum := float32(0)
	for i, x := range v {
		v[i] = float32(math.Exp(float64(x - top)))
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}

// grow returns room for n numbers, whatever is in it.
func grow(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n)
	}
	return v[:n]
}

// keep returns v, or zeros where it is not there yet.
func keep(v []float32, n int) []float32 {
	if len(v) != n {
		return make([]float32, n)
	}
	return v
}

// Package reader is the attacker that counts: small nets, trained on maps of our
// own, that find icons, tell what they are and read names. It is what anybody
// can make who has our program, in five minutes of one core; what it cannot do a
// frontier vision model can.
//
// It sees pictures only: where icons and names are it finds out itself. The
// generous reader, which measures how well names can be read at all, is told
// where each letter is.
package reader

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
)

// trained is the model that we trained; `go run ./captcha/attack/reader/train`
// makes another one.
//
//go:embed model.bin
var trained []byte

// Model is the nets. It is used by one goroutine at a time.
type Model struct {
	letters, spotter, icons             net
	lettersPass, spotterPass, iconsPass []pass

	patch, square []float32
}

// magic begins a model's file; the sum after it is that of the alphabet, whose
// order the outputs have.
const magic = "daero reader 1\n"

func newModel(seed uint64) *Model {
	m := &Model{letters: newLetters(seed), spotter: newSpotter(seed + 1), icons: newIcons(seed + 2)}
	m.lettersPass = make([]pass, len(m.letters))
	m.spotterPass, m.iconsPass = make([]pass, len(m.spotter)), make([]pass, len(m.icons))
	return m
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x726561646572)) } //nolint:gosec // to be repeated

// Load returns the model that comes with the program.
func Load() (*Model, error) { return Decode(bytes.NewReader(trained)) }

func alphabetSum() uint64 {
	h := fnv.New64a()
	for _, r := range alphabet {
		_ = binary.Write(h, binary.LittleEndian, r) // never fails
	}
	return h.Sum64()
}

// all are the numbers of the nets, in the order of the file.
func (m *Model) all() (all [][]float32) {
	for _, n := range []net{m.letters, m.spotter, m.icons} {
		for _, l := range n {
			all = append(all, l.w, l.b)
		}
	}
	return all
}

// Encode writes a model: for each block of numbers the largest, and the numbers
// as parts of it, 16 bits each.
func (m *Model) Encode(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(magic)
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // to memory: never fails
	put(alphabetSum())
	for _, v := range m.all() {
		top := float32(1e-9)
		for _, x := range v {
			top = max(top, float32(math.Abs(float64(x))))
		}
		put(top)
		q := make([]int16, len(v))
		for i, x := range v {
			q[i] = int16(math.Round(float64(x / top * math.MaxInt16)))
		}
		put(q)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// ErrModel says that a file holds no model of this version.
var ErrModel = errors.New("no model of this version: train one with `go run ./captcha/attack/reader/train`")

// Decode reads a model. What it reads is of a fixed size, whatever the file says.
func Decode(r io.Reader) (*Model, error) {
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != magic {
		return nil, fmt.Errorf("reader: %w", ErrModel)
	}
	var sum uint64
	if err := binary.Read(r, binary.LittleEndian, &sum); err != nil || sum != alphabetSum() {
		return nil, fmt.Errorf("reader: another alphabet: %w", ErrModel)
	}
	m := newModel(0)
	for _, v := range m.all() {
		var top float32
		q := make([]int16, len(v))
		if binary.Read(r, binary.LittleEndian, &top) != nil || binary.Read(r, binary.LittleEndian, q) != nil {
			return nil, fmt.Errorf("reader: cut off: %w", ErrModel)
		}
		if f := float64(top); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("reader: not numbers: %w", ErrModel)
		}
		for i, x := range q {
			v[i] = float32(x) / math.MaxInt16 * top
		}
	}
	return m, nil
}

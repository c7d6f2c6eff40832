package city

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// built are the fonts that were fetched before the build, with their licences;
// see fonts/README.md.
//
//go:embed all:fonts
var built embed.FS

// system is where Debian's fonts-nanum puts its files; of them only those whose
// strokes are thick enough at this size are taken.
var system = []string{
	"/usr/share/fonts/truetype/nanum/NanumSquareR.ttf",
	"/usr/share/fonts/truetype/nanum/NanumSquareB.ttf",
	"/usr/share/fonts/truetype/nanum/NanumSquareRoundR.ttf",
	"/usr/share/fonts/truetype/nanum/NanumSquareRoundB.ttf",
	"/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf",
}

// maxFont is the largest file that is read as a font.
const maxFont = 16 << 20

// face is a font with what is needed to set names in it.
type face struct {
	name   string
	font   *sfnt.Font
	cap    float64 // height of a capital letter, in units of the font
	bold   bool
	hangul bool
	// cache holds outlines by rune: a slot is overwritten by the next rune that
	// falls on it, so that it never grows.
	cache [2048]atomic.Pointer[outline]
}

// outline is one glyph, in units of the font, y down.
type outline struct {
	r       rune
	advance float64
	path    path
}

// faces finds the fonts once.
var faces = sync.OnceValue(func() []*face {
	var all []*face
	add := func(name string, b []byte) {
		if f := parseFace(name, b); f != nil {
			all = append(all, f)
		}
	}
	_ = fs.WalkDir(built, "fonts", func(at string, _ fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(at, ".otf") || strings.HasSuffix(at, ".ttf")) {
			if b, err := built.ReadFile(at); err == nil {
				add(at, b)
			}
		}
		return nil
	})
	for _, at := range system {
		if st, err := os.Stat(at); err != nil || st.Size() > maxFont {
			continue
		}
		if b, err := os.ReadFile(at); err == nil { //nolint:gosec // a fixed list of paths
			add(at, b)
		}
	}
	add("Go-Medium", gomedium.TTF)
	add("Go-Bold", gobold.TTF)
	return all
})

// parseFace returns nil for what is no font, or has neither letters nor metrics.
func parseFace(name string, b []byte) *face {
	fnt, err := sfnt.Parse(b)
	if err != nil {
		return nil
	}
	base := filepath.Base(name)
	f := &face{name: base, font: fnt}
	f.bold = strings.Contains(base, "Bold") || strings.HasSuffix(strings.TrimSuffix(base, filepath.Ext(base)), "B")
	var buf sfnt.Buffer
	em := fixed.I(int(fnt.UnitsPerEm()))
	m, err := fnt.Metrics(&buf, em, font.HintingNone)
	if err != nil {
		return nil
	}
	f.cap = float64(m.CapHeight) / 64
	if h := f.glyph('H'); h != nil { // what is drawn, whatever the table says
		low := 0.0
		for _, a := range h.path.pts {
			low = min(low, a.y)
		}
		f.cap = -low
	}
	if f.cap <= 0 {
		return nil
	}
	f.hangul = f.glyph('가') != nil && f.glyph('힣') != nil
	return f
}

// glyph returns a rune's outline, nil where the font has none.
func (f *face) glyph(r rune) *outline {
	slot := &f.cache[uint32(r)%uint32(len(f.cache))]
	if o := slot.Load(); o != nil && o.r == r {
		return o
	}
	var buf sfnt.Buffer
	i, err := f.font.GlyphIndex(&buf, r)
	if err != nil || i == 0 {
		return nil
	}
	em := fixed.I(int(f.font.UnitsPerEm()))
	segs, err := f.font.LoadGlyph(&buf, i, em, nil)
	if err != nil {
		return nil
	}
	o := &outline{r: r}
	at := func(p fixed.Point26_6) pt { return pt{float64(p.X) / 64, float64(p.Y) / 64} }
	for _, s := range segs {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			o.path.move(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			o.path.line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			o.path.quad(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			o.path.cubic(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	adv, err := f.font.GlyphAdvance(&buf, i, em, font.HintingNone)
	if err != nil {
		return nil
	}
	o.advance = float64(adv) / 64
	slot.Store(o)
	return o
}

// Hangul reports whether a font with Hangul is there; without one maps are in
// English.
func Hangul() bool {
	for _, f := range faces() {
		if f.hangul {
			return true
		}
	}
	return false
}

// choose returns the font number n of those that can write a name.
func choose(n int, bold, hangul bool) *face {
	var fit, all []*face
	for _, f := range faces() {
		if hangul && !f.hangul {
			continue
		}
		all = append(all, f)
		if f.bold == bold {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		fit = all
	}
	if len(fit) == 0 { // no Hangul at all: boxes would be worse than nothing
		fit = faces()
	}
	return fit[n%len(fit)]
}

package gateway_test

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/gateway"
)

// renderCaptcha renders what args say and returns the exit status and the output.
func renderCaptcha(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = gateway.Run(t.Context(), &out, &errs, append([]string{"captcha", "render"}, args...)...)
	return status, out.String(), errs.String()
}

// rendered is what a reader of NNN.json relies on.
type rendered struct {
	Kind, Lang, Question         string
	Level, Clicks, Width, Height int
	Scale                        float64
	Answer                       answer.Answer
	Image, Icon, Audio           string
	AudioSlow                    string `json:"audio_slow"`
	POIs                         []struct {
		Category, Name string
		Icon, Label    [4]float64
		Asked          bool
	}
}

func readRendered(t *testing.T, dir, name string) (doc rendered) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestCaptchaRenderOfMaps(t *testing.T) {
	for _, kind := range []string{"order", "relation", "name", "missing", "icon"} {
		dir := filepath.Join(t.TempDir(), "new")
		status, out, errs := renderCaptcha(t, "--kind", kind, "--level", "3", "--seed", "7", "--n", "2", "--out", dir, "--lang", "en", "--output", "json")
		if status != 0 || !strings.Contains(out, `"kind":"`+kind+`"`) || errs != "" {
			t.Fatalf("%s: status %d\n%s%s", kind, status, out, errs)
		}
		for _, name := range []string{"000.json", "001.json"} {
			doc := readRendered(t, dir, name)
			if doc.Kind != kind || doc.Level != 3 || doc.Lang != "en" || doc.Question == "" || len(doc.POIs) < 9 {
				t.Fatalf("%s %s: %+v", kind, name, doc)
			}
			f, err := os.ReadFile(filepath.Join(dir, doc.Image))
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.DecodeConfig(bytes.NewReader(f))
			if err != nil || float64(img.Width) != doc.Scale*float64(doc.Width) {
				t.Errorf("%s: %v, %v for %d×%d at %v", kind, img, err, doc.Width, doc.Height, doc.Scale)
			}
			asked := 0
			for _, p := range doc.POIs {
				if p.Asked {
					asked++
				}
				for _, box := range [][4]float64{p.Icon, p.Label} {
					if box[0] >= box[2] || box[1] >= box[3] || box[0] < 0 || box[1] < 0 || box[2] > float64(doc.Width) || box[3] > float64(doc.Height) {
						t.Errorf("%s: %s has the box %v on %d×%d", kind, p.Name, box, doc.Width, doc.Height)
					}
				}
			}
			if asked != max(1, doc.Clicks) || len(doc.Answer.Spots) != doc.Clicks {
				t.Errorf("%s: %d places are asked for, %d clicks", kind, asked, doc.Clicks)
			}
			if kind == "icon" {
				f, err := os.ReadFile(filepath.Join(dir, doc.Icon))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := png.DecodeConfig(bytes.NewReader(f)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestCaptchaRenderOfWords(t *testing.T) {
	dir := t.TempDir()
	if status, out, errs := renderCaptcha(t, "--kind", "words", "--n", "1", "--out", dir); status != 0 || errs != "" {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	doc := readRendered(t, dir, "000.json")
	if len(doc.Answer.Texts) < 3 || doc.Question == "" || doc.Image != "" {
		t.Errorf("%+v", doc)
	}
	for _, name := range []string{doc.Audio, doc.AudioSlow} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.HasPrefix(b, []byte("RIFF")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCaptchaRenderIsRepeated(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for dir, n := range map[string]string{a: "1", b: "2"} {
		if status, _, errs := renderCaptcha(t, "--kind", "order", "--n", n, "--seed", "9", "--out", dir); status != 0 {
			t.Fatal(errs)
		}
	}
	for _, name := range []string{"000.jpg", "000.json"} {
		x, _ := os.ReadFile(filepath.Join(a, name))
		y, _ := os.ReadFile(filepath.Join(b, name))
		if len(x) == 0 || !bytes.Equal(x, y) {
			t.Errorf("%s: %d and %d bytes, not the same", name, len(x), len(y))
		}
	}
}

func TestCaptchaRenderUsedWrongly(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, 2, "--kind"},
		{[]string{"--kind", "ordr", "--out", dir}, 2, "order"},
		{[]string{"--kind", "order"}, 2, "--out"},
		{[]string{"order"}, 2, "flags alone"},
		{[]string{"--kind", "order", "--out", dir, "--level", "5"}, 2, "0 to 4"},
		{[]string{"--kind", "order", "--out", dir, "--lang", "jp"}, 2, "ko or en"},
		{[]string{"--kind", "order", "--out", dir, "--n", "0"}, 2, "1 to"},
		{[]string{"--kind", "order", "--out", dir, "--output", "xml"}, 2, "xml"},
		{[]string{"--kind", "order", "--out", dir, "--osm", filepath.Join(dir, "none")}, 1, "none"},
	} {
		if status, _, errs := renderCaptcha(t, c.args...); status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%q: status %d, %q, want %d and %q", c.args, status, errs, c.status, c.says)
		}
	}
}

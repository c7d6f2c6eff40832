package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // how large a map is
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
	"github.com/daero/daero/captcha/mapquiz/city"
	"github.com/daero/daero/captcha/mapquiz/osm"
)

// renderedKinds are those that there is something to see or to hear of.
var renderedKinds = []string{"order", "relation", "name", "missing", "icon", "words"}

func captchaRenderCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "render --kind KIND --out DIRECTORY [--level 2] [--lang ko|en] [--seed 1] [--n 10] [--osm FILE] [--output text|json]",
		Short: "Draws questions as visitors see them, with their answers",
		Long: `Writes NNN.jpg, the map of a question, and NNN.json with the question, its answer
and every place on the map with the boxes of its icon and its name. Beside a
question about an icon stands NNN.icon.png; a question by ear, kind "words", has
NNN.wav and NNN.slow.wav instead of a map. The same seed gives the same files.

Kinds: order, relation (to click), name, missing, icon (to type), words (to hear).
Levels: 0 to 4, how hard it is made for programs. --osm takes the streets of an
.osm.pbf file.

Exit status: 0 good, 1 it failed, 2 wrong use.`,
		Args: cobra.ArbitraryArgs, // counted below, for the exit status
	}
	f := c.Flags()
	f.String("kind", "", "of the questions: "+oneOf(renderedKinds))
	f.Int("level", 2, "of hardening, 0 to 4")
	f.String("lang", "ko", "ko or en")
	f.Uint64("seed", 1, "what the questions are made of")
	f.Int("n", 10, "how many")
	f.String("out", "", "directory to write to; it is made")
	f.String("osm", "", ".osm.pbf file to take streets from")
	f.String("output", "text", "text or json")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return finish(c, usageError{err.Error()}) })
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(contextOf(c), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return finish(c, renderCaptchas(ctx, c, args))
	}
	return c
}

// rendering is one call of the command.
type rendering struct {
	Kind    captcha.Kind `json:"kind"`
	Level   int          `json:"level"`
	Lang    string       `json:"lang"`
	Seed    uint64       `json:"seed"`
	N       int          `json:"n"`
	Out     string       `json:"out"`
	streets *city.Streets
}

func renderCaptchas(ctx context.Context, c *cobra.Command, args []string) error {
	f := c.Flags()
	kind, _ := f.GetString("kind") // they are declared above
	r := rendering{Kind: captcha.Kind(kind)}
	r.Level, _ = f.GetInt("level")
	r.Lang, _ = f.GetString("lang")
	r.Seed, _ = f.GetUint64("seed")
	r.N, _ = f.GetInt("n")
	r.Out, _ = f.GetString("out")
	output, _ := f.GetString("output")
	if err := r.check(args, output); err != nil {
		return err
	}
	if file, _ := f.GetString("osm"); file != "" {
		streets, err := osm.LoadFile(ctx, file, osm.Limits{})
		if err != nil {
			return err
		}
		r.streets = streets
	}
	if r.Lang == "ko" && r.Kind != captcha.KindWords && !city.Hangul() {
		fmt.Fprintln(c.ErrOrStderr(), "daero: there is no font with Hangul, so the maps are in English: install fonts-nanum")
		r.Lang = "en"
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil { // pictures to look at, not secrets
		return err
	}
	if err := r.all(ctx, c.ErrOrStderr()); err != nil {
		return err
	}
	if output == "json" {
		return json.NewEncoder(c.OutOrStdout()).Encode(r)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%d of kind %s, level %d, in %s\n", r.N, r.Kind, r.Level, r.Out)
	return err
}

// check says what is wrong with how the command was used.
func (r *rendering) check(args []string, output string) error {
	switch {
	case len(args) > 0:
		return wrongUse("%s: the command takes flags alone: write it like --kind %s", args[0], args[0])
	case captcha.ModeOf(r.Kind) == "":
		return wrongUse("--kind %q: unknown word%s", r.Kind, didYouMean(string(r.Kind), renderedKinds))
	case r.Level < 0 || r.Level > 4:
		return wrongUse("--level %d: choose 0 to 4", r.Level)
	case r.Lang != "ko" && r.Lang != "en":
		return wrongUse("--lang %s: choose ko or en", r.Lang)
	case r.N < 1 || r.N > 1_000_000:
		return wrongUse("--n %d: choose 1 to 1000000", r.N)
	case r.Out == "":
		return wrongUse("--out: say which directory to write to")
	case output != "text" && output != "json":
		return wrongUse("--output %s: unknown word%s", output, didYouMean(output, []string{"text", "json"}))
	}
	return nil
}

// all renders every question. The seeds of two calls have nothing in common,
// and those of a longer call begin with those of a shorter one.
func (r *rendering) all(ctx context.Context, stderr io.Writer) error {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], r.Seed)
	seeds := rand.NewChaCha8(key)
	bar := barOn(stderr)
	defer bar("")
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return err
		}
		bar("%d of %d", i, r.N)
		name := filepath.Join(r.Out, fmt.Sprintf("%0*d", max(3, len(fmt.Sprint(r.N-1))), i))
		if err := r.one(ctx, name, seeds.Uint64()); err != nil {
			return err
		}
	}
	return nil
}

// renderedDoc is NNN.json.
type renderedDoc struct {
	Kind     captcha.Kind  `json:"kind"`
	Level    int           `json:"level"`
	Lang     string        `json:"lang"`
	Seed     uint64        `json:"seed"`
	Question string        `json:"question"`
	Clicks   int           `json:"clicks,omitempty"`
	Width    int           `json:"width,omitempty"` // in CSS pixels, as all that follows
	Height   int           `json:"height,omitempty"`
	Scale    float64       `json:"scale,omitempty"` // pixels of the picture in one
	Answer   any           `json:"answer"`          // of package answer
	POIs     []renderedPOI `json:"pois,omitempty"`
	// Of another file of this question, the name.
	Image     string `json:"image,omitempty"`
	Icon      string `json:"icon,omitempty"`
	Audio     string `json:"audio,omitempty"`
	AudioSlow string `json:"audio_slow,omitempty"`
}

// renderedPOI is a place on the map.
type renderedPOI struct {
	Category string        `json:"category"`
	Name     string        `json:"name"`
	Suffix   string        `json:"suffix"`
	Icon     [4]float64    `json:"icon"`     // left, top, right, bottom
	Label    [4]float64    `json:"label"`    // the same, around the turned name
	Corners  [4][2]float64 `json:"corners"`  // of the name
	Angle    float64       `json:"angle"`    // of the name, in radians
	Cap      float64       `json:"cap"`      // height of its capitals
	Asked    bool          `json:"asked"`    // the answer, or a part of it
	Position [2]float64    `json:"position"` // the icon's middle
}

// one renders a question to files that begin with name.
func (r *rendering) one(ctx context.Context, name string, seed uint64) error {
	if r.Kind == captcha.KindWords {
		return r.words(ctx, name, seed)
	}
	z, p, ok := mapquiz.Make(r.Kind, r.Level, r.Lang, mapquiz.MapSeed(seed), r.streets)
	if !ok {
		return errors.New("no map with such a question was found: choose another seed")
	}
	doc := docOf(&z)
	for _, q := range p.Places {
		doc.POIs = append(doc.POIs, poiOf(q, &z))
	}
	picture := p.JPEG()
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return err
	}
	doc.Scale = float64(size.Width) / float64(z.Width)
	if err := saveRendered(name, ".jpg", picture, &doc.Image); err != nil {
		return err
	}
	if z.Kind == captcha.KindIcon {
		for _, q := range p.Places {
			if z.Answer.Texts[0] != q.Name.Full {
				continue
			}
			if err := saveRendered(name, ".icon.png", city.IconPNG(q.Category, z.Seed), &doc.Icon); err != nil {
				return err
			}
		}
	}
	return doc.save(name)
}

// words renders a question by ear.
func (r *rendering) words(ctx context.Context, name string, seed uint64) error {
	source := audio.Source{}
	z, err := source.Next(ctx, captcha.Want{Mode: captcha.Sound, Kind: r.Kind, Level: r.Level, Lang: r.Lang, Seed: seed})
	if err != nil {
		return err
	}
	doc := docOf(&z)
	for _, part := range []struct {
		part   captcha.Part
		ending string
		said   *string
	}{{captcha.PartAudio, ".wav", &doc.Audio}, {captcha.PartAudioSlow, ".slow.wav", &doc.AudioSlow}} {
		m, err := source.Media(ctx, &z, part.part)
		if err != nil {
			return err
		}
		if err := saveRendered(name, part.ending, m.Bytes, part.said); err != nil {
			return err
		}
	}
	return doc.save(name)
}

func docOf(z *captcha.Puzzle) *renderedDoc {
	return &renderedDoc{
		Kind: z.Kind, Level: z.Level, Lang: z.Lang, Seed: z.Seed, Question: z.Text,
		Clicks: z.Clicks, Width: z.Width, Height: z.Height, Answer: z.Answer,
	}
}

func poiOf(q city.Place, z *captcha.Puzzle) renderedPOI {
	p := renderedPOI{
		Category: string(q.Category), Name: q.Name.Full, Suffix: q.Name.Suffix,
		Icon:    [4]float64{q.X - q.R, q.Y - q.R, q.X + q.R, q.Y + q.R},
		Corners: q.Label, Angle: q.Angle, Cap: q.Cap, Position: [2]float64{q.X, q.Y},
	}
	l := q.Label
	p.Label = [4]float64{
		min(l[0][0], l[1][0], l[2][0], l[3][0]), min(l[0][1], l[1][1], l[2][1], l[3][1]),
		max(l[0][0], l[1][0], l[2][0], l[3][0]), max(l[0][1], l[1][1], l[2][1], l[3][1]),
	}
	for _, s := range z.Answer.Spots {
		p.Asked = p.Asked || s.X == q.X && s.Y == q.Y
	}
	for _, t := range z.Answer.Texts {
		p.Asked = p.Asked || t == q.Name.Full
	}
	return p
}

// saveRendered writes a file beside the others of its question, and notes its name.
func saveRendered(name, ending string, b []byte, said *string) error {
	*said = filepath.Base(name) + ending
	return os.WriteFile(name+ending, b, 0o644) // pictures to look at, not secrets
}

func (d *renderedDoc) save(name string) error {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name+".json", append(b, '\n'), 0o644) // as above
}

// oneOf lists words to choose from.
func oneOf(words []string) string {
	s := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			s += " or "
		default:
			s += ", "
		}
		s += w
	}
	return s
}

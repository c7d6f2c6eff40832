package api

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/preview"
)

// QuestionDoc is a question as visitors would see it, with its answer. It was
// made to be looked at, and is never asked.
type QuestionDoc struct {
	Kind     captcha.Kind  `json:"kind"`
	Level    int           `json:"level"`
	Lang     string        `json:"lang"`
	Seed     uint64        `json:"seed"`
	Question string        `json:"question"`
	Clicks   int           `json:"clicks,omitempty"`
	Answer   answer.Answer `json:"answer"`
	Media    string        `json:"media"` // the type of image or audio
	// Image is JPEG; Width and Height are in CSS pixels, as are all places, and
	// Scale is how many of the picture's are in one.
	Image  []byte  `json:"image,omitempty"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
	Scale  float64 `json:"scale,omitempty"`
	Icon   []byte  `json:"icon,omitempty"` // PNG
	// Audio and AudioSlow are WAV.
	Audio     []byte        `json:"audio,omitempty"`
	AudioSlow []byte        `json:"audio_slow,omitempty"`
	POIs      []QuestionPOI `json:"pois,omitempty"`
}

// QuestionPOI is a place on the map.
type QuestionPOI struct {
	Category string        `json:"category"`
	Name     string        `json:"name"`
	X        float64       `json:"x"`
	Y        float64       `json:"y"`
	R        float64       `json:"r"`
	Label    [4][2]float64 `json:"label"` // corners of the name
	Asked    bool          `json:"asked"` // the answer, or a part of it
}

var previewKeys = []string{"kind", "level", "lang", "seed"}

// maxPreviewSeed is the largest that a browser can read.
const maxPreviewSeed = 1<<53 - 1

// previewWant reads what is wanted from a query; a seed that is not given is
// made of the 53 bits of fresh.
func previewWant(q url.Values, fresh uint64) (preview.Want, error) {
	w := preview.Want{Kind: captcha.KindOrder, Level: 2, Lang: "ko", Seed: fresh % (maxPreviewSeed + 1)}
	for key, values := range q {
		if !slices.Contains(previewKeys, key) || len(values) != 1 {
			return w, bad(fmt.Sprintf("%s: use each of %s at most once", clip(key), strings.Join(previewKeys, ", ")))
		}
	}
	var err error
	if s := q.Get("kind"); s != "" {
		w.Kind = captcha.Kind(s)
	}
	switch w.Kind {
	case "audio":
		w.Kind = captcha.KindWords
	case "work":
		return w, bad("there is nothing to see of work: it is done while the visitor looks at the page")
	}
	if s := q.Get("level"); s != "" {
		if w.Level, err = strconv.Atoi(s); err != nil {
			return w, bad(fmt.Sprintf("level %q: give a number, 0 to 4", clip(s)))
		}
	}
	if s := q.Get("lang"); s != "" {
		w.Lang = s
	}
	if s := q.Get("seed"); s != "" {
		if w.Seed, err = strconv.ParseUint(s, 10, 64); err != nil || w.Seed > maxPreviewSeed {
			return w, bad(fmt.Sprintf("seed %q: give a number, up to %d", clip(s), uint64(maxPreviewSeed)))
		}
	}
	if err := w.Validate(); err != nil {
		return w, bad(err.Error())
	}
	return w, nil
}

func showPreview(c *call) error {
	if c.Previews == nil {
		return notFound("this program shows no questions")
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	w, err := previewWant(c.r.URL.Query(), binary.LittleEndian.Uint64(b[:]))
	if err != nil {
		return err
	}
	q, err := c.Previews.Make(c.r.Context(), c.Now(), w)
	switch {
	case errors.Is(err, preview.ErrTooMany):
		c.w.Header().Set("Retry-After", "2")
		return problem{Status: http.StatusTooManyRequests, Kind: "too-many", Title: "Too many previews", Detail: err.Error()}
	case errors.Is(err, preview.ErrNone):
		return invalid(err)
	case err != nil:
		return err
	}
	return c.send(http.StatusOK, previewDoc(&q))
}

func previewDoc(q *preview.Question) QuestionDoc {
	doc := QuestionDoc{
		Kind: q.Kind, Level: q.Level, Lang: q.Lang, Seed: q.Seed, Question: q.Text, Clicks: q.Clicks, Answer: q.Answer,
		Media: "image/jpeg", Image: q.Map, Width: q.Width, Height: q.Height, Scale: q.Scale, Icon: q.Icon, Audio: q.Sound, AudioSlow: q.Slow,
	}
	if len(q.Sound) > 0 {
		doc.Media = "audio/wav"
	}
	for _, p := range q.Places {
		poi := QuestionPOI{Category: string(p.Category), Name: p.Name.Full, X: p.X, Y: p.Y, R: p.R, Label: p.Label}
		poi.Asked = slices.Contains(q.Answer.Texts, p.Name.Full) ||
			slices.ContainsFunc(q.Answer.Spots, func(s answer.Spot) bool { return s.X == p.X && s.Y == p.Y })
		doc.POIs = append(doc.POIs, poi)
	}
	return doc
}

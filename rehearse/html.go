package rehearse

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/daero/daero/level"
)

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": func(v *float64) string { return percent(v, 2) },
	"ms":      ms,
	"num":     func(v float64) string { return fmt.Sprintf("%.4g", v) },
	"opt":     func(v *float64) string { return optional(v) },
	"korean":  func(word string) string { return levelOf(word).Korean() },
	"number":  func(word string) int { return int(levelOf(word)) },
	"share":   func(v float64) string { return fmt.Sprintf("%.0f %%", v*100) },
}).Parse(reportHTML))

func optional(v *float64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprintf("%.4g", *v)
}

// WriteHTML writes the report as one HTML document that needs nothing else: no
// script, no style and no picture from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	p := page{Report: r}
	for i := range r.Arms {
		p.longest = max(p.longest, float64(len(r.Arms[i].Seconds)))
		for _, s := range r.Arms[i].Seconds {
			p.most = max(p.most, float64(s.Messages), float64(s.Logins))
		}
	}
	for i := range r.Arms {
		p.Charts = append(p.Charts, p.chart(&r.Arms[i]))
	}
	return reportTemplate.Execute(w, p)
}

// page is what the template draws.
type page struct {
	*Report
	Charts        []chart
	longest, most float64 // seconds on the axis; requests a second, in any arm
}

// The drawing, in its own units.
const (
	chartWide  = 720.0
	chartLeft  = 56.0
	chartRight = 16.0
	plotHigh   = 140.0
	plotTop    = 34.0
	stripHigh  = 16.0
)

// chart is one arm drawn. All arms have the same axes.
type chart struct {
	Arm           *ArmReport
	Title, Korean string
	Summary       string // the drawing in words
	Wide, High    float64
	Left, Right   float64
	Bottom        float64 // of the plot
	Bands         []band
	Marks         []mark
	Lines         []curve
	X, Y          []tick
	Strips        []strip
}

type band struct {
	X, W          float64
	Level         int
	Word, Korean  string
	Top, High     float64
	From, Through string
}

type mark struct {
	X     float64
	Title string
}

type curve struct{ Class, Points string }

type tick struct {
	At    float64
	Label string
}

// strip is the strength of one action over time.
type strip struct {
	Y, TextY float64
	Name     string
	Parts    []part
}

type part struct {
	X, Y, W, H float64
	Title      string
}

func (p *page) x(seconds float64) float64 {
	return chartLeft + seconds/math.Max(p.longest, 1)*(chartWide-chartLeft-chartRight)
}

// y is where so many requests a second are drawn; the axis begins at 0.
func (p *page) y(v float64) float64 {
	return plotTop + plotHigh*(1-v/math.Max(p.most, 1))
}

var armTitles = map[string][2]string{
	ArmNone:      {"none: without daero", "대로 없이"},
	ArmManual:    {"manual: a person switches an emergency mode on", "사람이 비상 모드를 켬"},
	ArmStatic:    {"static: lanes set by hand", "손으로 정한 차선"},
	ArmLanes:     {"lanes: daero's lanes alone", "차선만"},
	ArmHonouring: {"lanes-honouring: clients come back when told", "차선, 약속을 지키는 앱"},
	ArmTarget:    {"target: another service, as its clients felt it", "허용된 대상, 이용자가 느낀 대로"},
	ArmAuto:      {"auto: lanes, levels and playbook", "차선과 자동 대응"},
}

func (p *page) chart(a *ArmReport) chart {
	t := armTitles[a.Name]
	c := chart{
		Arm: a, Title: t[0], Korean: t[1], Wide: chartWide, Left: chartLeft, Right: chartWide - chartRight,
		Bottom: plotTop + plotHigh, Bands: p.bands(a),
	}
	sent, ok, logins := "", "", ""
	for i, s := range a.Seconds {
		x := p.x(float64(i) + 0.5)
		sent += fmt.Sprintf("%.1f,%.1f ", x, p.y(float64(s.Messages)))
		ok += fmt.Sprintf("%.1f,%.1f ", x, p.y(float64(s.MessagesOK)))
		logins += fmt.Sprintf("%.1f,%.1f ", x, p.y(float64(s.LoginsOK)))
	}
	c.Lines = []curve{{"sent", sent}, {"ok", ok}, {"logins", logins}}
	for _, v := range []float64{0, 0.5, 1} {
		c.Y = append(c.Y, tick{p.y(v * p.most), fmt.Sprintf("%.0f", v*p.most)})
	}
	step := math.Max(math.Ceil(p.longest/8), 1)
	for s := 0.0; s <= p.longest; s += step {
		c.X = append(c.X, tick{p.x(s), fmt.Sprintf("%.0f s", s)})
	}
	for _, x := range a.Actions {
		c.Marks = append(c.Marks, mark{p.x(x.At), fmt.Sprintf("%.1f s: %s %.0f %%", x.At, x.Action, x.Strength*100)})
	}
	top := c.Bottom + 26
	for _, slot := range a.slots() {
		c.Strips = append(c.Strips, p.strip(a, slot, top))
		top += stripHigh + 14
	}
	c.High = top + 4
	c.Summary = fmt.Sprintf("%s of messages answered, %s of sessions kept, %d level changes, %d action changes",
		percent(a.Lanes[laneMessage].SuccessRatio, 2), percent(&a.SessionsKept, 1), len(a.Levels), len(a.Actions))
	return c
}

// bands are the levels over time, drawn above the plot.
func (p *page) bands(a *ArmReport) (bands []band) {
	if a.Name != ArmAuto {
		return nil
	}
	at, now := 0.0, level.Normal
	put := func(until float64, next level.Level) {
		if until > at {
			bands = append(bands, band{
				X: p.x(at), W: p.x(until) - p.x(at), Level: int(now), Word: now.String(), Korean: now.Korean(), Top: 8, High: plotTop - 14,
				From: fmt.Sprintf("%.1f", at), Through: fmt.Sprintf("%.1f", until),
			})
		}
		at, now = until, next
	}
	for _, l := range a.Levels {
		put(l.At, levelOf(l.To))
	}
	put(float64(len(a.Seconds)), now)
	return bands
}

func (p *page) strip(a *ArmReport, slot string, top float64) strip {
	s := strip{Y: top + stripHigh, TextY: top + stripHigh + 10, Name: slot}
	from, now := 0.0, 0.0
	put := func(until, next float64) {
		if now > 0 && until > from {
			high := now * stripHigh
			s.Parts = append(s.Parts, part{p.x(from), top + stripHigh - high, p.x(until) - p.x(from), high, fmt.Sprintf("%s %.0f %%, %.1f to %.1f s", slot, now*100, from, until)})
		}
		from, now = until, next
	}
	for _, x := range a.Actions {
		if x.Action == slot {
			put(x.At, x.Strength)
		}
	}
	put(float64(len(a.Seconds)), 0)
	return s
}

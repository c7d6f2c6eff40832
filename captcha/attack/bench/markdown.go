package bench

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/daero/daero/captcha/attack"
	"github.com/daero/daero/captcha/attack/protocol"
)

const head = `# How strong the captcha is

Written by ` + "`daero captcha bench --write captcha/STRENGTH.md`" + `, not by hand. Who attacks, how often it worked, how long it took, and what a token costs then.

**Frontier vision models read these maps.** On a prototype of them one such model followed routes in 16 of 16 tries and read 8 of 9 names for certain, blind; a study (arXiv 2602.09012) has the newest ones at up to 90 % where those of a year before stopped at 40 %. Take it that who can pay for one gets in. A captcha sets a price and a pace; it does not tell people from programs. What holds the rest is how much one network may have, that every question costs work, and that nothing is accepted twice.

`

// markdown is the report as it is checked in.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "Seed %d, %d cores of %s", r.options.seed, runtime.NumCPU(), runtime.GOARCH)
	if r.options.date != "" {
		fmt.Fprintf(&b, ", %s", r.options.date)
	}
	fmt.Fprintf(&b, "; %s. Seconds are of this machine while it had other work, and say how many, not how fast.\n\n", strings.Join(versions(), ", "))
	if r.options.quick {
		b.WriteString("A quick run: few tries, wide intervals.\n\n")
	}
	r.markFew(&b)
	r.markBars(&b)
	r.markResults(&b)
	r.markPrices(&b)
	r.markProtocol(&b)
	r.markComfort(&b)
	b.WriteString(limits)
	return b.String()
}

// enough tries are those that a rate can be told from: of 200 without a success
// it is under 2 %.
const enough = 200

// markFew says which of those that read and listen tried less often than a rate
// can be told from.
func (r *report) markFew(b *strings.Builder) {
	few, all := 0, 0
	for _, o := range r.Results {
		if o.Class != attack.Guess {
			all++
			if o.N < enough {
				few++
			}
		}
	}
	switch few {
	case 0:
	case all:
		fmt.Fprintf(b, "**A short run.** Attackers that read and listen made fewer than %d tries each, so that their rows, and the bars that rest on them, say little: look at the intervals.\n\n", enough)
	default:
		fmt.Fprintf(b, "**A short run in parts.** Of the %d rows of attackers that read and listen %d have fewer than %d tries and say little: look at their intervals.\n\n", all, few, enough)
	}
}

func (r *report) markBars(b *strings.Builder) {
	b.WriteString("## Bars\n\n| bar | wanted | found | |\n| --- | --- | --- | --- |\n")
	for _, x := range r.Bars {
		mark := "held"
		if !x.Held {
			mark = "**missed**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", x.Name, x.Want, x.Got, mark)
	}
	b.WriteByte('\n')
}

// rows are what the table's classes mean, and those that have no attacker here.
var rows = []struct {
	class attack.Class
	what  string
}{
	{attack.Guess, "guesses: nowhere, among the icons, or from the question and the grammar of names"},
	{attack.Plain, "tesseract, the whole map"},
	{attack.Targeted, "tesseract, shown where the name stands"},
	{attack.Trained, "a reader and an icon detector trained on our own maps; no bar, for it is published as it is"},
	{attack.Vision, "frontier vision models: **not run here**. Assume 90 to 100 %"},
	{attack.Ears, "by ear: PocketSphinx with the 64 words as its grammar; a linear classifier trained on 600 of our own mixes, which looks for the words everywhere: more mixes make it better, and better ones can be built"},
	{attack.Protocol, "goes around: see below"},
}

func (r *report) markResults(b *strings.Builder) {
	b.WriteString("## Attackers\n\n")
	for _, row := range rows {
		fmt.Fprintf(b, "- %s: %s%s.\n", row.class, row.what, r.missing(row.class))
	}
	b.WriteString("\n| | attacker | kind | level | lang | n | solved | 95 % | s a try | core-s | within 1, 3, 10 tries |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range r.Results {
		low, high := o.Wilson95()
		var within []string
		for _, k := range attempts {
			within = append(within, percent(attack.Within(o.Rate(), k)))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %d | %s | %d | %s | %.1f–%.1f | %s | %s | %s |\n", o.Class, o.Attacker, o.Kind, o.Level, o.Lang, o.N,
			percent(o.Rate()), 100*low, 100*high, short(o.Seconds), short(o.CoreSeconds), strings.Join(within, ", "))
	}
	fmt.Fprintf(b, "| A4 | vision model | all | all | all | 0 | assume 90–100 %% | | 2–5 | | |\n\n")
	told := map[string]bool{}
	for _, o := range r.Results {
		if o.Told != "" && !told[o.Attacker] {
			told[o.Attacker] = true
			fmt.Fprintf(b, "- `%s` is told more than a visitor sees: %s.\n", o.Attacker, o.Told)
		}
	}
	for _, a := range r.Absent {
		fmt.Fprintf(b, "- Not run: %s.\n", a)
	}
	b.WriteByte('\n')
}

// missing says of a class that ought to have been measured that it was not.
func (r *report) missing(c attack.Class) string {
	if c == attack.Vision || c == attack.Protocol {
		return ""
	}
	for _, o := range r.Results {
		if o.Class == c {
			return ""
		}
	}
	return ". **Not measured in this run**"
}

func short(seconds float64) string {
	if seconds < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", seconds)
}

// callers are who answer for a fee.
var callers = []struct {
	who string
	p   float64
	fee attack.Price
}{
	{"vision model, low price", 0.9, attack.VisionLow},
	{"vision model, high price", 0.9, attack.VisionTop},
	{"paid people, low price", 0.95, attack.People},
	{"paid people, high price", 0.95, attack.PeopleTop},
}

func (r *report) markPrices(b *strings.Builder) {
	b.WriteString("## What a token costs\n\nAn hour of one network (/24 or /48) against a site that asks everybody, under the rules as they are by default: work before every question, twice as much after every miss, a wait after six, 60 questions and 20 misses a minute, 600 tokens an hour. Addresses are not in the price; they are what an attacker who wants more than one network's tokens has to buy.\n\n| price of | $ | for one | from |\n| --- | --- | --- | --- |\n")
	for _, p := range attack.Prices() {
		fmt.Fprintf(b, "| %s | %g | %s | %s |\n", p.What, p.Dollar, p.Of, p.Source)
	}
	b.WriteString("\n| attacker | kind | level | lang | tokens an hour and network at 1, 3, 10 attempts a visit | $ for 1,000 tokens at 1, 3, 10 |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, o := range r.Results {
		if o.Solved == 0 {
			continue
		}
		var tokens, cost []string
		for i, h := range o.Hours {
			tokens, cost = append(tokens, fmt.Sprint(h.Tokens)), append(cost, dollars(o.price(i)))
		}
		fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s |\n", o.Attacker, o.Kind, o.Level, o.Lang, strings.Join(tokens, ", "), strings.Join(cost, ", "))
	}
	for _, c := range callers {
		var tokens, cost []string
		for _, k := range attempts {
			h, err := protocol.Hour(context.Background(), "", c.p, k, r.options.seed)
			if err != nil {
				continue
			}
			tokens = append(tokens, fmt.Sprint(h.Tokens))
			cost = append(cost, dollars(attack.PerThousand(h.Tokens, h.Tries, h.Work.Seconds(), 0, c.fee.Dollar)))
		}
		fmt.Fprintf(b, "| %s (right in %s, assumed) | all | | | %s | %s |\n", c.who, percent(c.p), strings.Join(tokens, ", "), strings.Join(cost, ", "))
	}
	b.WriteByte('\n')
}

func (r *report) markProtocol(b *strings.Builder) {
	b.WriteString("## Around the questions\n\nA6: two gateways that share a ledger; everything real but the work, which costs nothing there so that so many tries fit (`forged-work` has the real one).\n\n| attack | with | n | worked |\n| --- | --- | --- | --- |\n")
	for _, o := range r.Protocol {
		fmt.Fprintf(b, "| %s | %s | %d | %d |\n", o.Attack, o.What, o.N, o.Won)
	}
	b.WriteByte('\n')
}

func (r *report) markComfort(b *strings.Builder) {
	b.WriteString("## What stands for people here\n\nThe worst of all maps that were measured. The generous reader is trained on the level and told where each letter stands: what it misses is not in the picture. People themselves have yet to be asked.\n\n| level | lang | maps | contrast (≥ 4.5) | capitals, px (≥ 11) | stroke, px (≥ 1.2) | turned, ° (≤ 17) | overlaps (0) | target, px (≥ 24) | apart, hit radii (≥ 2) | generous reader (≥ 99 %) |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, c := range r.Comfort {
		fmt.Fprintf(b, "| %d | %s | %d | %.2f | %.1f | %.2f | %.1f | %d | %.0f | %.2f | %.1f %% of %d |\n",
			c.Level, c.Lang, c.Maps, c.Contrast, c.Cap, c.Stroke, c.degrees(), c.Overlaps, c.Target, c.Apart, 100*c.Legible.Rate(), c.Legible.Letters)
	}
	b.WriteByte('\n')
}

const limits = `## What this does not say

- Programs that are sold for reading print are a weak yardstick: what they miss, a vision model reads. The trained attackers are the ones to watch, and they get better with every week that somebody spends on them.
- Questions by ear are there for those who do not see the map, are never refused, and are the easiest to train for. Work and the budget of sounds price them, not their noise.
- Prices of models and of people are assumptions; the table says which.
`

// versions of what attacked, as far as it is installed.
func versions() []string {
	all := []string{strings.Replace(runtime.Version(), "go", "Go ", 1)}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "tesseract", "--version").CombinedOutput(); err == nil {
		line, _, _ := strings.Cut(string(out), "\n")
		all = append(all, strings.TrimSpace(line))
	}
	if out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", "pocketsphinx").Output(); err == nil {
		all = append(all, "pocketsphinx "+string(out))
	}
	return all
}

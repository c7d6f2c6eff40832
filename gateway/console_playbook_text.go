package gateway

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// text writes a playbook as a Caddyfile has it, in one way for each playbook:
// rows from the lowest level on, lines in their order, one tab each depth. What
// reads it back reads the same playbook.
func (p *PlaybookConfig) text() string {
	if p == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("playbook {\n")
	if p.Shadow {
		b.WriteString("\tshadow\n")
	}
	if p.RampStep != 0 || p.RampEvery != 0 {
		step, every := p.RampStep, time.Duration(p.RampEvery)
		if step == 0 {
			step = playbook.DefaultRampStep
		}
		if every == 0 {
			every = playbook.DefaultRampEvery
		}
		b.WriteString("\tramp " + percentText(step) + "% every " + every.String() + "\n")
	}
	for lv := level.Attention; lv < level.Count; lv++ {
		var lines []string
		for i := range p.Actions {
			if at, err := level.Parse(p.Actions[i].At); err == nil && at == lv {
				lines = append(lines, "\t\t"+p.Actions[i].text()+"\n")
			}
		}
		if len(lines) > 0 {
			b.WriteString("\tat " + lv.String() + " {\n" + strings.Join(lines, "") + "\t}\n")
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// text writes one line.
func (a *ActionConfig) text() string {
	words := []string{a.Do}
	kind, _ := playbook.ParseKind(a.Do) // what cannot be parsed is written as it is
	if kind.OfLane() && a.Lane != "" {
		words = append(words, quoted(a.Lane))
		if a.Who != "" {
			words = append(words, a.Who)
		}
		if a.NewDevice {
			words = append(words, newDevice)
		}
	}
	switch kind {
	case playbook.Slow, playbook.Stale:
		words = append(words, time.Duration(a.For).String())
	case playbook.Respond:
		words = append(words, a.answerText()...)
	case playbook.Drain:
		if a.Lane == "" {
			words = append(words, "topic", quoted(a.Target))
		}
		words = append(words, strconv.FormatFloat(a.Rate, 'f', -1, 64)+"/s")
	case playbook.Work:
		words = append(words, a.workText())
	case playbook.Flag:
		words = append(words, quoted(a.Target), quoted(a.Value))
	case playbook.Webhook, playbook.Notify:
		words = append(words, quoted(a.Target))
	default:
		words = append(words, rangeText(a.From, a.To))
	}
	if a.IMeanIt {
		words = append(words, "i_mean_it")
	}
	if a.Shadow {
		words = append(words, "shadow")
	}
	return strings.Join(words, " ")
}

// answerText writes what respond says. Where the text could be taken for a
// status or a range, those are written out.
func (a *ActionConfig) answerText() (words []string) {
	_, err := strconv.Atoi(a.Body)
	_, _, isRange := strengths(a.Body)
	switch {
	case a.Status != 0:
		words = append(words, strconv.Itoa(a.Status))
	case a.Body != "" && err == nil:
		words = append(words, "503")
	}
	if a.Body != "" {
		words = append(words, quoted(a.Body))
	}
	switch {
	case a.From != 0 || a.To != 0:
		words = append(words, rangeText(a.From, a.To))
	case isRange:
		words = append(words, "100%")
	}
	return words
}

func (a *ActionConfig) workText() string {
	high := time.Duration(a.For)
	if a.From == 0 || a.From == 1 {
		return high.String()
	}
	return time.Duration(math.Round(a.From*float64(high))).String() + "-" + high.String()
}

// rangeText writes "0..60%", or "60%" where both ends are one.
func rangeText(from, to float64) string {
	if from == to {
		return percentText(to) + "%"
	}
	return percentText(from) + ".." + percentText(to) + "%"
}

// percentText writes a share in percent with as few digits as read back the same.
func percentText(v float64) string {
	for digits := range 16 {
		text := strconv.FormatFloat(v*100, 'f', digits, 64)
		if back, ok := share(text); ok && back == v {
			return text
		}
	}
	return strconv.FormatFloat(math.Round(v*1e11)/1e9, 'f', -1, 64) // of JSON: no digits read back the same
}

// quoted writes one word of a Caddyfile.
func quoted(s string) string {
	switch {
	case s != "" && !strings.ContainsAny(s, " \t\r\n\"`{}#\\<"):
		return s
	case isPlaceholder(s):
		return s
	case !strings.ContainsAny(s, "\"\\"):
		return `"` + s + `"`
	case !strings.Contains(s, "`"):
		return "`" + s + "`"
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}

// isPlaceholder tells words like {env.HOOK}, which need no quotes.
func isPlaceholder(s string) bool {
	inner, ok := strings.CutPrefix(s, "{")
	inner, ok2 := strings.CutSuffix(inner, "}")
	return ok && ok2 && inner != "" && !strings.ContainsAny(inner, " \t\r\n\"`{}#\\<")
}

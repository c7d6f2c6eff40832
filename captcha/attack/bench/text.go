package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/daero/daero/captcha/attack"
)

// doc is what one measurement says to a machine.
type doc struct {
	Attacker      string     `json:"attacker"`
	Kind          string     `json:"kind"`
	Level         int        `json:"level"`
	Lang          string     `json:"lang,omitempty"`
	N             int        `json:"n"`
	Solved        int        `json:"solved"`
	Rate          float64    `json:"rate"`
	Wilson95      [2]float64 `json:"wilson95"`
	SecondsPerTry float64    `json:"seconds_per_try"`
	CoreSeconds   float64    `json:"core_seconds_per_try,omitempty"`
	// TokensPerHour are of one prefix, at 1, 3 and 10 attempts in a visit.
	TokensPerHour []int  `json:"tokens_per_hour_and_prefix,omitempty"`
	Told          string `json:"told,omitempty"`
}

func (r *report) docs() (all []doc) {
	for _, o := range r.Results {
		d := doc{
			Attacker: o.Attacker, Kind: string(o.Kind), Level: o.Level, Lang: o.Lang, N: o.N, Solved: o.Solved, Rate: o.Rate(),
			SecondsPerTry: o.Seconds, CoreSeconds: o.CoreSeconds, Told: o.Told,
		}
		d.Wilson95[0], d.Wilson95[1] = o.Wilson95()
		for _, h := range o.Hours {
			d.TokensPerHour = append(d.TokensPerHour, h.Tokens)
		}
		all = append(all, d)
	}
	for _, o := range r.Protocol {
		d := doc{Attacker: protocolName, Kind: o.Attack, N: o.N, Solved: o.Won, Rate: float64(o.Won) / float64(max(o.N, 1)), SecondsPerTry: o.Seconds}
		d.Wilson95[0], d.Wilson95[1] = attack.Wilson(o.Won, o.N)
		all = append(all, d)
	}
	return all
}

// give writes the report where it was asked for.
func (r *report) give(stdout, stderr io.Writer) error {
	if r.options.write != "" {
		if err := os.WriteFile(r.options.write, []byte(r.markdown()), 0o644); err != nil { //nolint:gosec // for everybody to read
			return err
		}
		fmt.Fprintln(stderr, "written:", r.options.write)
	}
	if r.options.output == "json" {
		return r.json(stdout)
	}
	return r.text(stdout)
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if r.options.one() && len(r.Results) == 1 {
		return e.Encode(r.docs()[0])
	}
	type barDoc struct {
		Name string `json:"name"`
		Want string `json:"want"`
		Got  string `json:"got"`
		Held bool   `json:"held"`
	}
	all := struct {
		Results []doc    `json:"results"`
		Bars    []barDoc `json:"bars"`
		Absent  []string `json:"absent,omitempty"`
	}{Results: r.docs(), Absent: r.Absent}
	for _, b := range r.Bars {
		all.Bars = append(all.Bars, barDoc(b))
	}
	return e.Encode(all)
}

// text is for 80 columns.
func (r *report) text(w io.Writer) error {
	var b strings.Builder
	if len(r.Results) > 0 {
		fmt.Fprintf(&b, "%-18s %-8s %2s %s  %5s %6s  %-11s %7s %9s\n", "attacker", "kind", "lv", "in", "n", "solved", "95 %", "s/try", "$/1000*")
	}
	for _, o := range r.Results {
		low, high := o.Wilson95()
		fmt.Fprintf(&b, "%-18s %-8s %2d %s  %5d %6s  %-11s %7.3f %9s\n",
			o.Attacker, o.Kind, o.Level, o.Lang, o.N, percent(o.Rate()), fmt.Sprintf("%.1f-%.1f", 100*low, 100*high), o.Seconds, dollars(o.price(1)))
	}
	if len(r.Results) > 0 {
		fmt.Fprintf(&b, "* of accepted tokens, three attempts in a visit; without the price of addresses\n\n")
	}
	if len(r.Protocol) > 0 {
		fmt.Fprintf(&b, "%-16s %7s %6s  %s\n", "protocol", "n", "worked", "with")
		for _, o := range r.Protocol {
			fmt.Fprintf(&b, "%-16s %7d %6d  %s\n", o.Attack, o.N, o.Won, o.What)
		}
		b.WriteByte('\n')
	}
	for _, a := range r.Absent {
		fmt.Fprintln(&b, "not run:", a)
	}
	for _, x := range r.Bars {
		mark := "held  "
		if !x.Held {
			mark = "MISSED"
		}
		fmt.Fprintf(&b, "%s  %s: %s\n        %s\n", mark, x.Name, x.Want, x.Got)
	}
	if r.options.attacker == "all" {
		fmt.Fprintf(&b, "\nFrontier vision models read these maps; none was asked here. %s.\n", r.Took.Round(time.Second))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// price is what 1,000 tokens cost at the i-th number of attempts.
func (r *result) price(i int) float64 {
	h := r.Hours[i]
	return attack.PerThousand(h.Tokens, h.Tries, h.Work.Seconds(), r.CoreSeconds, 0)
}

func dollars(v float64) string {
	switch {
	case v > 1e6:
		return "-"
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.4f", v)
}

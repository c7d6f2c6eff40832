package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/attack"
)

// The exit statuses of every daero command.
const (
	exitGood  = 0
	exitBad   = 1 // a bar was missed, or it could not be measured
	exitUsage = 2
)

const usage = `usage: daero captcha bench [flags]

Attacks the captcha's questions and its protocol, and says how often it worked,
how long it took, and what a token costs then. The attackers:

  guess-random        clicks anywhere
  guess-icons         knows where icons are, not what they mean
  guess-shapes        and which is the station, and how the coloured road goes
  guess-question      types what the question's text lets it guess
  tesseract           reads the whole map; needs tesseract
  tesseract-targeted  is shown where the name stands
  reader              trained on our own maps
  pocketsphinx        hears English; needs pocketsphinx
  listener            trained on our own words
  protocol            answers nothing and goes around

Those whose program is not installed are left out, and it is said. Exit status:
0 good, 1 a bar was missed, 2 wrong use.

`

// options are what the command line says.
type options struct {
	attacker string
	kind     captcha.Kind
	level    int
	both     bool // level 2 as well, which is the default for visitors who seem like people
	lang     string
	n        int // 0: as many as the attacker is worth
	programs int // the same, of attackers that start a program for every try
	trained  int // and of those that were trained
	seed     uint64
	output   string
	quick    bool
	write    string
	keep     keep
	date     string
}

// one reports whether a single measurement is asked for.
func (o *options) one() bool {
	return o.attacker != "all" && o.kind != "" && o.attacker != protocolName
}

var errUsage = errors.New("wrong use")

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.attacker, "attacker", "all", "`NAME` of one of them, or all")
	kind := fs.String("kind", "all", "`KIND` of question: all, "+joined(attack.Kinds()))
	fs.IntVar(&o.level, "level", -1, "of hardening, 0 to 4 (default 3; with all attackers 2 and 3)")
	fs.StringVar(&o.lang, "lang", "", "ko or en (default both; for one kind ko, where it is drawn)")
	fs.IntVar(&o.n, "n", 0, "tries of each (default 1000, 10000 for the protocol)")
	fs.IntVar(&o.programs, "programs", 0, "tries of those that start a program for each (default --n, or 200)")
	fs.IntVar(&o.trained, "trained", 0, "tries of those that were trained (default --n)")
	fs.Uint64Var(&o.seed, "seed", 1, "the same seed, the same questions")
	fs.StringVar(&o.output, "output", "text", "text or json")
	fs.BoolVar(&o.quick, "quick", false, "a minute's worth, for every change: fewer tries, shorter training")
	fs.StringVar(&o.write, "write", "", "write the report as Markdown to `FILE`")
	fs.StringVar(&o.keep.path, "keep", "", "remember in `FILE` what was measured, and do not measure it again with as many tries or fewer")
	fs.StringVar(&o.date, "date", "", "of the report, as it is to be written there")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if *kind != "all" {
		o.kind = captcha.Kind(*kind)
	}
	o.both = o.level < 0 && o.attacker == "all" && !o.quick
	if o.level < 0 && !given(fs, "level") {
		o.level = 3
	}
	return o, o.validate(fs.Args())
}

// given reports whether a flag is on the command line.
func given(fs *flag.FlagSet, name string) (found bool) {
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func (o *options) validate(rest []string) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("daero captcha bench: %w: "+format, append([]any{errUsage}, args...)...)
	}
	switch {
	case len(rest) > 0:
		return wrong("%q: there are only flags: see --help", rest[0])
	case o.kind != "" && !knownKind(o.kind):
		return wrong("--kind %q: choose all, %s", o.kind, joined(attack.Kinds()))
	case o.level < 0 || o.level > 4:
		return wrong("--level %d: choose 0 to 4", o.level)
	case o.lang != "" && !slices.Contains(langs(captcha.KindWords), o.lang):
		return wrong("--lang %q: choose ko or en", o.lang)
	case min(o.n, o.programs, o.trained) < 0 || max(o.n, o.programs, o.trained) > 10_000_000:
		return wrong("--n %d, --programs %d, --trained %d: choose 1 to 10000000", o.n, o.programs, o.trained)
	case o.output != "text" && o.output != "json":
		return wrong("--output %q: choose text or json", o.output)
	case o.write != "" && (o.attacker != "all" || o.kind != ""):
		return wrong("--write needs all attackers and all kinds: the report is of all of them")
	}
	if o.attacker == protocolName {
		return nil
	}
	_, err := named(attackers(true, 0), o.attacker)
	if err != nil {
		return wrong("%w", err)
	}
	return nil
}

func joined(kinds []captcha.Kind) string {
	var s []string
	for _, k := range kinds {
		s = append(s, string(k))
	}
	return strings.Join(s, ", ")
}

// Main runs the command.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitGood
	case err != nil:
		if errors.Is(err, errUsage) {
			fmt.Fprintln(stderr, err)
		}
		return exitUsage
	}
	r, err := run(ctx, o, newProgress(stderr))
	if err != nil {
		fmt.Fprintln(stderr, "daero captcha bench:", err)
		return exitBad
	}
	if err := r.give(stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "daero captcha bench:", err)
		return exitBad
	}
	for _, b := range r.Bars {
		if !b.Held {
			return exitBad
		}
	}
	return exitGood
}

// Command train trains the reader on maps of our own and writes its model:
//
//	go run ./captcha/attack/reader/train -seed 1 -maps 1800 -o captcha/attack/reader/model.bin
//
// which are the defaults, in five to seven minutes of a core.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/daero/daero/captcha/attack/reader"
)

func main() {
	out := flag.String("o", "captcha/attack/reader/model.bin", "where the model is written")
	seed := flag.Uint64("seed", 1, "of the maps and of the weights")
	maps := flag.Int("maps", 1800, "how many maps are looked at, each twice")
	from := flag.String("from", "", "a model to train further")
	rate := flag.Float64("rate", 0, "how fast it learns at the start (default 0.002)")
	flag.Parse()
	c := reader.Course{Seed: *seed, Maps: *maps, Rate: *rate}
	if err := run(*out, *from, c); err != nil {
		say("%v", err)
		os.Exit(1)
	}
}

func run(out, from string, c reader.Course) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if from != "" {
		b, err := os.ReadFile(from) //nolint:gosec // the file that was asked for
		if err != nil {
			return err
		}
		if c.From, err = reader.Decode(bytes.NewReader(b)); err != nil {
			return err
		}
	}
	say("training on %d maps, seed %d", c.Maps, c.Seed)
	c.Tell = func(n int, letters, spots, icons float64) {
		if n%100 == 0 {
			say("%5d maps: wrong letters %.2f %%, places %.2f %%, icons %.2f %%", n, 100*letters, 100*spots, 100*icons)
		}
	}
	m, err := reader.Train(ctx, c)
	if err != nil {
		return err
	}
	for level := range 5 {
		for _, lang := range []string{"ko", "en"} {
			l := m.Legibility(1<<40, 20, level, lang)
			say("level %d, %s: %d of %d letters read, %.2f %%; %d of %d names whole", level, lang, l.Read, l.Letters, 100*l.Rate(), l.Whole, l.Names)
		}
	}
	var b bytes.Buffer
	if err := m.Encode(&b); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644) //nolint:gosec // to be read by all
}

func say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) }

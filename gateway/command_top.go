package gateway

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/daero/daero/api"
	"github.com/daero/daero/console/top"
)

var _ = addCommand(topCommand)

func topCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "top",
		Usage: "[--once] [--lang en|ko] [--utc] [--address URL]",
		Short: "Shows a running gateway in the terminal, as the console does",
		Long: `
Shows the level and why, the lanes with the worst first and what people feel,
what is in force, signals, and what just happened: the console's first screen,
for a terminal. It changes nothing; "daero level" and "daero playbook" do.

Keys: q ends it, l changes the language, u between this machine's time and UTC,
up and down move the lanes. Colours are those that colour-blind people tell
apart, and nothing is told by colour alone; NO_COLOR takes them away.

With --once, or where stdout is no terminal, it is drawn once. --output json
writes the document that it is drawn from.`,
		CobraFunc: func(c *cobra.Command) {
			talks(c, 0, 0, runTop)
			c.Flags().Bool("once", false, "draw it once and end")
			c.Flags().String("lang", "", "en or ko (what LC_ALL, LC_MESSAGES or LANG says)")
			c.Flags().Lookup("lang").DefValue = "" // said above
			c.Flags().Bool("utc", false, "times in UTC")
		},
	}
}

func runTop(s *session, _ []string) error {
	lang, err := topLang(s.text("lang"))
	if err != nil {
		return err
	}
	zone := time.Local
	if s.yes("utc") {
		zone = time.UTC
	}
	ask := func(ctx context.Context) (*api.NowDoc, error) {
		doc := new(api.NowDoc)
		_, err := s.ask(ctx, http.MethodGet, "now", nil, doc)
		return doc, err
	}
	if !s.json && !s.yes("once") && terminal(os.Stdout) {
		// The first answer is waited for: who may not ask is told so on a line of
		// its own, not on a screen.
		if _, err := ask(s.ctx); err != nil {
			return err
		}
		return top.Run(s.ctx, top.Config{Ask: ask, Lang: lang, Zone: zone})
	}
	doc := new(api.NowDoc)
	raw, err := s.ask(s.ctx, http.MethodGet, "now", nil, doc)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(raw)
	}
	frame := top.Screen{Width: columnsOf(os.Getenv("COLUMNS"), columns), Height: columnsOf(os.Getenv("LINES"), 40), Lang: lang, Zone: zone}
	_, err = lipgloss.Fprintln(s.stdout, frame.Draw(doc))
	return err
}

// topLang reads a language, or takes that of the terminal.
func topLang(word string) (top.Lang, error) {
	switch word {
	case "en":
		return top.English, nil
	case "ko":
		return top.Korean, nil
	case "":
	default:
		return 0, wrongUse("--lang %s: unknown word%s", word, didYouMean(word, []string{"en", "ko"}))
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := os.Getenv(name); locale != "" {
			return top.LangOf(locale), nil
		}
	}
	return top.English, nil
}

// columnsOf is a size that a shell has said, or another.
func columnsOf(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 1000 {
		return n
	}
	return otherwise
}

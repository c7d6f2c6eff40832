package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/daero/daero/rehearse/against"
)

// aim is what the command line says about a service of somebody else's.
type aim struct {
	where                string
	message, login, sync string
	most                 int
}

func (a *aim) flags(fs *flag.FlagSet) {
	fs.StringVar(&a.where, "target", "", "`address` of a service to rehearse against instead of the sample, a file that describes one, or - for standard input; it must agree")
	fs.StringVar(&a.message, "target-message", "", "what a message is there, like 'POST /api/messages {\"text\":\"hello\"}'")
	fs.StringVar(&a.login, "target-login", "", "what a login is there")
	fs.StringVar(&a.sync, "target-sync", "", "what a sync is there")
	fs.IntVar(&a.most, "most", 0, fmt.Sprintf("`requests` a second to the target, never more (default %d)", against.DefaultMost))
}

// service is nil where the sample is rehearsed against.
func (a *aim) service(stdin io.Reader) (*against.Service, error) {
	if a.where == "" {
		if a.message != "" || a.login != "" || a.sync != "" || a.most != 0 {
			return nil, errors.New("most, target-message, target-login and target-sync belong to a target: say --target")
		}
		return nil, nil //nolint:nilnil // none is wanted
	}
	s, err := a.read(stdin)
	if err != nil {
		return nil, err
	}
	for _, r := range []struct {
		text string
		to   *against.Request
	}{{a.message, &s.Message}, {a.login, &s.Login}, {a.sync, &s.Sync}} {
		if r.text == "" {
			continue
		}
		if *r.to, err = against.ParseRequest(r.text); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
	}
	if a.most != 0 {
		s.Most = a.most
	}
	s = s.WithDefaults()
	return &s, nil // validated with the rest
}

func (a *aim) read(stdin io.Reader) (against.Service, error) {
	switch {
	case strings.HasPrefix(a.where, "http://"), strings.HasPrefix(a.where, "https://"):
		return against.Service{Name: against.NameOf(a.where), URL: a.where}, nil
	case a.where == "-":
		return against.Read(stdin)
	}
	f, err := os.Open(a.where)
	if err != nil {
		return against.Service{}, fmt.Errorf("target: %w: write an address like https://staging.example.com, or a file", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	return against.Read(f)
}

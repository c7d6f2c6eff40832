package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/rehearse/against"
)

// maxTargets bounds the targets of a site: each is shown with what every
// scenario would send to it.
const maxTargets = 8

// parseRehearse reads
//
//	rehearse {
//		target staging https://staging.example.com {
//			message POST /api/messages `{"text":"hello"}`
//			login   POST /api/login
//			sync    GET  /api/sync
//			header  Authorization "Bearer {env.STAGING_TOKEN}"
//			most    500
//		}
//	}
func (h *API) parseRehearse(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("rehearse takes no argument, only a block: remove %q", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if word := d.Val(); word != "target" {
			return d.Errf("rehearse: unknown word %q%s", word, didYouMean(word, []string{"target"}))
		}
		t, err := parseTarget(d)
		if err != nil {
			return err
		}
		h.RehearsalTargets = append(h.RehearsalTargets, t)
		if err := h.severalTargets(); err != nil {
			return d.Err(err.Error())
		}
	}
	return nil
}

// severalTargets says what is wrong with targets beside each other.
func (h *API) severalTargets() error {
	if n := len(h.RehearsalTargets); n > maxTargets {
		return fmt.Errorf("rehearse: %d targets: at most %d", n, maxTargets)
	}
	for i, t := range h.RehearsalTargets {
		if slices.ContainsFunc(h.RehearsalTargets[:i], func(other against.Service) bool { return other.Name == t.Name }) {
			return fmt.Errorf("target %s: named twice: give one of them another name", t.Name)
		}
	}
	return nil
}

func parseTarget(d *caddyfile.Dispenser) (t against.Service, err error) {
	args := d.RemainingArgs()
	if len(args) != 2 {
		return t, d.Err("target: write a name and an address, like: target staging https://staging.example.com")
	}
	t.Name, t.URL = args[0], args[1]
	words := map[string]func([]string) error{
		"message": func(args []string) (err error) { t.Message, err = parseTargetRequest(args); return err },
		"login":   func(args []string) (err error) { t.Login, err = parseTargetRequest(args); return err },
		"sync":    func(args []string) (err error) { t.Sync, err = parseTargetRequest(args); return err },
		"header":  func(args []string) error { return parseTargetHeader(args, &t) },
		"most": func(args []string) (err error) {
			if len(args) != 1 {
				return errors.New("write one number of requests a second, like: most 500")
			}
			if t.Most, err = strconv.Atoi(args[0]); err != nil || t.Most == 0 {
				return fmt.Errorf("%q: write a number of requests a second, like: most 500", args[0])
			}
			return nil
		},
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		read, ok := words[word]
		if !ok {
			return t, d.Errf("target %s: unknown word %q%s", t.Name, word, didYouMean(word, []string{"message", "login", "sync", "header", "most"}))
		}
		if err := read(d.RemainingArgs()); err != nil {
			return t, d.Errf("target %s: %s: %v", t.Name, word, err)
		}
	}
	if err := t.WithDefaults().Validate(); err != nil {
		return t, d.Err(err.Error())
	}
	return t, nil
}

// parseTargetRequest reads a method, a path and, where there is one, a body.
func parseTargetRequest(args []string) (against.Request, error) {
	if len(args) < 2 || len(args) > 3 {
		return against.Request{}, errors.New("write method, path and, in backticks, a body, like: POST /api/messages `{\"text\":\"hello\"}`")
	}
	return against.ParseRequest(strings.Join(args, " "))
}

func parseTargetHeader(args []string, t *against.Service) error {
	if len(args) != 2 {
		return errors.New("write a name and a value, like: header Authorization \"Bearer {env.STAGING_TOKEN}\"")
	}
	if t.Headers == nil {
		t.Headers = map[string]string{}
	}
	if _, twice := t.Headers[args[0]]; twice {
		return fmt.Errorf("%s: given twice", args[0])
	}
	t.Headers[args[0]] = args[1]
	return nil
}

// targets are those of the configuration, whole, with what the environment has
// to say in their headers. Nothing is dialled.
func (h *API) targets() ([]against.Service, error) {
	repl := caddy.NewReplacer()
	var all []against.Service
	errs := []error{h.severalTargets()}
	for _, t := range h.RehearsalTargets {
		t = t.WithDefaults()
		headers := make(map[string]string, len(t.Headers))
		for name, value := range t.Headers {
			out, err := repl.ReplaceOrErr(value, true, true)
			if err != nil {
				errs = append(errs, fmt.Errorf("target %s: header %s: %w", t.Name, name, err))
			}
			headers[name] = out
		}
		t.Headers = headers
		all, errs = append(all, t), append(errs, t.Validate())
	}
	return all, errors.Join(errs...)
}

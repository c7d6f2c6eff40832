package gateway

import (
	"context"
	"errors"
	"io"
	"maps"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/daero/daero/api"
)

// proposed is the name of the file in which a proposal stands.
const proposed = "proposal"

// proposal reads a playbook that somebody thinks of, as the Caddyfile's own
// parser does, against the lanes, channels and webhooks in force. Nothing is
// changed, nothing is contacted, and no file and no environment is read: it is
// text from elsewhere.
func (r *runtime) proposal(_ context.Context, text string) (api.PlaybookDraft, error) {
	app := r.newest()
	if app == nil {
		app = &App{}
	}
	out := api.PlaybookDraft{InForce: app.Playbook.text()}
	trial := &App{
		Level: app.Level, Channels: app.Channels, Webhooks: maps.Clone(app.Webhooks), Relay: app.Relay, Captcha: app.Captcha,
	}
	errs := trial.readProposal(text)
	if trial.Playbook != nil {
		d := trial.draft(app.declaredLanes())
		// What is wrong with the configuration around it is not the proposal's.
		for _, m := range d.errs {
			if m.file == proposed {
				errs = append(errs, m)
			}
		}
		if len(errs) == 0 {
			out.Book, out.Text = d.book, trial.Playbook.text()
		}
	}
	for _, m := range errs {
		out.Mistakes = append(out.Mistakes, api.PlaybookMistake{Line: m.line, What: m.what})
	}
	return out, nil
}

// noPlaybook is what is wrong with a proposal that has none.
var noPlaybook = []mistake{{proposed, 1, `there is no playbook in it: write it like "playbook { at caution { … } }"`}}

// readProposal reads the blocks of a proposal.
func (a *App) readProposal(text string) []mistake {
	tokens, err := caddyfile.Tokenize([]byte(text), proposed)
	if errors.Is(err, io.EOF) || err == nil && len(tokens) == 0 {
		return noPlaybook
	}
	if err != nil {
		return []mistake{{proposed, 1, "it cannot be read: " + err.Error()}}
	}
	d := caddyfile.NewDispenser(tokens)
	p := &globalParser{app: a, at: map[string]place{}, damaged: map[string]bool{}, proposal: true}
	for d.Next() {
		if d.Val() != "playbook" {
			p.bad(d, "%s: a proposal is a playbook: write it like \"playbook { at caution { … } }\"", d.Val())
			break
		}
		p.playbook(d)
	}
	if a.Playbook == nil && len(p.errs) == 0 {
		return noPlaybook
	}
	if err := balanced(tokens); err != "" {
		p.errs = append(p.errs, mistake{proposed, tokens[len(tokens)-1].Line, err})
	}
	return p.errs
}

// balanced says if a block is not closed.
func balanced(tokens []caddyfile.Token) string {
	depth := 0
	for _, t := range tokens {
		switch {
		case t.Quoted():
		case t.Text == "{":
			depth++
		case t.Text == "}":
			depth--
		}
	}
	if depth > 0 {
		return "a block is not closed: write its \"}\" on a line of its own"
	}
	return ""
}

// known reports whether a proposal's webhook is one in force, by the name that
// is shown for its address.
func (p *globalParser) known(target string) bool {
	_, there := p.app.Webhooks[target]
	return p.proposal && there && strings.Contains(target, "://")
}

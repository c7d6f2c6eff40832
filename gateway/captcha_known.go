package gateway

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/daero/daero/playbook"
)

// challenges checks that some site serves what a playbook asks: else whoever is
// challenged is shown a page on which nothing works.
func (a *App) challenges(ctx caddy.Context, d *draft) {
	for _, act := range d.book.Actions {
		if act.Kind == playbook.Challenge && a.Captcha != nil && !a.servesCaptcha(ctx) {
			d.bad(act.Where, "%s: no site serves what is asked: add daero_captcha to the site of the lane", act.Slot())
			return
		}
	}
}

// servesCaptcha reports whether a site of this configuration serves the CAPTCHA.
// Sites are provisioned before or after us, as with lanes: see knownLanes.
func (a *App) servesCaptcha(ctx caddy.Context) bool {
	if a.captchaServed {
		return true
	}
	app, err := ctx.AppIfConfigured("http")
	http, ok := app.(*caddyhttp.App)
	if err != nil || !ok {
		return a.captchaServed
	}
	raw, err := json.Marshal(http)
	var tree any
	if err != nil || json.Unmarshal(raw, &tree) != nil {
		return true // what is mistaken there is said there
	}
	return a.captchaServed || handlerIn(tree, captchaDirective)
}

// handlerIn reports whether a handler stands anywhere in a configuration.
func handlerIn(tree any, name string) bool {
	switch node := tree.(type) {
	case []any:
		for _, child := range node {
			if handlerIn(child, name) {
				return true
			}
		}
	case map[string]any:
		if node["handler"] == name {
			return true
		}
		for _, child := range node {
			if handlerIn(child, name) {
				return true
			}
		}
	}
	return false
}

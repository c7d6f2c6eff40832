package gateway

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// captcha reads the CAPTCHA:
//
//	captcha {
//		sqlite    <file>
//		postgres  <url>
//		valkey    <url>
//		osm       <file>
//		pool      <number>
//		clearance <duration>
//		base      <url>
//		test_keys
//	}
func (p *globalParser) captcha(d *caddyfile.Dispenser) {
	if !p.first(d, "captcha") {
		return
	}
	cfg := &CaptchaConfig{Where: placeOf(d).String()}
	p.app.Captcha = cfg
	p.noArgs(d, "captcha {")
	before := len(p.errs)
	one := func(into *string, example string) func(*caddyfile.Dispenser) {
		return func(d *caddyfile.Dispenser) {
			if p.first(d, "captcha "+d.Val()) {
				*into, _ = p.one(d, example)
			}
		}
	}
	p.block(d, []word{
		{"sqlite", one(&cfg.SQLite, "/var/lib/daero/captcha.db")},
		{"postgres", one(&cfg.Postgres, "postgres://daero@db.example.com/daero")},
		{"valkey", one(&cfg.Valkey, "valkey://cache.example.com:6379")},
		{"osm", one(&cfg.OSM, "/var/lib/daero/city.osm.pbf")},
		{"base", one(&cfg.Base, "https://captcha.example.com")},
		{"pool", func(d *caddyfile.Dispenser) { cfg.Pool = p.number(d, "500", maxCaptchaPool) }},
		{"clearance", func(d *caddyfile.Dispenser) { cfg.Clearance = p.duration(d, "30m") }},
		{"test_keys", func(d *caddyfile.Dispenser) { cfg.TestKeys = p.flag(d) }},
	}, nil)
	if len(p.errs) == before {
		p.errs = append(p.errs, p.app.drawCaptcha()...)
	}
}

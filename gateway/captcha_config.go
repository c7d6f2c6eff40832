package gateway

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// CaptchaConfig describes the CAPTCHA. The empty one keeps its sites in a file
// and everything else in memory: enough for one gateway.
type CaptchaConfig struct {
	// SQLite is the file that sites and statistics are kept in. Default: daero.db
	// beside what Caddy keeps.
	SQLite string `json:"sqlite,omitempty"`
	// Postgres is the address of a database to keep them in instead, for several
	// gateways. Placeholders are replaced.
	Postgres string `json:"postgres,omitempty"`
	// Valkey is the address of the Valkey or Redis that knows which challenges are
	// open, which tokens were redeemed and how much each network asked for, for
	// several gateways. Placeholders are replaced. Default: memory, which ends with
	// the process.
	Valkey string `json:"valkey,omitempty"`
	// OSM is a file of OpenStreetMap, .osm.pbf, whose streets the maps have. Names
	// stay made up. Default: streets are made up, too.
	OSM string `json:"osm,omitempty"`
	// Pool is how many maps are kept drawn ahead per language. Default 500, which
	// is 36 MB for each.
	Pool int `json:"pool,omitempty"`
	// TestKeys puts the published test keys in force, our own and those of the
	// contracts that others wrote.
	TestKeys bool `json:"test_keys,omitempty"`
	// Clearance is how long somebody who was challenged and passed is not asked
	// again. Default 30m, 1m to 24h.
	Clearance caddy.Duration `json:"clearance,omitempty"`
	// Base is where browsers find the CAPTCHA, like https://captcha.example.com:
	// it is shown to who makes a site. Default: it is not said.
	Base string `json:"base,omitempty"`
	// Where is the block's place, FILE:LINE, for messages.
	Where string `json:"where,omitempty"`
}

// Bounds of a CaptchaConfig.
const (
	maxCaptchaPool = 50_000
	minClearance   = time.Minute
	maxClearance   = 24 * time.Hour
)

// captchaSchemes are what addresses begin with.
var (
	postgresSchemes = []string{"postgres", "postgresql"}
	valkeySchemes   = []string{"valkey", "valkeys", "redis", "rediss"}
)

// check says what is wrong that can be seen without replacing placeholders and
// without asking anybody.
func (c *CaptchaConfig) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.SQLite != "" && c.Postgres != "" {
		bad("sites are kept in one place: keep one of sqlite and postgres")
	}
	if c.Postgres != "" && !hasScheme(c.Postgres, postgresSchemes) {
		bad("postgres: not the address of a database: write it like postgres://daero@db.example.com/daero?sslmode=verify-full")
	}
	if c.Valkey != "" && !hasScheme(c.Valkey, valkeySchemes) {
		bad("valkey: not the address of a Valkey or Redis: write it like valkey://cache.example.com:6379, or valkeys:// for TLS")
	}
	if c.OSM != "" && !strings.HasSuffix(c.OSM, ".pbf") && !strings.Contains(c.OSM, "{") {
		bad("osm %s: must be a file that ends with .osm.pbf", c.OSM)
	}
	if c.Pool < 0 || c.Pool > maxCaptchaPool {
		bad("pool %d: must be 1 to %d maps", c.Pool, maxCaptchaPool)
	}
	if v := time.Duration(c.Clearance); v != 0 && (v < minClearance || v > maxClearance) {
		bad("clearance %s: must be 1m to 24h", v)
	}
	if c.Base != "" && !strings.Contains(c.Base, "{") {
		if u, err := url.Parse(c.Base); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			bad("base %s: must be where browsers find the captcha, like https://captcha.example.com", c.Base)
		}
	}
	return errors.Join(errs...)
}

// hasScheme reports whether an address begins with one of schemes, or cannot be
// seen yet. An address may hold a password, so it stands in no message.
func hasScheme(address string, schemes []string) bool {
	if strings.HasPrefix(address, "{") {
		return true
	}
	scheme, rest, found := strings.Cut(address, "://")
	return found && rest != "" && slices.Contains(schemes, scheme)
}

// drawCaptcha says where what is wrong stands.
func (a *App) drawCaptcha() (errs []mistake) {
	if a.Captcha == nil {
		return nil
	}
	if err := a.Captcha.check(); err != nil {
		for _, one := range strings.Split(err.Error(), "\n") {
			errs = append(errs, mistakeAt(a.Captcha.Where, "captcha: "+one))
		}
	}
	return errs
}

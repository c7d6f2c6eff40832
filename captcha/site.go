package captcha

import (
	"context"
	"errors"
	"time"
)

// Site is one customer of the platform: a form, an app or an API.
type Site struct {
	// Key is public and names the site in pages: 40 characters of A-Z a-z 0-9 _ -.
	Key  string
	Name string
	// Hosts may show the widget: "shop.example.com", "*.example.com", "localhost".
	// A port is not looked at. Empty: none may, except for native apps. "app:" is
	// any native app, "app:com.example.shop" the one that says so; see ShownOn.
	Hosts []string
	// Langs are the languages that questions are asked in, the first one where the
	// visitor's is not among them. Empty: ko, en.
	Langs  []string
	Policy Policy
	// Secrets are those that are good for verifying, the newest first. While one
	// is being replaced there are two.
	Secrets []Secret
	Created time.Time
	Changed time.Time
	// Disabled sites give no challenges and verify nothing.
	Disabled bool
	// Retired is when it was taken away, of sites out of a [SiteBin] alone.
	Retired time.Time
}

// Secret is what a site's server proves itself with. Only its hash is kept.
type Secret struct {
	Hash    [32]byte // SHA-256
	Created time.Time
	Expires time.Time // zero: never
}

// Policy is how hard a site's visitors are asked. The zero Policy is the default.
type Policy struct {
	// Ask says when a question is asked: [AskRisk], [AskNever], [AskAlways].
	Ask Ask
	// Level of the map's hardening for those who seem like people, 0 to 4;
	// nil: 2. Those who do not get one more, up to 4.
	Level *int
	// Work is how long the proof of work takes on a usual device. Default 400 ms.
	Work time.Duration
	// BindPrefix binds challenges and tokens to the visitor's /24 or /48.
	BindPrefix bool
	// Budgets per prefix and minute, and per site and minute; 0 is the default.
	PrefixChallenges int // default 60
	PrefixMisses     int // default 20
	PrefixAudio      int // default 20
	SiteChallenges   int // default 60,000
	// Tokens per prefix and hour. Beyond PrefixTokens every pass needs a question,
	// or, where nobody is asked, more work; beyond PrefixMost there is a wait. An
	// attacker without answers gets PrefixTokens an hour out of a prefix, one with
	// answers PrefixMost. The defaults leave room for a carrier that puts its
	// customers behind few addresses: of 100,000 passes an hour in a country half
	// come by phone, through some 500 prefixes, which is 100 each, and six times
	// that in a rush. A site with fewer visitors lowers both.
	PrefixTokens int // default 60
	PrefixMost   int // default 600
}

// Ask says when a site's visitors are asked a question.
type Ask string

// When a question is asked.
const (
	AskRisk   Ask = ""       // where something looks automated
	AskNever  Ask = "never"  // proof of work alone
	AskAlways Ask = "always" // everyone is asked
)

// Sites keeps sites and what is counted about them. Package storetest holds what
// it must do.
type Sites interface {
	SiteStore
	CountStore
}

// SiteStore keeps sites.
type SiteStore interface {
	// AddSite keeps a new site. A key that is there is ErrSiteExists.
	AddSite(ctx context.Context, s Site) error
	// Site returns a site, ErrNoSite if there is none.
	Site(ctx context.Context, key string) (Site, error)
	// SiteBySecret returns the site that has a secret with that hash, expired or
	// not, ErrNoSite if there is none.
	SiteBySecret(ctx context.Context, hash [32]byte) (Site, error)
	// AllSites returns the sites, ordered by name, then key.
	AllSites(ctx context.Context) ([]Site, error)
	// ChangeSite puts s in the place of the site with its key, if that still has
	// Changed == was; ErrSiteChanged if not, ErrNoSite if it is gone.
	ChangeSite(ctx context.Context, s Site, was time.Time) error
	// RemoveSite removes a site and its counts, for good. Removing none is
	// ErrNoSite.
	RemoveSite(ctx context.Context, key string) error
}

// SiteBin keeps sites that were taken away, with their secrets and counts, so
// that they can come back. To a [SiteStore] they are not there: their keys may be
// given to others, which forgets them.
type SiteBin interface {
	// RetireSite takes a site away, if it still has Changed == was;
	// ErrSiteChanged if not, ErrNoSite if there is none.
	RetireSite(ctx context.Context, key string, was, at time.Time) error
	// RestoreSite brings a site back that was taken away at since or later, as it
	// was. ErrSiteExists if it is there, ErrNoSite if it is in neither place.
	RestoreSite(ctx context.Context, key string, since time.Time) error
	// RetiredSites returns those that were taken away at since or later, the last
	// first.
	RetiredSites(ctx context.Context, since time.Time) ([]Site, error)
}

// CountStore keeps what was counted, per site, hour and name.
type CountStore interface {
	// AddCounts adds to what is there, all or nothing.
	AddCounts(ctx context.Context, all []Count) error
	// Counts returns a site's counts of the hours in [from, to), ordered by hour
	// and name.
	Counts(ctx context.Context, site string, from, to time.Time) ([]Count, error)
}

// Count is how often something happened at a site in an hour.
type Count struct {
	Site string
	Hour time.Time // its beginning, UTC
	Name string    // see stats.go
	N    int64
}

// What a store says.
var (
	ErrNoSite      = errors.New("no such site")
	ErrSiteExists  = errors.New("there is a site with that key")
	ErrSiteChanged = errors.New("the site has been changed by someone else: read it again")
)

package audit

// What people do to the captcha's sites.
const (
	SiteAdded   = "captcha.site_added"
	SiteChanged = "captcha.site_changed"
	SiteRemoved = "captcha.site_removed"
	SiteRotated = "captcha.secret_rotated" // Until says how long the old one is good
)

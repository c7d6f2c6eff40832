package audit

// What people do to the captcha's sites.
const (
	SiteAdded   = "captcha.site_added"
	SiteChanged = "captcha.site_changed"
	SiteRemoved = "captcha.site_removed"
	SiteRotated = "captcha.secret_rotated" // Until says how long the old one is good
	// SiteRestored: a site that was removed is there again, with its secrets and
	// what was counted.
	SiteRestored = "captcha.site_restored"
	// SiteSecretBack: a rotation was undone, so that the secret of before is good
	// and the newer one is not.
	SiteSecretBack = "captcha.secret_back"
)

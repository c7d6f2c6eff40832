-- The captcha's sites, and what is counted about them: captcha.Sites. hosts,
-- langs and policy are JSON.
CREATE TABLE captcha_sites (
	key      TEXT PRIMARY KEY,
	name     TEXT NOT NULL,
	hosts    TEXT NOT NULL,
	langs    TEXT NOT NULL,
	policy   TEXT NOT NULL,
	disabled INTEGER NOT NULL,
	created  INTEGER NOT NULL,
	changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Hashes of secrets. No two sites have the same: a secret says whose it is.
CREATE TABLE captcha_secrets (
	hash    BLOB PRIMARY KEY,
	site    TEXT NOT NULL REFERENCES captcha_sites ON DELETE CASCADE,
	place   INTEGER NOT NULL, -- the newest is first
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX captcha_secrets_site ON captcha_secrets (site);

CREATE TABLE captcha_counts (
	site TEXT NOT NULL REFERENCES captcha_sites ON DELETE CASCADE,
	hour INTEGER NOT NULL, -- hours since 1970, UTC
	name TEXT NOT NULL,
	n    INTEGER NOT NULL,
	PRIMARY KEY (site, hour, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX captcha_counts_hour ON captcha_counts (hour);

-- The captcha's sites, and what is counted about them: captcha.Sites. Texts are
-- ordered by their bytes, as Go does it, whatever the database's language.
CREATE TABLE daero_captcha_sites (
	key      text COLLATE "C" PRIMARY KEY,
	name     text COLLATE "C" NOT NULL,
	hosts    jsonb            NOT NULL,
	langs    jsonb            NOT NULL,
	policy   jsonb            NOT NULL,
	disabled boolean          NOT NULL,
	created  timestamptz, -- null for none, here and below
	changed  timestamptz
);

-- Hashes of secrets. No two sites have the same: a secret says whose it is.
CREATE TABLE daero_captcha_secrets (
	hash    bytea            PRIMARY KEY,
	site    text COLLATE "C" NOT NULL REFERENCES daero_captcha_sites ON DELETE CASCADE,
	place   integer          NOT NULL, -- the newest is first
	created timestamptz,
	expires timestamptz
);
CREATE INDEX daero_captcha_secrets_site ON daero_captcha_secrets (site);

CREATE TABLE daero_captcha_counts (
	site text COLLATE "C" NOT NULL REFERENCES daero_captcha_sites ON DELETE CASCADE,
	hour timestamptz      NOT NULL,
	name text COLLATE "C" NOT NULL,
	n    bigint           NOT NULL,
	PRIMARY KEY (site, hour, name)
);
CREATE INDEX daero_captcha_counts_hour ON daero_captcha_counts (hour);

-- The hours that still count are written again and again: room beside each row
-- lets its new version stand there, without a new entry in the indexes.
ALTER TABLE daero_captcha_counts SET (fillfactor = 70);

-- Passwords of operators: hashes, '' for those who have none.
ALTER TABLE operators ADD COLUMN password TEXT NOT NULL DEFAULT '';

-- The operator (the ID of the token) that a link is for; '' makes the first.
ALTER TABLE logins ADD COLUMN operator TEXT NOT NULL DEFAULT '';

-- What browsers are logged in with. operator is the ID of the token, '' where
-- the account is kept elsewhere.
CREATE TABLE sessions (
	hash      TEXT PRIMARY KEY, -- of the secret
	id        TEXT NOT NULL UNIQUE,
	operator  TEXT NOT NULL,
	name      TEXT NOT NULL,
	role      TEXT NOT NULL,
	via       TEXT NOT NULL,
	origin    TEXT NOT NULL, -- an address
	created   INTEGER NOT NULL,
	last_used INTEGER NOT NULL,
	ends      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_name ON sessions (name);
CREATE INDEX sessions_operator ON sessions (operator);

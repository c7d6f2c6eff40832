-- What receivers have done, or are doing: package relay/inbox. token is who
-- has claimed a key; status is set once it is done.
CREATE TABLE daero_inbox (
	key          bytea       PRIMARY KEY,
	content      bytea       NOT NULL,
	token        bytea       NOT NULL,
	until        timestamptz NOT NULL,
	forget       timestamptz NOT NULL,
	status       integer,
	content_type text,
	body         bytea,
	cut          boolean     NOT NULL DEFAULT false
);

CREATE INDEX daero_inbox_forget ON daero_inbox (forget);

-- Keys that were done in a transaction of the service's own: inbox.Once.
CREATE TABLE IF NOT EXISTS daero_once (
	key bytea PRIMARY KEY,
	at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

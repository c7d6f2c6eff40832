-- Times are nanoseconds since 1970 in UTC, 0 for none.
CREATE TABLE audit (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	at     INTEGER NOT NULL,
	who    TEXT NOT NULL,
	what   TEXT NOT NULL,
	target TEXT NOT NULL,
	before TEXT NOT NULL,
	after  TEXT NOT NULL,
	why    TEXT NOT NULL,
	until  INTEGER NOT NULL,
	shadow INTEGER NOT NULL,
	share  REAL NOT NULL,
	node   TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_what ON audit (what);

-- Has a row only amid a pruning: entries up to it may be removed.
CREATE TABLE pruning (upto INTEGER NOT NULL) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.id > (SELECT coalesce(max(upto), 0) FROM pruning)
BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
-- INSERT OR REPLACE would remove the row without asking the trigger above.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;

CREATE TABLE operators (
	id        TEXT PRIMARY KEY, -- of the token
	name      TEXT NOT NULL,
	role      TEXT NOT NULL,
	hash      TEXT NOT NULL,
	created   INTEGER NOT NULL,
	last_used INTEGER NOT NULL DEFAULT 0,
	revoked   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX operators_name ON operators (name) WHERE revoked = 0;

CREATE TABLE logins (
	hash    TEXT PRIMARY KEY,
	expires INTEGER NOT NULL,
	used    INTEGER NOT NULL DEFAULT 0
) STRICT;

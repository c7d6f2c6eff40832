-- Times are nanoseconds since 1970 in UTC, 0 for none.
CREATE TABLE answers (
	id     TEXT PRIMARY KEY,
	ticket TEXT NOT NULL,
	lane   TEXT NOT NULL,
	state  TEXT NOT NULL,
	status INTEGER NOT NULL,
	header BLOB NOT NULL, -- as HTTP/1 writes it
	body   BLOB NOT NULL,
	cut    INTEGER NOT NULL,
	tried  INTEGER NOT NULL,
	taken  INTEGER NOT NULL,
	at     INTEGER NOT NULL,
	until  INTEGER NOT NULL,
	size   INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_until ON answers (until);

-- How much all answers hold, in one row, so that nobody has to add it up.
CREATE TABLE held (bytes INTEGER NOT NULL) STRICT;
INSERT INTO held VALUES (0);
CREATE TRIGGER answers_added AFTER INSERT ON answers
BEGIN UPDATE held SET bytes = bytes + NEW.size; END;
CREATE TRIGGER answers_removed AFTER DELETE ON answers
BEGIN UPDATE held SET bytes = bytes - OLD.size; END;

-- Messages that wait to be appended to a log. xid stands before seq, so that a
-- transaction has its number before a row has its own: the forwarder relies on
-- it. For the same reason the sequence must not be given a cache.
CREATE TABLE daero_outbox (
	xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
	seq        bigserial   PRIMARY KEY,
	id         uuid        NOT NULL DEFAULT gen_random_uuid(),
	topic      text        NOT NULL,
	key        bytea,
	value      bytea       NOT NULL,
	headers    jsonb       NOT NULL DEFAULT '[]',
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A queue turns over all of its rows: vacuum by how many died, not by share.
ALTER TABLE daero_outbox SET (
	autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
	autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);

-- Rows that the log will never take. They are kept for people.
CREATE TABLE daero_outbox_dead (
	seq        bigint      PRIMARY KEY,
	id         uuid        NOT NULL,
	topic      text        NOT NULL,
	key        bytea,
	value      bytea       NOT NULL,
	headers    jsonb       NOT NULL,
	created_at timestamptz NOT NULL,
	died_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
	reason     text        NOT NULL
);

-- Wakes the forwarder. Transactions that notify commit one after the other;
-- where that shows, ALTER TABLE daero_outbox DISABLE TRIGGER daero_outbox_wake:
-- then the forwarder looks once a second.
CREATE FUNCTION daero_outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('daero_outbox', '');
	RETURN NULL;
END $$;

CREATE TRIGGER daero_outbox_wake AFTER INSERT ON daero_outbox
	FOR EACH STATEMENT EXECUTE FUNCTION daero_outbox_wake();

-- What undoes an entry, as JSON; '' where nothing does.
ALTER TABLE audit ADD COLUMN undo TEXT NOT NULL DEFAULT '';

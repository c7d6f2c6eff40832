package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed migrations/*.sql migrations/answers/*.sql
var migrations embed.FS

// migrate runs the migrations that the file has not seen, in the order of
// their names, all or none. How many it has seen is its user_version.
func (s *file) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, s.scripts+"/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	return s.within(ctx, func(tx *sql.Tx) error {
		var seen int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&seen); err != nil {
			return err
		}
		if seen > len(names) {
			return fmt.Errorf("made by a newer daero (its version %d, known here %d): update this daero", seen, len(names))
		}
		for _, name := range names[seen:] {
			script, err := migrations.ReadFile(name)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(script)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if seen == len(names) {
			return nil
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(names)))
		return err
	})
}

package store

import (
	"context"
	"database/sql"
	"fmt"
)

// ForgetDerived forgets all that is derived from the journal, damaged or not. The next engine
// that opens the database makes the index and the snapshots again. Call it while no engine is open
// on the database.
func ForgetDerived(ctx context.Context, db Database) error {
	err := db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM run_meta`) // the chunks of runs are swept
		return err
	})
	if err != nil {
		return fmt.Errorf("forget what is derived from the journal: %w", err)
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
)

// ForgetDerived forgets all that is derived from the journal, damaged or not. The next engine
// that opens the database makes the index and the snapshots again, and Sums the sums. Call it
// while no engine is open on the database.
func ForgetDerived(ctx context.Context, db Database) error {
	err := db.Write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"run_meta", "ledger_sums_head", "ledger_sums", "deposits"} { // the chunks of runs are swept
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget what is derived from the journal: %w", err)
	}
	return nil
}

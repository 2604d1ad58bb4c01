package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
)

// checkStaffLog follows the chain of the staff's log from its first line to its head.
func checkStaffLog(ctx context.Context, db store.Database, report *audit.Report) error {
	err := store.Snapshot(ctx, db, func(tx *sql.Tx) error {
		number, head, err := store.StaffLogHead(ctx, tx)
		if errors.Is(err, sql.ErrNoRows) {
			report.Fault(audit.StaffLog, "the staff log has no head")
			return nil
		}
		if err != nil {
			return err
		}
		last := staff.Line{}
		err = store.WalkStaffLog(ctx, tx, func(line *staff.Line) {
			report.Checked(audit.StaffLog, 1)
			if line.Number != last.Number+1 {
				report.Fault(audit.StaffLog, "line %d of the staff log follows line %d", line.Number, last.Number)
			}
			if line.Prev != last.Hash {
				report.Fault(audit.StaffLog, "line %d of the staff log does not follow the line before it", line.Number)
			}
			if line.Sum() != line.Hash {
				report.Fault(audit.StaffLog, "line %d of the staff log is not what was written: its hash is another", line.Number)
			}
			last = *line
		})
		if errors.Is(err, store.ErrUnreadable) {
			report.Fault(audit.StaffLog, "the line behind line %d of the staff log is none: %v", last.Number, err)
			return nil
		}
		if err != nil {
			return err
		}
		if last.Number != number || last.Hash != head {
			report.Fault(audit.StaffLog, "the staff log ends with line %d, and its head is line %d, or has another hash", last.Number, number)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the staff log: %w", err)
	}
	return nil
}

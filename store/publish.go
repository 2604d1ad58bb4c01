package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/journal"
)

// errOvertaken says that somebody else published meanwhile.
var errOvertaken = errors.New("another process published runs meanwhile")

// publish makes new runs visible in place of old ones, in one transaction. It refuses
// where the runs are not those that this process knows, and with ErrOtherJournal where the
// journal does not hold head: what was made from another one would be taken for this one's.
// Runs that only stand for others in the list need no head, and have the zero one.
func (x *index) publish(ctx context.Context, added, removed []*run, head journal.Head) error {
	err := x.writeBehind(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := x.checkUnchanged(ctx, tx); err != nil {
			return err
		}
		if err := checkHolds(ctx, tx, head); err != nil {
			return err
		}
		if len(removed) == 0 && added[0].first != x.flushedTo()+1 { // made before a start anew: there would be a gap
			return errOvertaken
		}
		for _, r := range removed {
			result, err := tx.ExecContext(ctx, `DELETE FROM run_meta WHERE id = $1 AND salt = $2`, r.id, r.salt)
			if err != nil {
				return fmt.Errorf("remove run: %w", err)
			}
			if n, err := result.RowsAffected(); err != nil || n != 1 {
				return errors.Join(errOvertaken, err)
			}
		}
		for _, r := range added {
			if err := x.checkWhole(ctx, tx, r); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO run_meta (id, kind, level, first_seq, last_seq, count, chunks, pieces, salt, checksum, format) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 2)`,
				r.id, int64(r.kind), r.level, int64(r.first), int64(r.last), r.count, r.chunks, r.pieces, r.salt, r.checksum()); err != nil {
				return fmt.Errorf("add run: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.reload(ctx, added...)
}

// checkUnchanged locks the runs against other publishers and compares them with what
// this process knows.
func (x *index) checkUnchanged(ctx context.Context, tx *sql.Tx) error {
	if err := x.lockRuns(ctx, tx); err != nil {
		return err
	}
	var count, sum int64
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(checksum), 0) FROM run_meta`).Scan(&count, &sum); err != nil {
		return fmt.Errorf("check runs: %w", err)
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, runs := range x.runs {
		for _, r := range runs {
			count--
			sum -= r.checksum()
		}
	}
	if count != 0 || sum != 0 {
		return errOvertaken
	}
	return nil
}

// checkHolds refuses where a block of the journal does not end with head.
func checkHolds(ctx context.Context, tx *sql.Tx, head journal.Head) error {
	if head.Seq == 0 {
		return nil
	}
	var last int64
	var hash journal.Hash
	err := tx.QueryRowContext(ctx, `SELECT first + count - 1, hash FROM block WHERE first <= $1 ORDER BY first DESC LIMIT 1`, int64(head.Seq)).
		Scan(&last, digest32{(*[32]byte)(&hash)})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("check the journal: %w", err)
	}
	if uint64(last) != head.Seq || hash != head.Hash {
		return fmt.Errorf("%w: its entry %d is not the one that this server knows", ErrOtherJournal, head.Seq)
	}
	return nil
}

// lockRuns keeps other processes from publishing and deleting until tx ends.
func (x *index) lockRuns(ctx context.Context, tx *sql.Tx) error {
	if !x.db.Shared() {
		return nil
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `SELECT id FROM journal_lock WHERE id = 3 FOR UPDATE`).Scan(&id); err != nil {
		return fmt.Errorf("lock runs: %w", err)
	}
	return nil
}

// checkWhole refuses to publish a run of which another process, which took this one for
// dead, has swept something away.
func (x *index) checkWhole(ctx context.Context, tx *sql.Tx, r *run) error {
	if !x.db.Shared() {
		return nil
	}
	var chunks, pieces int64
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM run_data WHERE id >= $1 AND id < $2), (SELECT COUNT(*) FROM run_guide WHERE id >= $1 AND id < $2)`,
		rowID(r.id, 0), rowID(r.id+1, 0)).Scan(&chunks, &pieces); err != nil {
		return fmt.Errorf("check run: %w", err)
	}
	if chunks != r.chunks || pieces != r.pieces {
		return errOvertaken
	}
	return nil
}

// reserve returns the first of n ids that no run has ever had, as far as a reader of
// this process may remember: a chunk that was read under an id stays that chunk. Only
// the process that maintains the runs asks.
func (x *index) reserve(ctx context.Context, n int64) (int64, error) {
	var published, written int64
	err := x.ask(ctx, `SELECT (SELECT COALESCE(MAX(id), 0) FROM run_meta), (SELECT COALESCE(MAX(id), 0) FROM run_data)`, nil, &published, &written)
	if err != nil {
		return 0, fmt.Errorf("number a run: %w", err)
	}
	first := max(x.reserved, published, written/chunksPerRun) + 1
	x.reserved = first + n - 1
	return first, nil
}

// sweep deletes the chunks of runs that are not published: merged away, or left by a
// process that stopped while it wrote them.
func (x *index) sweep(ctx context.Context) error {
	if _, err := x.reserve(ctx, 1); err != nil { // the ids that are swept are not given again
		return err
	}
	for _, table := range []string{"run_data", "run_guide"} {
		from := int64(0)
		for range maxRuns {
			var id sql.NullInt64
			if err := x.ask(ctx, `SELECT MIN(id) FROM `+table+` WHERE id >= $1`, []any{from}, &id); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if !id.Valid {
				break
			}
			run := id.Int64 / chunksPerRun
			from = rowID(run+1, 0)
			var published int64
			if err := x.ask(ctx, `SELECT COUNT(*) FROM run_meta WHERE id = $1`, []any{run}, &published); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if published == 0 {
				if err := x.deleteRows(ctx, table, run); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// maxRuns bounds how many runs one sweep looks at; there are some dozens.
const maxRuns = 10_000

// rowsPerDelete bounds one transaction that deletes.
const rowsPerDelete = 512

// deleteRows deletes what a run has in a table, from its end, so that a piece that is
// left over still shows that there was a run.
func (x *index) deleteRows(ctx context.Context, table string, run int64) error {
	for {
		var last sql.NullInt64
		if err := x.ask(ctx, `SELECT MAX(id) FROM `+table+` WHERE id >= $1 AND id < $2`, []any{rowID(run, 0), rowID(run+1, 0)}, &last); err != nil {
			return fmt.Errorf("find the end of run %d: %w", run, err)
		}
		if !last.Valid {
			return nil
		}
		err := x.writeBehind(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := x.lockRuns(ctx, tx); err != nil {
				return err
			}
			var published int64
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM run_meta WHERE id = $1`, run).Scan(&published); err != nil {
				return err
			}
			if published != 0 {
				return errOvertaken
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE id > $1 AND id <= $2`, max(rowID(run, 0)-1, last.Int64-rowsPerDelete), last.Int64)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete run %d: %w", run, err)
		}
	}
}

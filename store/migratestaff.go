package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"farthing.dev/farthing/domain/staff"
)

// chainLog is migration 25: the lines of the staff's log that exist are numbered and chained, in
// their order. It also has earlier versions refuse the database, which know no approvals, and it
// says of each operator's key which person made it.
const chainLog = 25

var chainLogTables = []string{
	`ALTER TABLE operator_keys ADD COLUMN made_by TEXT NOT NULL DEFAULT ''`, // a user; empty for a command
	`ALTER TABLE staff_log RENAME TO staff_log_unchained`,
	// Rows are only ever added.
	`CREATE TABLE staff_log (
		number  BIGINT PRIMARY KEY, -- from 1 without a gap
		id      TEXT NOT NULL UNIQUE,
		at      BIGINT NOT NULL,
		actor   TEXT NOT NULL,
		action  TEXT NOT NULL,
		subject TEXT NOT NULL,
		detail  TEXT NOT NULL,
		prev    BYTEA NOT NULL, -- the hash of the line before
		hash    BYTEA NOT NULL
	)`,
	`CREATE TABLE staff_log_head (
		one    BIGINT PRIMARY KEY, -- 1
		number BIGINT NOT NULL,    -- of the newest line
		hash   BYTEA NOT NULL
	)`,
}

func chainMigration() *goose.Migration {
	return goose.NewGoMigration(chainLog, &goose.GoFunc{RunTx: ChainStaffLog}, nil)
}

// chainPage is how many lines are in memory at once.
const chainPage = 1000

// ChainStaffLog is what migration 25 does.
func ChainStaffLog(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range chainLogTables {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO staff_log_head (one, number, hash) VALUES (1, 0, $1)`, make([]byte, 32)); err != nil {
		return err
	}
	for last := ""; ; {
		acts, err := unchained(ctx, tx, last)
		if err != nil {
			return fmt.Errorf("read the staff's log: %w", err)
		}
		for _, act := range acts {
			if err := addAct(ctx, tx, act); err != nil {
				return err
			}
			last = act.ID.String()
		}
		if len(acts) < chainPage {
			break
		}
	}
	_, err := tx.ExecContext(ctx, `DROP TABLE staff_log_unchained`)
	return err
}

// unchained returns a page of the lines as they were.
func unchained(ctx context.Context, tx *sql.Tx, after string) ([]staff.Act, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, at, actor, action, subject, detail FROM staff_log_unchained WHERE id > $1 ORDER BY id LIMIT $2`, after, chainPage)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var acts []staff.Act
	for rows.Next() {
		var a staff.Act
		if err := rows.Scan(word{&a.ID}, &a.At, &a.Actor, &a.Action, &a.Subject, &a.Detail); err != nil {
			return nil, err
		}
		acts = append(acts, a)
	}
	return acts, rows.Err()
}

package projection

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/export"
)

// format numbers what the tables and views are. It grows with every change of them; a
// projection of another format is made again.
const format = 1

// dialect is the SQL that a target speaks.
type dialect uint8

const (
	sqlite dialect = iota
	postgres
)

// types are those of the columns: on SQLite times are texts as ISO 8601 writes them, and truths
// 1 or 0.
func (d dialect) typeOf(f export.Form) string {
	if d == sqlite {
		switch f {
		case export.Number, export.Amount, export.Truth:
			return "INTEGER"
		default:
			return "TEXT"
		}
	}
	switch f {
	case export.Number, export.Amount:
		return "bigint"
	case export.Moment:
		return "timestamptz"
	case export.Truth:
		return "boolean"
	default:
		return "text"
	}
}

// keys are the tables of the projection that are export's, and their primary keys.
var keys = map[export.Table]string{
	export.Entries:  "entry",
	export.Postings: "entry, leg",
	export.Orders:   "order_id",
}

// tables are in the order in which they are made.
func tables() []export.Table { return []export.Table{export.Entries, export.Postings, export.Orders} }

//go:embed tables.sql
var otherTables string

//go:embed views.sql
var views string

// create makes the tables and views.
func (t *Target) create(ctx context.Context, tx *sql.Tx) error {
	var made []string
	for _, table := range tables() {
		made = append(made, t.dialect.table(table))
	}
	for _, text := range []string{otherTables, views} {
		spelt, err := t.dialect.spell(text)
		if err != nil {
			return err
		}
		made = append(made, strings.Split(spelt, ";\n")...)
	}
	for _, statement := range made {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the projection's tables: %s: %w", statement, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO projection (format, entry, hash) VALUES ($1, 0, $2)`, format, strings.Repeat("0", 64)); err != nil {
		return fmt.Errorf("begin the projection: %w", err)
	}
	for _, row := range chart() {
		if _, err := tx.ExecContext(ctx, `INSERT INTO chart_of_accounts (code, account, kind, owner) VALUES ($1, $2, $3, $4)`, int64(row.code), row.code.String(), row.kind, row.owner); err != nil {
			return fmt.Errorf("write the chart of accounts: %w", err)
		}
	}
	return nil
}

// table is the statement that makes one of export's tables.
func (d dialect) table(t export.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", t)
	for _, c := range export.Columns(t) {
		fmt.Fprintf(&b, "%s %s", c.Name, d.typeOf(c.Form))
		if c.Always {
			b.WriteString(" NOT NULL")
		}
		b.WriteString(", ")
	}
	fmt.Fprintf(&b, "PRIMARY KEY (%s))", keys[t])
	if d == sqlite {
		b.WriteString(" STRICT, WITHOUT ROWID")
	}
	return b.String()
}

// spell fills in what the two databases spell differently.
func (d dialect) spell(text string) (string, error) {
	spelt, err := template.New("").Funcs(template.FuncMap{
		// major is an amount in major units: exact, and on SQLite a text, which it reckons with as
		// a number.
		"major": func(amount string) string {
			if d == postgres {
				return fmt.Sprintf("CAST((%s) / 1000000.0 AS numeric(24, 6))", amount)
			}
			return fmt.Sprintf("printf('%%s%%d.%%06d', CASE WHEN (%[1]s) < 0 THEN '-' ELSE '' END, abs(%[1]s) / 1000000, abs(%[1]s) %% 1000000)", amount)
		},
		// day is the day of a time, in UTC.
		"day": func(at string) string {
			if d == postgres {
				return fmt.Sprintf("CAST(%s AT TIME ZONE 'UTC' AS date)", at)
			}
			return fmt.Sprintf("substr(%s, 1, 10)", at)
		},
		"time":   func() string { return d.typeOf(export.Moment) },
		"number": func() string { return d.typeOf(export.Number) },
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = spelt.Execute(&b, nil)
	return b.String(), err
}

// clear empties the tables.
func (t *Target) clear(ctx context.Context, tx *sql.Tx) error {
	empty := "DELETE FROM "
	if t.dialect == postgres {
		empty = "TRUNCATE "
	}
	for _, table := range append(tables(), "balances") {
		if _, err := tx.ExecContext(ctx, empty+string(table)); err != nil {
			return fmt.Errorf("empty the projection: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE projection SET entry = 0, hash = $1, occurred_at = NULL`, strings.Repeat("0", 64)); err != nil {
		return fmt.Errorf("empty the projection: %w", err)
	}
	return nil
}

// drop drops the tables and views of another format: all that is in the schema or the file.
func (t *Target) drop(ctx context.Context, tx *sql.Tx) error {
	if t.dialect == postgres {
		_, err := tx.ExecContext(ctx, `DROP SCHEMA `+Schema+` CASCADE`)
		if err == nil {
			_, err = tx.ExecContext(ctx, `CREATE SCHEMA `+Schema)
		}
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY type DESC`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			return err
		}
		all = append(all, fmt.Sprintf(`DROP %s "%s"`, kind, strings.ReplaceAll(name, `"`, `""`)))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, statement := range all {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// charted is a row of the chart of accounts.
type charted struct {
	code        ledger.Code
	kind, owner string
}

// chart is the chart of accounts, as docs/chart-of-accounts.md has it.
func chart() []charted {
	return []charted{
		{ledger.Cash, "asset", "the provider"},
		{ledger.Wallet, "liability", "account"},
		{ledger.Held, "liability", "account"},
		{ledger.VendorPayable, "liability", "vendor"},
		{ledger.PayeePayable, "liability", "payee"},
		{ledger.Fee, "income", "the provider"},
		{ledger.Breakage, "income", "the provider"},
		{ledger.Promotion, "expense", "the provider"},
		{ledger.Referral, "expense", "the provider"},
		{ledger.Chargeback, "expense", "the provider"},
		{ledger.IncentiveIssued, "contra", "campaign"},
		{ledger.TestIssued, "contra", "the provider"},
	}
}

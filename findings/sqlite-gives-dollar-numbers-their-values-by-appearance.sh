#!/usr/bin/env bash
# github.com/ncruces/go-sqlite3 v0.37.0 (SQLite 3) under database/sql: $1, $2 are bound by where they
# first appear in the statement, not by their numbers. PostgreSQL goes by the numbers.
#
# Expected: the statement that works on PostgreSQL, UPDATE t SET a = $2 WHERE id = $1, with the values
#   (id, a), does the same on SQLite, which accepts the spelling.
# Seen: no error. To SQLite $2 is a name like any other (only ?NNN is a number), the first one that it
#   meets gets the first value, and so the row with the other id gets the wrong amount. ?2 and ?1
#   do as expected.
# Why it matters: one statement for both databases is the usual way to serve both, and the one that
#   begins with $2 moves the amount of one row into another, silently, on one of the two. Number
#   parameters in the order in which they appear, and let a test look for it.
#
# Fails (exit 1) when the values go by the numbers, or an error is returned: then this is no longer so.
set -euo pipefail
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > go.mod <<'M'
module example.test/finding

go 1.25

require github.com/ncruces/go-sqlite3 v0.37.0
M
cat > main.go <<'G'
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/ncruces/go-sqlite3/driver"
)

func after(update string) string {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{`CREATE TABLE wallet (id INTEGER PRIMARY KEY, amount INTEGER)`, `INSERT INTO wallet VALUES (1, 0), (2, 0)`} {
		if _, err := db.Exec(statement); err != nil {
			panic(err)
		}
	}
	if _, err := db.Exec(update, 1, 2); err != nil { // the wallet 1 shall have the amount 2
		return err.Error()
	}
	var one, two int
	if err := db.QueryRow(`SELECT (SELECT amount FROM wallet WHERE id = 1), (SELECT amount FROM wallet WHERE id = 2)`).Scan(&one, &two); err != nil {
		panic(err)
	}
	return fmt.Sprintf("wallet 1 has %d, wallet 2 has %d", one, two)
}

func main() {
	dollars := after(`UPDATE wallet SET amount = $2 WHERE id = $1`)
	marks := after(`UPDATE wallet SET amount = ?2 WHERE id = ?1`)
	fmt.Println("$2, $1:", dollars)
	fmt.Println("?2, ?1:", marks)
	if dollars != "wallet 1 has 0, wallet 2 has 1" || marks != "wallet 1 has 2, wallet 2 has 0" {
		fmt.Println("this has changed")
		os.Exit(1)
	}
	fmt.Println("still so in go-sqlite3 v0.37.0")
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
go run .

package main

import (
	"database/sql"
	"regexp"
	"testing"

	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/tests/pgtest"
)

// Who could read what goes to the database, or pretend to be it, is warned of.
func TestCheckWarnsOfADatabaseInTheClear(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://farthing@localhost/none":                      checkOK,
		"postgres://farthing@192.0.2.1/none":                      checkWarn,
		"postgres://farthing@192.0.2.1/none?sslmode=require":      checkWarn,
		"postgres://farthing@192.0.2.1/none?sslmode=verify-full":  checkOK,
		"postgres://farthing@192.0.2.1/none?sslmode=what-is-this": checkFail,
	} {
		if state, detail := checkExposure(dsn); state != want {
			t.Errorf("%s: %s, %s", dsn, state, detail)
		}
	}
}

// A provider needs a role that owns its database, and no more.
func TestTheDatabasesRoleNeedsNoOtherRight(t *testing.T) {
	dsn := pgtest.Start(t)
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, statement := range []string{
		"CREATE ROLE modest LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION", "CREATE DATABASE modest OWNER modest",
	} {
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	modest := regexp.MustCompile(`user=\S+ dbname=\S+`).ReplaceAllString(dsn, "user=modest dbname=modest")
	p := openAt(t, "--database", modest, "--secret", other)
	if problems := p.engine.Problems(); len(problems) > 0 {
		t.Errorf("the provider has problems: %v", problems)
	}
	var whose string
	if err := p.db.SQL().QueryRowContext(t.Context(), "SELECT current_user").Scan(&whose); err != nil || whose != "modest" {
		t.Errorf("it is %q there, %v", whose, err)
	}
	if _, _, err := p.app.SignUp(t.Context(), login.SignUp{Email: "ada@readers.example", Name: "Ada", Password: "correct horse battery"}); err != nil {
		t.Errorf("it does not write: %v", err)
	}
}

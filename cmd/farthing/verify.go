package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

// verifyFlags say which database to verify, and how to tell of it.
type verifyFlags struct {
	config   config
	since    journal.Head
	asJSON   bool
	selfTest bool
}

// verifyCommand proves the books of a database, or that a fault in them would be seen.
func verifyCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var v verifyFlags
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.StringVar(&v.config.data, "data", cmp.Or(os.Getenv("FARTHING_DATA"), "farthing-data"), "the data folder; a server may run on it")
	flags.StringVar(&v.config.database, "database", os.Getenv("FARTHING_DATABASE"), "postgres://… (default SQLite in the data folder); with --selftest an empty one")
	flags.StringVar(&v.config.secret, "secret", os.Getenv("FARTHING_SECRET"), "64 hexadecimal digits (default: the file secret in the data folder)")
	flags.Func("since", "the `head` that an earlier report ended with: show that history was only added to", func(text string) (err error) {
		v.since, err = journal.ParseHead(text)
		return err
	})
	flags.BoolVar(&v.asJSON, "json", false, "write the report as JSON")
	flags.BoolVar(&v.selfTest, "selftest", false, "corrupt a database made for it in every way there is, and say whether each was named")
	if code, ok := parseFlags(flags, args, out, diag); !ok {
		return code
	}
	run := v.verify
	if v.selfTest {
		run = v.test
	}
	sound, err := run(ctx, out, diag)
	switch {
	case err != nil:
		fmt.Fprintf(diag, "farthing verify: %v\n", err)
		return exitCode(err)
	case !sound:
		return exitUnsafe
	}
	return exitDone
}

func (v *verifyFlags) verify(ctx context.Context, out, diag io.Writer) (sound bool, err error) {
	if _, err := os.Stat(filepath.Join(v.config.data, "farthing.db")); v.config.database == "" && err != nil {
		return false, fmt.Errorf("there is no database in %s", v.config.data)
	}
	pseudonym, err := v.pseudonym(diag)
	if err != nil {
		return false, err
	}
	db, err := openBooks(ctx, v.config)
	if err != nil {
		return false, err
	}
	// The auditor remembers every order, and nearly nothing of what it remembers ever
	// becomes garbage: collecting early keeps ten million of them within 2 GB.
	debug.SetGCPercent(25)
	report, err := verify.Run(ctx, db, verify.Options{Progress: diag, Pseudonym: pseudonym, Since: v.since})
	if err = errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	return report.Clean(), v.write(out, report, func() error {
		_, err := report.WriteTo(out)
		return err
	})
}

// pseudonym is the application's, where the secret is at hand. It makes none.
func (v *verifyFlags) pseudonym(diag io.Writer) (verify.Pseudonym, error) {
	if v.config.secret == "" {
		if _, err := os.Stat(filepath.Join(v.config.data, "secret")); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(diag, "without the secret, invariant %d is not checked\n", audit.PseudonymsApart)
			return nil, nil
		}
	}
	secret, err := readSecret(v.config.secret, v.config.data)
	if err != nil {
		return nil, err
	}
	return app.New(app.Deps{Secret: secret, Clock: token.SystemClock{}}).ReaderAt, nil
}

// test runs the self-test on a database of its own.
func (v *verifyFlags) test(ctx context.Context, out, diag io.Writer) (sound bool, err error) {
	c := v.config
	if c.database == "" {
		folder, err := os.MkdirTemp("", "farthing-selftest-")
		if err != nil {
			return false, fmt.Errorf("make a folder: %w", err)
		}
		defer os.RemoveAll(folder)
		c.data = folder
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return false, err
	}
	planted, err := verify.SelfTest(ctx, db, diag)
	if err = errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	sound = true
	for _, p := range planted {
		sound = sound && p.Named
	}
	return sound, v.write(out, planted, func() error { return verify.WriteTable(out, planted) })
}

// write writes a result as JSON or as a table.
func (v *verifyFlags) write(out io.Writer, result any, table func() error) error {
	if !v.asJSON {
		return table()
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}

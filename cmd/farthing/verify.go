package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
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
	if err := v.config.needDatabase(); err != nil {
		return false, err
	}
	// The head that was kept is read before the database, which therefore holds it.
	kept, err := store.OpenHeadFile(store.HeadFileIn(v.config.data))
	if err != nil {
		return false, err
	}
	db, err := openBooks(ctx, v.config)
	if err != nil {
		return false, err
	}
	secret, err := v.proveSecret(ctx, db, diag)
	if err != nil {
		return false, errors.Join(err, db.Close())
	}
	// The auditor remembers every order, and nearly nothing of what it remembers ever
	// becomes garbage: collecting early keeps ten million of them within 2 GB.
	debug.SetGCPercent(25)
	report, err := verify.Run(ctx, db, verify.Options{Progress: diag, Pseudonym: secret.pseudonym, OtherSecret: secret.other, Since: v.since, Kept: kept.Kept()})
	if err = errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	return report.Clean(), v.write(out, report, func() error {
		_, err := report.WriteTo(out)
		return err
	})
}

// provedSecret is what the secret at hand tells.
type provedSecret struct {
	pseudonym verify.Pseudonym // the application's; nil without the secret, or with another
	other     bool             // the secret is not the database's
}

// proveSecret finds the secret, where it is at hand, and whether it is the database's. It
// makes none.
func (v *verifyFlags) proveSecret(ctx context.Context, db store.Database, diag io.Writer) (provedSecret, error) {
	secret, err := readSecret(v.config.secret, v.config.data)
	if errors.Is(err, errNoSecret) {
		fmt.Fprintf(diag, "without the secret, invariant %d is not checked\n", audit.PseudonymsApart)
		return provedSecret{}, nil
	}
	if err != nil {
		return provedSecret{}, err
	}
	proof, err := keys.ProveSecret(ctx, store.NewCatalog(db), secret)
	if errors.Is(err, keys.ErrOtherSecret) {
		return provedSecret{other: true}, nil
	}
	if err != nil {
		return provedSecret{}, err
	}
	return provedSecret{pseudonym: app.Compose(app.Deps{Secret: secret, Lasting: proof.Lasting, Clock: token.SystemClock{}}).ReaderAt}, nil
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

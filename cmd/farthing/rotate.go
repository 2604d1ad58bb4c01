package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// secretCommand is `farthing secret rotate`.
func secretCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var c config
	flags := flag.NewFlagSet("secret", flag.ContinueOnError)
	flags.StringVar(&c.data, "data", cmp.Or(os.Getenv("FARTHING_DATA"), "farthing-data"), "the data folder")
	flags.StringVar(&c.database, "database", os.Getenv("FARTHING_DATABASE"), "postgres://… (default SQLite in the data folder)")
	flags.StringVar(&c.secret, "secret", os.Getenv("FARTHING_SECRET"), "the present secret (default: the file secret in the data folder)")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), `Usage: farthing secret rotate [flags]

Gives the database a new secret, while no server runs on it. Pseudonyms, logins,
receipts and tickets stay good. The new one is written to the file secret in the data
folder; where the present one is a setting, to secret.new, for you to set.

`)
		flags.PrintDefaults()
	}
	if code, ok := parseWord(flags, "rotate", args, out, diag); !ok {
		return code
	}
	err := rotate(ctx, c, out)
	if err != nil {
		fmt.Fprintf(diag, "farthing secret: %v\n", err)
	}
	return exitCode(err)
}

// rotate writes the new secret down first, then gives it to the database, and then puts
// it where the old one was. Wherever that is broken off, finishRotation knows what to do.
func rotate(ctx context.Context, c config, out io.Writer) (err error) {
	db, err := c.open(ctx, sqlite.Options{}, postgres.Options{AsyncStandbys: true, Name: "farthing secret"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if known, err := store.UpToDate(ctx, db); err != nil || !known {
		return errors.Join(err, errors.New("the tables are those of an earlier version; start farthing serve on them once"))
	}
	if server, ok := db.(*postgres.Database); ok {
		if others, err := server.Servers(ctx); err != nil || others > 0 {
			return errors.Join(err, fmt.Errorf("servers are still connected to the database (%d connections): stop all replicas first", others))
		}
	}
	records := store.NewCatalog(db)
	if err := finishRotation(ctx, c, records, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	old, err := readSecret(c.secret, c.data)
	if err != nil {
		return err
	}
	if _, err := keys.ProveSecret(ctx, records, old); err != nil {
		return explainSecret(err, c)
	}
	made := filepath.Join(c.data, secretFileNew)
	next, err := makeSecret(made)
	if err != nil {
		return err
	}
	if err := keys.RotateSecret(ctx, records, old, next, rand.Reader, token.SystemClock{}.Now()); err != nil {
		return err // whether it happened is seen by what is recorded, when it is begun again
	}
	if c.secret != "" {
		fmt.Fprintf(out, "The database has a new secret. It is in %s:\nset FARTHING_SECRET to it for every replica, keep it with the backup, and delete the file.\n", made)
		return nil
	}
	if err := finishRotation(ctx, c, records, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	fmt.Fprintf(out, "The database has a new secret. It is in %s:\ncopy it to every replica, and keep it with the backup.\n", filepath.Join(c.data, secretFile))
	return nil
}

// finishRotation puts the new secret where the old one was, if the database has it
// already, and deletes it, if a rotation was broken off before.
func finishRotation(ctx context.Context, c config, records *store.Catalog, log *slog.Logger) error {
	path := filepath.Join(c.data, secretFileNew)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || c.secret != "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the new secret: %w", err)
	}
	next, err := parseSecret(string(content), path)
	if err != nil {
		return err
	}
	if err := records.SettleSecret(ctx); err != nil {
		return fmt.Errorf("find out whether a rotation of the secret happened; %s may be the only copy of the new one: %w", path, err)
	}
	proof, err := keys.ProveSecret(ctx, records, next)
	if err == nil && proof.Recorded {
		log.Info("a rotation of the secret was finished", "file", path)
		err = os.Rename(path, filepath.Join(c.data, secretFile))
		return errors.Join(err, syncFolder(c.data))
	}
	if err != nil && !errors.Is(err, keys.ErrOtherSecret) {
		return err
	}
	log.Info("a rotation of the secret was broken off before it changed anything; rotate it again if you still want to", "file", path)
	return os.Remove(path)
}

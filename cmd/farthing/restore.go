package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/backup"
	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

// errUnsound says that a backup was read whole, and that its books do not hold.
var errUnsound = errors.New("the books of the backup do not hold, as listed above; nothing was put in place")

// restoreCommand makes a database of a backup.
func restoreCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 1)
	asJSON, file := false, ""
	c, code, ok := readConfigAnd("restore FILE", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
		flags.StringVar(&file, "passphrase-file", "", "a file whose first line is the passphrase (default: FARTHING_PASSPHRASE, or asked for)")
	})
	if !ok {
		return code
	}
	if len(first) != 1 {
		fmt.Fprintln(diag, "farthing restore: say of which file: farthing restore FILE --data NEW-FOLDER")
		return exitUsage
	}
	report, err := restore(ctx, c, first[0], file, diag)
	code = finish("restore", report, err, asJSON, out, diag, func() {
		fmt.Fprintf(out, "%d rows of %d tables are restored, and the books hold up to entry %d.\nhead %s\n", report.Rows, report.Tables, report.Entries, report.Head)
	})
	if errors.Is(err, errUnsound) {
		return exitUnsafe
	}
	return code
}

// restore reads the backup into a place aside, proves its books there, and puts it in place.
func restore(ctx context.Context, c config, path, passphraseFile string, diag io.Writer) (report backupReport, err error) {
	file, err := os.Open(path)
	if err != nil {
		return report, fmt.Errorf("open the backup: %w", err)
	}
	defer file.Close()
	if err := checkTarget(c); err != nil {
		return report, err
	}
	passphrase, err := readPassphrase(passphraseFile, false, diag)
	if err != nil {
		return report, err
	}
	from, err := backup.Open(bufio.NewReaderSize(file, 256<<10), backup.Options{Passphrase: passphrase, Progress: diag})
	if err != nil {
		return report, err
	}
	if err := checkSecret(c, from.Secret); err != nil {
		return report, err
	}
	into, err := openAside(ctx, c)
	if err != nil {
		return report, err
	}
	summary, err := from.Load(ctx, into.db)
	report = reportOf(path, summary)
	if err == nil {
		err = prove(ctx, into.db, from.Header, diag)
	}
	if err != nil {
		return report, errors.Join(err, into.discard(context.WithoutCancel(ctx)))
	}
	sound := true
	report.Sound = &sound
	return report, into.adopt(ctx, from.Secret)
}

// checkTarget refuses a folder with anything in it but a secret.
func checkTarget(c config) error {
	entries, err := os.ReadDir(c.data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, entry := range entries {
		if c.database == "" && entry.Name() != "secret" || entry.Name() == "farthing.db" {
			return fmt.Errorf("%s is not empty (%s is there); restore into a new folder", c.data, entry.Name())
		}
	}
	return nil
}

// checkSecret refuses to restore beside another secret than the backup's.
func checkSecret(c config, secret [32]byte) error {
	if _, err := os.Stat(filepath.Join(c.data, "secret")); c.secret == "" && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	given, err := readSecret(c.secret, c.data)
	if err == nil && given != secret {
		err = errors.New("the secret that is given, or in the data folder, is not the backup's; take it away, and the backup's is put there")
	}
	return err
}

// place is where a backup is read into, until it is adopted.
type place struct {
	config config
	db     store.Database
	folder string // of SQLite's file meanwhile
}

func openAside(ctx context.Context, c config) (*place, error) {
	p := &place{config: c}
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	var err error
	if c.database != "" {
		p.db, err = postgres.OpenAside(ctx, c.database, postgres.Options{AsyncStandbys: c.async})
		return p, err
	}
	if p.folder, err = os.MkdirTemp(c.data, ".restoring-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if p.db, err = sqlite.Open(ctx, p.folder, sqlite.Options{}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.folder))
	}
	return p, nil
}

// discard leaves nothing behind.
func (p *place) discard(ctx context.Context) error {
	if aside, ok := p.db.(*postgres.Database); ok {
		return errors.Join(aside.Discard(ctx), p.db.Close())
	}
	return errors.Join(p.db.Close(), os.RemoveAll(p.folder))
}

// adopt puts the secret and then the database in place.
func (p *place) adopt(ctx context.Context, secret [32]byte) error {
	if p.config.secret == "" {
		if err := putSecret(p.config.data, secret); err != nil {
			return errors.Join(err, p.discard(context.WithoutCancel(ctx)))
		}
	}
	if aside, ok := p.db.(*postgres.Database); ok {
		return errors.Join(aside.Adopt(ctx, p.config.database), p.db.Close())
	}
	if err := p.db.Close(); err != nil {
		return err
	}
	// Closed, the database is one file. It comes last: with it the folder is a provider's.
	if err := os.Rename(filepath.Join(p.folder, "farthing.db"), filepath.Join(p.config.data, "farthing.db")); err != nil {
		return fmt.Errorf("put the database in its place: %w", err)
	}
	return errors.Join(os.RemoveAll(p.folder), syncFolder(p.config.data))
}

func putSecret(folder string, secret [32]byte) error {
	path := filepath.Join(folder, secretFile)
	if _, err := os.Lstat(path); err == nil {
		return nil // it is the same one: checkSecret looked
	}
	return writeFile(path, []byte(hex.EncodeToString(secret[:])+"\n"))
}

// prove verifies what was restored, and that it is what was backed up.
func prove(ctx context.Context, db store.Database, h backup.Header, diag io.Writer) error {
	since, err := journal.ParseHead(h.Head)
	if h.Entries == 0 {
		since, err = journal.Head{}, nil
	}
	if err != nil {
		return err
	}
	secret, err := keys.ProveSecret(ctx, store.NewCatalog(db), h.Secret)
	if err != nil {
		return fmt.Errorf("the backup's secret is not its database's: %w", err)
	}
	pseudonym := app.Compose(app.Deps{Secret: h.Secret, Lasting: secret.Lasting, Clock: token.SystemClock{}}).ReaderAt
	report, err := verify.Run(ctx, db, verify.Options{Progress: diag, Pseudonym: pseudonym, Since: since})
	if err != nil {
		return err
	}
	if report.Clean() {
		return nil
	}
	return errors.Join(errUnsound, tell(report, diag))
}

func tell(report audit.Report, diag io.Writer) error {
	_, err := report.WriteTo(diag)
	return err
}

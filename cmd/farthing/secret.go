package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// The files of the secret in the data folder. The second one is there while the secret is
// being rotated.
const (
	secretFile    = "secret"
	secretFileNew = "secret.new"
)

// errNoSecret says that no secret was given, and none is in the data folder.
var errNoSecret = errors.New("there is no secret")

// readSecret returns the provider's secret: the one given, else the one in the data
// folder.
func readSecret(given, folder string) ([32]byte, error) {
	if given != "" {
		return parseSecret(given, "the secret")
	}
	path := filepath.Join(folder, secretFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return [32]byte{}, fmt.Errorf("%w: neither is there a file %s, nor was one given as --secret or FARTHING_SECRET", errNoSecret, path)
	}
	if err != nil {
		return [32]byte{}, fmt.Errorf("read the secret: %w", err)
	}
	if err := ownersOnly(path); err != nil {
		return [32]byte{}, err
	}
	return parseSecret(string(content), path)
}

// ownersOnly keeps others from reading a file. Where its mode may not be changed, whoever
// owns it wants it so: a secret that is mounted, say.
func ownersOnly(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(path, info.Mode().Perm()&0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("keep others from reading %s: %w", path, err)
	}
	return nil
}

func parseSecret(text, where string) ([32]byte, error) {
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 32 {
		return [32]byte{}, fmt.Errorf("%s is not 64 hexadecimal digits", where)
	}
	return [32]byte(raw), nil
}

// makeSecret writes a new secret that only the owner can read. It is on the disk as a
// whole before anything is derived from it, and never overwrites another.
func makeSecret(path string) ([32]byte, error) {
	var secret [32]byte
	rand.Read(secret[:])
	if _, err := os.Lstat(path); err == nil {
		return secret, fmt.Errorf("make the secret: %s is there already", path)
	}
	err := writeFile(path, []byte(hex.EncodeToString(secret[:])+"\n"))
	if err != nil {
		return secret, fmt.Errorf("make the secret: %w", err)
	}
	return secret, nil
}

// writeFile writes a file that only the owner can read, so that after a power cut there
// is the whole of it or nothing.
func writeFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// secrets are the provider's secret, and its first one, from which pseudonyms derive.
type secrets struct{ present, lasting [32]byte }

// openSecret finds the secret and proves that it is the one that the database was made
// with. Where the database is new, it makes one and has the database remember it.
func openSecret(ctx context.Context, c config, db store.Database, clock token.Clock, log *slog.Logger) (secrets, error) {
	records := store.NewCatalog(db)
	if err := finishRotation(ctx, c, records, log); err != nil {
		return secrets{}, err
	}
	path := filepath.Join(c.data, secretFile)
	secret, err := readSecret(c.secret, c.data)
	made := false
	if errors.Is(err, errNoSecret) {
		if err = refuseToMake(ctx, db, records, path); err == nil {
			secret, err = makeSecret(path)
			made = err == nil
		}
	}
	if err != nil {
		return secrets{}, err
	}
	proof, err := keys.ProveSecret(ctx, records, secret)
	if err == nil && !proof.Recorded {
		if err = keys.RecordSecret(ctx, records, secret, clock.Now()); err == nil {
			log.Info("the database knows its secret from now on, and refuses another", "proved_by_what_it_holds", proof.Opened)
		}
	}
	if errors.Is(err, keys.ErrOtherSecret) && made { // another replica was first
		err = errors.Join(err, os.Remove(path))
	}
	return secrets{secret, proof.Lasting}, explainSecret(err, c)
}

// explainSecret says what to do about another secret.
func explainSecret(err error, c config) error {
	if !errors.Is(err, keys.ErrOtherSecret) {
		return err
	}
	from := "the file " + filepath.Join(c.data, secretFile)
	if c.secret != "" {
		from = "the setting secret"
	}
	return fmt.Errorf("%w (it came from %s). Nothing was changed. Put the right one there: it is in the backup, and the other replicas have it; under another one, readers would be strangers to every vendor", err, from)
}

// refuseToMake refuses to make a secret for a database that was made with one.
func refuseToMake(ctx context.Context, db store.Database, records *store.Catalog, path string) error {
	head, err := db.Settled(ctx)
	if err != nil {
		return err
	}
	_, known := records.Secret(ctx)
	used := head.Seq > 0 || known == nil
	if known != nil && token.CodeOf(known) != token.CodeNotFound {
		return known
	}
	for _, use := range keyring.Uses() {
		keys, err := records.SigningKeys(ctx, use)
		if err != nil {
			return err
		}
		used = used || len(keys) > 0
	}
	if used {
		return fmt.Errorf("the provider's secret is missing: there is no file %s, nor was it given as FARTHING_SECRET, and the database was made with one. Nothing was changed. "+
			"Put the file back from the backup, or copy it from another replica; under a new one, readers would be strangers to every vendor", path)
	}
	return nil
}

// watchSecret stops selling while the database has another secret than this process, as
// it has when somebody rotated it.
func (p *provider) watchSecret(ctx context.Context) error {
	err := p.app.CheckSecret(ctx)
	switch {
	case err == nil:
		p.engine.ClearProblem(store.ProblemSecret)
	case errors.Is(err, keys.ErrOtherSecret):
		p.engine.SetProblem(store.ProblemSecret, "the database has been given another secret since this process started; start it again with the new one")
	default:
		return err
	}
	return nil
}

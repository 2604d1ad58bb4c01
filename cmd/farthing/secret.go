package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// readSecret returns the provider's secret: the one given, else the one in the data
// folder, made at first start. Losing it breaks every pseudonym and vendor key, so
// it belongs in the backup.
func readSecret(given, folder string) ([32]byte, error) {
	if given != "" {
		return parseSecret(given, "the secret")
	}
	path := filepath.Join(folder, "secret")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
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

// makeSecret writes a new secret that only the owner can read. It is synced before
// anything is derived from it, and never overwrites another.
func makeSecret(path string) ([32]byte, error) {
	var secret [32]byte
	rand.Read(secret[:])
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return secret, fmt.Errorf("make the secret: %w", err)
	}
	_, err = file.WriteString(hex.EncodeToString(secret[:]) + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return secret, fmt.Errorf("write the secret: %w", err)
	}
	return secret, nil
}

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
	return parseSecret(string(content), path)
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

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// shortestPassphrase is how many characters a new passphrase has at least.
const shortestPassphrase = 12

var errPassphrase = errors.New("give the passphrase: by --passphrase-file, by FARTHING_PASSPHRASE, or in a terminal that can ask for it")

// readPassphrase returns the passphrase of backups: from a file, from the environment, or
// asked for in the terminal, twice where it is a new one.
func readPassphrase(file string, isNew bool, diag io.Writer) (string, error) {
	passphrase, err := givenPassphrase(file)
	if err == nil && passphrase == "" {
		passphrase, err = askPassphrase(isNew, diag)
	}
	if err != nil {
		return "", err
	}
	if isNew && utf8.RuneCountInString(passphrase) < shortestPassphrase {
		return "", fmt.Errorf("a passphrase has at least %d characters: the backup holds the secret", shortestPassphrase)
	}
	return passphrase, nil
}

func givenPassphrase(file string) (string, error) {
	if file == "" {
		return os.Getenv("FARTHING_PASSPHRASE"), nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("the first line of %s is to be the passphrase, and is empty", file)
	}
	return line, nil
}

func askPassphrase(twice bool, diag io.Writer) (string, error) {
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return "", errPassphrase
	}
	ask := func(what string) (string, error) {
		fmt.Fprint(diag, what)
		typed, err := term.ReadPassword(terminal)
		fmt.Fprintln(diag)
		return string(typed), err
	}
	passphrase, err := ask("Passphrase: ")
	if err != nil || !twice {
		return passphrase, err
	}
	again, err := ask("Again: ")
	if err == nil && again != passphrase {
		err = errors.New("the two are not the same")
	}
	return passphrase, err
}

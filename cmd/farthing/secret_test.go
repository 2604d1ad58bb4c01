package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// started starts a provider in a folder and stops it; use is between.
func started(t *testing.T, c config, use func(*provider)) error {
	t.Helper()
	p, err := openProvider(t.Context(), c, token.SystemClock{}, slog.New(slog.DiscardHandler), false)
	if err != nil {
		return err
	}
	if use != nil {
		use(p)
	}
	return p.close(context.WithoutCancel(t.Context()))
}

// settings are those of a provider in a folder of its own.
func settings(t *testing.T) config {
	t.Helper()
	c, code, diag := read(t, nil, "", "--data", filepath.Join(t.TempDir(), "data"), "--base-url", "http://localhost:1")
	if code != exitDone {
		t.Fatal(diag)
	}
	return c
}

// first starts a provider for the first time, which makes its secret.
func first(t *testing.T) config {
	t.Helper()
	c := settings(t)
	if err := started(t, c, func(p *provider) {
		if err := p.app.TurnKeys(t.Context()); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c config) path(name string) string { return filepath.Join(c.data, name) }

// forget makes the database one of an earlier version: it does not know its secret.
func forget(t *testing.T, c config) {
	t.Helper()
	db, err := openDatabase(t.Context(), c)
	if err == nil {
		err = db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `DELETE FROM provider_secret`)
			return err
		})
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var other = strings.Repeat("ab", 32)

// Nothing is sold, or made, under another secret than the database's, or without it.
func TestAWrongOrMissingSecretIsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, c *config)
		says   string // "" where it starts
	}{
		{"the right one", func(t *testing.T, c *config) {}, ""},
		{"the right one as a setting", func(t *testing.T, c *config) {
			content, err := os.ReadFile(c.path(secretFile))
			if err = errors.Join(err, os.Remove(c.path(secretFile))); err != nil {
				t.Fatal(err)
			}
			c.secret = strings.TrimSpace(string(content))
		}, ""},
		{"another file", func(t *testing.T, c *config) { write(t, c.path(secretFile), other) }, "it came from the file"},
		{"another setting", func(t *testing.T, c *config) { c.secret = other }, "it came from the setting"},
		{"no file", func(t *testing.T, c *config) {
			if err := os.Remove(c.path(secretFile)); err != nil {
				t.Fatal(err)
			}
		}, "the provider's secret is missing"},
		{"an empty file", func(t *testing.T, c *config) { write(t, c.path(secretFile), "") }, "is not 64 hexadecimal digits"},
		{"an earlier version's database and the right one", func(t *testing.T, c *config) { forget(t, *c) }, ""},
		{"an earlier version's database and another", func(t *testing.T, c *config) {
			forget(t, *c)
			write(t, c.path(secretFile), other)
		}, "it came from the file"},
		{"an earlier version's database and none", func(t *testing.T, c *config) {
			forget(t, *c)
			if err := os.Remove(c.path(secretFile)); err != nil {
				t.Fatal(err)
			}
		}, "the provider's secret is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := first(t)
			test.change(t, &c)
			before, _ := os.ReadDir(c.data)
			err := started(t, c, nil)
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), other) {
				t.Fatalf("it said %v, want %q", err, test.says)
			}
			after, _ := os.ReadDir(c.data)
			if len(after) != len(before) {
				t.Errorf("it left %v behind, beside %v", after, before)
			}
		})
	}
}

// verify names another secret, where otherwise all invariants would seem to hold.
func TestVerifySaysThatTheSecretIsAnother(t *testing.T) {
	c := first(t)
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitDone, "nothing to check"},
		{[]string{"--secret", other}, exitUnsafe, "18: the secret is not the one that the database was made with"},
	} {
		var out, diag bytes.Buffer
		code := verifyCommand(t.Context(), append([]string{"--data", c.data, "--database", ""}, test.args...), &out, &diag)
		if code != test.code || !strings.Contains(out.String(), test.says) {
			t.Errorf("%v: exit code %d\n%s%s", test.args, code, out.String(), diag.String())
		}
	}
}

func TestASecretIsRotated(t *testing.T) {
	c := first(t)
	vendor, user := token.VendorID{1}, token.UserID{2}
	known := func() (reader token.ReaderID) {
		err := started(t, c, func(p *provider) {
			var err error
			if reader, err = p.app.ReaderAt(vendor, user); err != nil {
				t.Error(err)
			}
			if err := p.app.TurnKeys(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return reader
	}
	content := func(name string) string {
		text, err := os.ReadFile(c.path(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rotateWith := func(args ...string) {
		t.Helper()
		var out, diag bytes.Buffer
		if code := run(t.Context(), append([]string{"secret", "rotate", "--data", c.data, "--database", ""}, args...), &out, &diag); code != exitDone {
			t.Fatalf("exit code %d: %s", code, diag.String())
		}
	}
	before, old := known(), content(secretFile)
	rotateWith()
	if content(secretFile) == old {
		t.Error("the file has the old secret")
	}
	if after := known(); after != before {
		t.Errorf("the pseudonym was %s and is %s", before, after)
	}
	present := content(secretFile)
	write(t, c.path(secretFile), old)
	if err := started(t, c, nil); !errors.Is(err, keys.ErrOtherSecret) {
		t.Errorf("with the old one: %v", err)
	}
	c.secret = strings.TrimSpace(present)
	rotateWith("--secret", c.secret)
	c.secret = strings.TrimSpace(content(secretFileNew))
	if after := known(); after != before {
		t.Errorf("the pseudonym was %s and is %s", before, after)
	}
}

// A rotation that is broken off at any step is finished, or undone, by the next start.
func TestABrokenOffRotationIsSettled(t *testing.T) {
	for _, reached := range []bool{false, true} { // whether the database had the new secret
		c := first(t)
		old, err := readSecret("", c.data)
		if err != nil {
			t.Fatal(err)
		}
		next, err := makeSecret(c.path(secretFileNew))
		if err != nil {
			t.Fatal(err)
		}
		want := old
		if reached {
			want = next
			db, err := openDatabase(t.Context(), c)
			if err == nil {
				err = keys.RotateSecret(t.Context(), store.NewCatalog(db), old, next, zeroes{}, token.SystemClock{}.Now())
			}
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := started(t, c, nil); err != nil {
			t.Fatal(err)
		}
		if found, err := readSecret("", c.data); err != nil || found != want {
			t.Errorf("reached %v: the file has %s, %v", reached, hex.EncodeToString(found[:4]), err)
		}
		if _, err := os.Stat(c.path(secretFileNew)); err == nil {
			t.Errorf("reached %v: %s is still there", reached, secretFileNew)
		}
	}
}

// zeroes is no randomness.
type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) { return len(b), nil }

var _ io.Reader = zeroes{}

// What runs with the old secret sells nothing when the database has been given another.
func TestASecretThatChangesMeanwhileStopsSelling(t *testing.T) {
	c := first(t)
	err := started(t, c, func(p *provider) {
		sell := func() error {
			name := string(rune('a' + p.engine.Head().Seq))
			_, err := p.engine.Do(t.Context(), &core.Fund{Account: token.AccountID{1}, User: token.UserID{1},
				Fund: journal.Fund{Amount: 5, Currency: token.MustCurrency("USD"), Method: "test", Reference: name}})
			return err
		}
		if err := sell(); err != nil {
			t.Fatal(err)
		}
		head := p.engine.Head()
		old, err := readSecret("", c.data)
		if err == nil {
			err = keys.RotateSecret(t.Context(), store.NewCatalog(p.db), old, [32]byte{9}, zeroes{}, token.SystemClock{}.Now())
		}
		if err == nil {
			err = p.watchSecret(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := sell(); token.CodeOf(err) != token.CodeUnavailable || p.engine.Head() != head {
			t.Errorf("selling answers %v", err)
		}
		if _, err := p.engine.Account(t.Context(), token.AccountID{1}); err != nil {
			t.Errorf("looking answers %v", err)
		}
		if problems := p.engine.Problems(); len(problems) != 1 || problems[0].Code != store.ProblemSecret {
			t.Errorf("its problems are %v", problems)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

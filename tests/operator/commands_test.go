package operator

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"farthing.dev/farthing/edge/local"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// provider is a data folder, and the flags that lead to it.
type provider struct {
	t      *testing.T
	folder string
	flags  []string
}

// eachDatabase runs a test on SQLite and on PostgreSQL.
func eachDatabase(t *testing.T, run func(p *provider)) {
	t.Run("sqlite", func(t *testing.T) {
		// Longer than the name of a socket may be.
		folder := filepath.Join(t.TempDir(), strings.Repeat("long/", 25))
		run(&provider{t, folder, []string{"--data", folder}})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn, folder := pgtest.Start(t), t.TempDir()
		run(&provider{t, folder, []string{"--data", folder, "--database", dsn}})
	})
}

// write changes the database behind the provider's back, while no server runs on it.
func (p *provider) write(statement string, args ...any) {
	p.t.Helper()
	var db store.Database
	var err error
	if len(p.flags) > 2 {
		db, err = postgres.Open(p.t.Context(), p.flags[3], postgres.Options{})
	} else {
		db, err = sqlite.Open(p.t.Context(), p.folder, sqlite.Options{})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	err = db.Write(p.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.t.Context(), statement, args...)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		p.t.Fatal(err)
	}
}

// do runs a command with --json and returns its answer.
func (p *provider) do(words ...string) local.Answer {
	p.t.Helper()
	code, out, diag := launch.Run(p.t, append(append(words, "--json"), p.flags...)...)
	var answer local.Answer
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
		p.t.Fatalf("farthing %q ended with %d: %v\n%s%s", words, code, err, out, diag)
	}
	return answer
}

// refused runs a command that is refused, and returns the code of the refusal.
func (p *provider) refused(words ...string) string {
	p.t.Helper()
	code, out, diag := launch.Run(p.t, append(append(words, "--json"), p.flags...)...)
	var answer struct {
		Error struct{ Code, Detail string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 1 || !strings.Contains(diag, answer.Error.Detail) {
		p.t.Fatalf("farthing %q ended with %d: %v\n%s%s", words, code, err, out, diag)
	}
	return answer.Error.Code
}

func fund(to, amount, currency, reference string) []string {
	return []string{"fund", "--to", to, "--amount", amount, "--currency", currency, "--reference", reference}
}

// TestCommands makes an operator, who sets a password, and credits wallets: first without
// a server, then beside one, then without one again.
func TestCommands(t *testing.T) {
	eachDatabase(t, func(p *provider) {
		t := p.t
		made := p.do("operator", "add", "op@example.org").Operator
		if made == nil || !made.LoginMade || made.HasPassword || made.Link == "" {
			t.Fatalf("without a server: %+v", made)
		}
		first := p.do(fund("op@example.org", "10.00", "USD", "bank 1")...).Deposit

		address := launch.FreeAddress(t)
		server := launch.Serve(t, address, p.flags...)
		again := p.do("operator", "add", "Op@example.org").Operator
		if !again.Already || again.LoginMade || !strings.HasPrefix(again.Link, server.URL) {
			t.Errorf("beside the server: %+v", again)
		}
		if info, err := os.Stat(filepath.Join(p.folder, "commands.sock")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket: %v, %v", info, err)
		}

		b := launch.NewBrowser(t)
		b.Get(again.Link).Want(http.StatusOK).Submit("/reset/new", "password", "a quiet harbour at dawn").Want(http.StatusOK)
		b.Get(again.Link).Submit("/reset/new", "password", "another quiet harbour").Want(http.StatusGone)
		b.Get(server.URL+"/login").Submit("/login", "email", "op@example.org", "password", "a quiet harbour at dawn")
		b.Get(server.URL+"/wallet").Want(http.StatusOK, "10.00", "USD")
		if found := p.do("operator", "list").Operators; len(found) != 1 || !found[0].HasPassword || found[0].Email != "op@example.org" {
			t.Errorf("the operators: %+v", found)
		}

		if same := p.do(fund("op@example.org", "10.00", "USD", "bank 1")...).Deposit; !same.Replayed || same.Entry != first.Entry || first.Replayed {
			t.Errorf("the same deposit again: %+v, first %+v", same, first)
		}
		p.do("operator", "add", "two@example.org")
		for want, words := range map[string][]string{
			"idempotency_key_reused": fund("two@example.org", "10.00", "USD", "bank 1"), // one reference, two accounts
			"amount_invalid":         fund("two@example.org", "1.005", "USD", "bank 2"),
			"currency_invalid":       fund("two@example.org", "1", "XXX", "bank 2"),
			"not_found":              fund("nobody@example.org", "1", "USD", "bank 2"),
		} {
			if got := p.refused(words...); got != want {
				t.Errorf("%q was refused with %s, want %s", words, got, want)
			}
		}
		for _, words := range [][]string{fund("two@example.org", "0.5", "JPY", "bank 2"), fund("op@example.org", "10.01", "USD", "bank 1"), fund("op@example.org", "10.00", "EUR", "bank 1")} {
			p.refused(words...)
		}
		p.oneOfMany(first.Account)

		p.do("operator", "remove", "op@example.org")
		if b.Get(server.URL + "/wallet"); b.URL.Path != "/login" {
			t.Errorf("who is no operator any more is still logged in, at %s", b.URL)
		}
		p.refused("operator", "remove", "op@example.org")
		server.Kill() // the socket stays behind
		if same := p.do(fund("op@example.org", "10.00", "USD", "bank 1")...).Deposit; !same.Replayed || same.Entry != first.Entry {
			t.Errorf("after the server: %+v", same)
		}
		launch.Serve(t, address, p.flags...)
		p.do(fund(first.Account, "1.00", "USD", "bank 4")...)
		if code, out, diag := launch.Run(t, append([]string{"verify"}, p.flags...)...); code != 0 {
			t.Errorf("verify ended with %d\n%s%s", code, out, diag)
		}
	})
}

// oneOfMany has several commands at once credit different amounts under one reference: one
// of them does.
func (p *provider) oneOfMany(account string) {
	var wait sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		wait.Go(func() {
			words := fund(account, string(rune('1'+i))+".00", "USD", "bank 3")
			codes[i], _, _ = launch.Run(p.t, append(words, p.flags...)...)
		})
	}
	wait.Wait()
	done := 0
	for _, code := range codes {
		if code == 0 {
			done++
		}
	}
	if done != 1 {
		p.t.Errorf("%d of %d deposits under one reference were made: %v", done, len(codes), codes)
	}
}

// TestCommandsCalledWrongly end with 2 and say how they are called.
func TestCommandsCalledWrongly(t *testing.T) {
	for _, words := range [][]string{{"operator"}, {"operator", "add"}, {"operator", "promote", "a@b.example"}, {"fund"}, {"fund", "--to", "a@b.example"}, {"fund", "--nonsense"},
		{"vendor"}, {"vendor", "incentives"}, {"vendor", "incentive-bound", "vnd_00000000000000000000000001"}} {
		if code, _, diag := launch.Run(t, words...); code != 2 || diag == "" {
			t.Errorf("farthing %q ended with %d: %s", words, code, diag)
		}
	}
}

// TestAVendorsIncentiveBound is set beside a running server and without one, and is one vendor's.
func TestAVendorsIncentiveBound(t *testing.T) {
	eachDatabase(t, func(p *provider) {
		t := p.t
		server := launch.Serve(t, launch.FreeAddress(t), append(p.flags, "--vendor-incentive-debt", "5", "--allow-private-sites")...)
		client, _ := launch.OpenVendor(t, server.URL)
		me, err := client.Me(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		bound := func(amount, currency string) []string {
			return []string{"vendor", "incentive-bound", me.Vendor, "--currency", currency, "--amount", amount}
		}
		if debts := p.do("vendor", "incentives", me.Vendor).Debts; len(debts) != 0 {
			t.Errorf("before anything was given: %+v", debts)
		}
		want := []local.Debt{{Currency: "USD", Owed: "0.00", Max: "2.50", Own: true}}
		if debts := p.do(bound("2.50", "USD")...).Debts; !slices.Equal(debts, want) {
			t.Errorf("the bound: %+v", debts)
		}
		server.Kill()
		if debts := p.do("vendor", "incentives", me.Vendor).Debts; !slices.Equal(debts, want) {
			t.Errorf("without a server: %+v", debts)
		}
		want[0].Max = "3.00"
		if debts := p.do(bound("3", "USD")...).Debts; !slices.Equal(debts, want) {
			t.Errorf("set without a server: %+v", debts)
		}
		for code, words := range map[string][]string{
			"not_found":        {"vendor", "incentives", token.VendorID{1}.String()},
			"id_invalid":       {"vendor", "incentives", "somebody"},
			"currency_invalid": bound("1", "XXX"),
			"amount_invalid":   bound("-1", "USD"),
		} {
			if got := p.refused(words...); got != code {
				t.Errorf("%q was refused with %s, want %s", words, got, code)
			}
		}
		if code, out, diag := launch.Run(t, append([]string{"verify"}, p.flags...)...); code != 0 {
			t.Errorf("verify ended with %d\n%s%s", code, out, diag)
		}
	})
}

package main

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// A broken invariant stops selling and says which, also after a restart, until somebody clears
// it and says why; reading goes on.
func TestABrokenInvariantStopsSelling(t *testing.T) {
	folder := t.TempDir()
	c, _, ok := readConfig("serve", []string{"--data", folder}, func(string) string { return "" }, os.Stderr, os.Stderr)
	if !ok {
		t.Fatal("the defaults are wrong")
	}
	open := func() *provider {
		t.Helper()
		p, err := openProvider(t.Context(), c, token.SystemClock{}, slog.New(slog.DiscardHandler), false)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	account := token.AccountID{1}
	sells := func(p *provider, reference string) string {
		_, err := p.engine.Do(t.Context(), &core.Fund{Account: account, Fund: journal.Fund{Amount: 1, Currency: token.MustCurrency("USD"), Method: "bank", Reference: reference}})
		if err == nil {
			return ""
		}
		return err.Error()
	}
	ready := func(p *provider) string {
		p.watch.look(t.Context())
		answer := httptest.NewRecorder()
		p.handler.ServeHTTP(answer, httptest.NewRequest("GET", "/readyz", nil))
		return strings.TrimSpace(answer.Body.String())
	}
	command := func(want int, args ...string) string {
		t.Helper()
		var out, diag bytes.Buffer
		if code := run(t.Context(), append(args, "--data", folder), &out, &diag); code != want {
			t.Fatalf("farthing %v: exit code %d\n%s%s", args, code, out.String(), diag.String())
		}
		return out.String() + diag.String()
	}
	p := open()
	if refusal := sells(p, "one"); refusal != "" {
		t.Fatal(refusal)
	}
	if said := command(exitDone, "watchdog", "status"); !strings.Contains(said, "hold.") {
		t.Error(said)
	}
	if said := command(exitFailed, "watchdog", "clear", "--reason", "none is broken"); !strings.Contains(said, "no invariant") {
		t.Error(said)
	}
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		return store.NoteBroken(t.Context(), tx, staff.BrokenInvariant{Invariant: 5, Entry: 17, Detail: "entry 17 of account acc_x", At: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.dog.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	const which = "invariant 5 at entry 17"
	check := func(when string) {
		t.Helper()
		if refusal := sells(p, when); !strings.Contains(refusal, "unavailable.books invariant=5 entry=17") || strings.Contains(refusal, "acc_x") {
			t.Errorf("%s: %q", when, refusal)
		}
		if said := ready(p); said != "invariant_failed ("+which+")" {
			t.Errorf("%s: /readyz says %q", when, said)
		}
		if found, err := p.engine.Account(t.Context(), account); err != nil || len(found.Wallets) != 1 {
			t.Errorf("%s: reading: %+v, %v", when, found, err)
		}
	}
	check("at once")
	if err := p.close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	p = open()
	defer func() { _ = p.close(context.WithoutCancel(t.Context())) }()
	check("after a restart")
	if said := command(exitDone, "watchdog", "status", "--json"); !strings.Contains(said, `"invariant": 5`) || !strings.Contains(said, "acc_x") {
		t.Error(said)
	}
	if said := command(exitFailed, "watchdog", "clear"); !strings.Contains(said, "why selling may go on") {
		t.Error(said)
	}
	if said := command(exitDone, "watchdog", "clear", "--reason", "a restored table"); !strings.Contains(said, "Invariant 5") {
		t.Error(said)
	}
	if err := p.dog.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if refusal := sells(p, "two"); refusal != "" {
		t.Error(refusal)
	}
	if said := ready(p); said != "ready" {
		t.Errorf("/readyz says %q", said)
	}
	acts, _, err := p.app.StaffLog(t.Context(), caller.ByCommand(), staff.Search{}, "", 10)
	if err != nil || len(acts) == 0 || acts[0].Action != staff.InvariantCleared || !strings.Contains(acts[0].Detail, which+": a restored table") {
		t.Errorf("the staff log says %+v, %v", acts, err)
	}
	if _, err := p.dog.Follower.Step(t.Context()); err != nil {
		t.Error(err)
	}
	if said := command(exitDone, "followers", "--json"); !strings.Contains(said, `"name": "watchdog"`) {
		t.Error(said)
	}
}

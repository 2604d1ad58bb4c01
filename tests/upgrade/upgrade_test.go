//go:build linux

package upgrade

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// TestOldDataSellsOn opens the old data with this version: everything that was answered is
// there, and is answered again under its key; it sells, refunds, and the books are proved,
// from the old head on.
func TestOldDataSellsOn(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		folder, done := oldFolder(t)
		sellOn(t, done, "--data", folder)
	})
	t.Run("postgres", func(t *testing.T) {
		folder, done := oldFolder(t)
		dsn := oldPostgres(t, folder)
		must(t, os.Remove(filepath.Join(folder, "farthing.db")))
		sellOn(t, done, "--data", folder, "--database", dsn)
	})
}

func sellOn(t *testing.T, done calls, where ...string) {
	t.Helper()
	p := launch.Serve(t, launch.FreeAddress(t), where...)
	client := &sdk.Client{BaseURL: p.URL, Key: done.Key, Attempts: 1}
	for id, state := range done.States {
		order, err := client.Order(t.Context(), id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if order.Status != state && state != "held" && state != "open" { // these two end by time
			t.Errorf("%s is %s, and was %s", id, order.Status, state)
		}
	}
	buy := func(key string) sdk.Purchase {
		t.Helper()
		made, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: done.Reader, Offer: done.Offer}, sdk.IdempotencyKey(key))
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return made
	}
	for key, id := range done.Orders {
		if again := buy(key); again.ID != id || !again.Replayed {
			t.Fatalf("%s is answered with %s (replayed: %v), and was with %s", key, again.ID, again.Replayed, id)
		}
	}
	for i := range 50 {
		made := buy(fmt.Sprint("new-", i))
		if made.Replayed || made.Price != "0.013" {
			t.Fatalf("a new purchase is %+v", made)
		}
	}
	if _, err := client.Refund(t.Context(), done.Orders["purchase-7"], "", "late"); err != nil {
		t.Errorf("refund of an old purchase: %v", err)
	}
	if code := p.Stop(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	verify := append([]string{"verify", "--since", done.Head}, where...)
	if code, out, diag := launch.Run(t, verify...); code != 0 {
		t.Errorf("verify ended with %d\n%s%s", code, out, diag)
	}
}

// oldCommit is the version that made the old data.
const oldCommit = "229984f"

// TestTheOldVersionRefusesNewData builds the old version, and starts it on data that this
// one has used: it must not sell on what it does not understand.
func TestTheOldVersionRefusesNewData(t *testing.T) {
	if testing.Short() {
		t.Skip("an old version is not built in the quick round")
	}
	old := buildOld(t)
	folder, done := oldFolder(t)
	t.Run("postgres", func(t *testing.T) {
		folder, _ := oldFolder(t)
		refuses(t, old, done, "--data", folder, "--database", oldPostgres(t, folder))
	})
	t.Run("sqlite", func(t *testing.T) { refuses(t, old, done, "--data", folder) })
	t.Run("beside the new one", func(t *testing.T) { beside(t, old) })
}

// beside has a replica of the old version run on while one of this version starts on the
// same database: whatever either of them acknowledged is there, once, and the books hold.
func beside(t *testing.T, old string) {
	t.Helper()
	folder, done := oldFolder(t)
	dsn := oldPostgres(t, folder)
	must(t, os.Remove(filepath.Join(folder, "farthing.db")))
	where := []string{"--data", folder, "--database", dsn}
	address := launch.FreeAddress(t)
	running := exec.Command(old, append([]string{"serve", "--listen", address, "--log-level", "error"}, where...)...)
	var said bytes.Buffer
	running.Stderr = &said
	must(t, running.Start())
	defer func() { _ = running.Process.Kill(); _ = running.Wait() }()
	before := &sdk.Client{BaseURL: "http://" + address, Key: done.Key, Attempts: 1}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if _, err := before.Me(t.Context()); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the old version does not answer: %v\n%s", err, said.String())
		}
	}
	acknowledged := map[string]string{}
	buy := func(client *sdk.Client, key string) bool {
		made, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: done.Reader, Offer: done.Offer}, sdk.IdempotencyKey(key))
		if err != nil {
			return false
		}
		if known := acknowledged[key]; known != "" && known != made.ID {
			t.Errorf("%s was answered with %s, and then with %s", key, known, made.ID)
		}
		acknowledged[key] = made.ID
		return true
	}
	if !buy(before, "before") {
		t.Fatal("the old version does not sell")
	}
	p := launch.Serve(t, launch.FreeAddress(t), where...)
	after := &sdk.Client{BaseURL: p.URL, Key: done.Key, Attempts: 1}
	sold := 0
	for i := range 200 {
		key := fmt.Sprint("both-", i)
		if buy(before, key) {
			sold++
		}
		if !buy(after, key) {
			t.Errorf("the new version does not sell %s", key)
		}
	}
	for key, id := range done.Orders { // known to the old version by runs that are gone
		if made, err := before.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: done.Reader, Offer: done.Offer}, sdk.IdempotencyKey(key)); err == nil && made.ID != id {
			t.Errorf("the old version charged %s again: %s, and was %s", key, made.ID, id)
		}
	}
	t.Logf("beside the new version the old one sold %d of 200", sold)
	for key, id := range acknowledged {
		if made, err := after.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: done.Reader, Offer: done.Offer}, sdk.IdempotencyKey(key)); err != nil || made.ID != id || !made.Replayed {
			t.Errorf("%s, acknowledged as %s, is %s: %v", key, id, made.ID, err)
		}
	}
	must(t, running.Process.Signal(syscall.SIGTERM))
	_ = running.Wait()
	p.Stop(t)
	if code, out, diag := launch.Run(t, append([]string{"verify", "--since", done.Head}, where...)...); code != 0 {
		t.Errorf("verify ended with %d\n%s%s", code, out, diag)
	}
}

func refuses(t *testing.T, old string, done calls, where ...string) {
	t.Helper()
	p := launch.Serve(t, launch.FreeAddress(t), where...)
	client := &sdk.Client{BaseURL: p.URL, Key: done.Key, Attempts: 1}
	if _, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: done.Reader, Offer: done.Offer}); err != nil {
		t.Fatal(err)
	}
	p.Stop(t)
	ran := exec.CommandContext(t.Context(), "timeout", append([]string{"20", old, "serve", "--listen", "localhost:0"}, where...)...)
	said, err := ran.CombinedOutput()
	if code := ran.ProcessState.ExitCode(); err == nil || code == 124 {
		t.Errorf("the old version ran on data of this one (code %d):\n%s", code, said)
	} else {
		t.Logf("the old version said: %s", said)
	}
}

// buildOld builds the old version out of this repository's history.
func buildOld(t *testing.T) (path string) {
	t.Helper()
	root := filepath.Join("..", "..")
	archive := exec.CommandContext(t.Context(), "git", "-C", root, "archive", oldCommit)
	content, err := archive.StdoutPipe()
	must(t, err)
	if err := archive.Start(); err != nil {
		t.Skipf("git: %v", err)
	}
	folder := t.TempDir()
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", folder)
	unpack.Stdin = content
	said, err := unpack.CombinedOutput()
	_, _ = io.Copy(io.Discard, content)
	if problem := archive.Wait(); problem != nil || err != nil {
		t.Skipf("the history does not reach back to %s: %v, %v %s", oldCommit, problem, err, said)
	}
	path = filepath.Join(folder, "old-farthing")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/farthing")
	build.Dir = folder
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", oldCommit, err, strings.TrimSpace(string(said)))
	}
	return path
}

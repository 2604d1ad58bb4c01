//go:build linux

package upgrade

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	where := map[string][]string{"sqlite": {"--data", folder}}
	t.Run("postgres", func(t *testing.T) {
		folder, _ := oldFolder(t)
		refuses(t, old, done, "--data", folder, "--database", oldPostgres(t, folder))
	})
	t.Run("sqlite", func(t *testing.T) { refuses(t, old, done, where["sqlite"]...) })
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

package demo

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// TestRestart stops the demo, starts it again on other ports, kills it, and starts
// it once more: people, wallets, purchases and browsers' cookies are all still good.
func TestRestart(t *testing.T) {
	const slug, last = "the-shop-that-will-not-sell-you-one", "with the light on"
	folder := t.TempDir()
	d := launch.StartDemo(t, folder)
	b := readArticle(t, d, d.URLs["newspaper"], slug, "ben@readers.example")
	b.Want(http.StatusOK, last)
	want := balance(t, d, "ben@readers.example", "EUR")
	if code := d.Stop(t); code != 0 {
		t.Fatalf("the demo ended with code %d", code)
	}
	for _, end := range []func(*launch.Demo){func(d *launch.Demo) { d.Kill() }, func(d *launch.Demo) { d.Stop(t) }} {
		d = launch.StartDemo(t, folder)
		if strings.Contains(d.Logs(), "history") {
			t.Error("the history was written again")
		}
		if got := balance(t, d, "ben@readers.example", "EUR"); got != want {
			t.Errorf("the wallet holds %s EUR after the restart, want %s", got, want)
		}
		b.Get(d.URLs["newspaper"]+"/articles/"+slug).Want(http.StatusOK, last)
		end(d)
	}
}

// TestDemoRefusesWhatIsNotItsOwn starts the demo on a provider's real data, and on
// ports that are taken.
func TestDemoRefusesWhatIsNotItsOwn(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "farthing.db"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, diag := launch.Run(t, "demo", "--port", "0", "--data", folder)
	if code != 1 || !strings.Contains(diag, "no demo made") {
		t.Errorf("the demo ended with %d: %s", code, diag)
	}
	if content, err := os.ReadFile(filepath.Join(folder, "farthing.db")); err != nil || string(content) != "somebody's" {
		t.Errorf("the data is %q now: %v", content, err)
	}

	d := launch.StartDemo(t, t.TempDir())
	port := d.URL[strings.LastIndex(d.URL, ":")+1:]
	code, _, diag = launch.Run(t, "demo", "--port", port, "--data", t.TempDir())
	if code != 4 || !strings.Contains(diag, "another program listens") {
		t.Errorf("on a port in use the demo ended with %d: %s", code, diag)
	}
	code, _, diag = launch.Run(t, "demo", "--port", "0", "--data", d.Data)
	if code != 4 || !strings.Contains(diag, "another process uses this data folder") {
		t.Errorf("on a folder in use the demo ended with %d: %s", code, diag)
	}
}

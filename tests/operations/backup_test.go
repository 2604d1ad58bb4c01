//go:build linux

package operations

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
)

// What docs/operations.md says about copies of SQLite's file made under load: VACUUM INTO
// ends, and its copy is proved, from an earlier head on. The main file alone is short,
// and only an earlier head shows it.
func TestCopiesUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	folder, copied, cut := t.TempDir(), t.TempDir(), t.TempDir()
	p := launch.Serve(t, launch.FreeAddress(t), "--data", folder)
	buyers := load.New(t, p.URL, p.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 8, 20*time.Millisecond) }()
	sold := func(more int) {
		t.Helper()
		before := buyers.Figures().Acknowledged
		for deadline := time.Now().Add(30 * time.Second); buyers.Figures().Acknowledged < before+more; <-time.After(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nothing is sold")
			}
		}
	}
	sold(200)
	_, out, _ := launch.Run(t, "verify", "--data", folder)
	lines := strings.Fields(out)
	head := lines[len(lines)-1]
	sold(200)
	db, err := driver.Open("file:" + filepath.Join(folder, "farthing.db") + "?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := db.ExecContext(t.Context(), `VACUUM INTO ?`, filepath.Join(copied, "farthing.db")); err != nil {
		t.Fatal(err)
	}
	t.Logf("VACUUM INTO took %v beside %+v", time.Since(began), buyers.Figures())
	main, err := os.ReadFile(filepath.Join(folder, "farthing.db"))
	if err == nil {
		err = os.WriteFile(filepath.Join(cut, "farthing.db"), main, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-done
	secret, err := os.ReadFile(filepath.Join(folder, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{copied, cut} {
		if err := os.WriteFile(filepath.Join(to, "secret"), secret, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", copied, "--since", head); code != 0 {
		t.Errorf("verify of the copy ended with %d\n%s%s", code, out, diag)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", cut, "--since", head); code == 0 {
		t.Errorf("the main file alone was not named as short:\n%s%s", out, diag)
	} else {
		t.Logf("of the main file alone verify says, with code %d: %s%s", code, out[max(0, len(out)-300):], diag)
	}
}

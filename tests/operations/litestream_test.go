//go:build linux

package operations

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
)

// Litestream copies the file while things are sold. It reads all the time: nothing is
// logged for that. What it restores is proved, and goes on.
func TestLitestream(t *testing.T) {
	if testing.Short() {
		t.Skip("not for the quick round")
	}
	litestream := tool(t, "litestream", "litestream (github.com/benbjohnson/litestream/cmd/litestream@v0.5.18 by go install)")
	folder, copies, restored := t.TempDir(), t.TempDir(), t.TempDir()
	path := settings(t, t.TempDir(), "litestream.yml", "/var/lib/farthing/farthing.db", filepath.Join(folder, "farthing.db"), "/var/backups/farthing", copies)
	p := launch.Serve(t, launch.FreeAddress(t), "--data", folder)
	buyers := load.New(t, p.URL, p.URL)
	begin(t, nil, "", litestream, "replicate", "-config", path)
	ctx, stop := context.WithTimeout(t.Context(), 15*time.Second)
	defer stop()
	buyers.Run(ctx, 4, 20*time.Millisecond)
	<-time.After(3 * time.Second) // it copies once a second
	buyers.Check(t, 0, 50)
	if lines := strings.Count(p.Logs(), "\n"); lines > 10 {
		t.Errorf("%d lines of log:\n%s", lines, p.Logs())
	}
	run(t, folder, litestream, "restore", "-config", path, "-o", filepath.Join(restored, "farthing.db"), filepath.Join(folder, "farthing.db"))
	secret, err := os.ReadFile(filepath.Join(folder, "secret"))
	if err == nil {
		err = os.WriteFile(filepath.Join(restored, "secret"), secret, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", restored); code != 0 {
		t.Errorf("verify of what was restored ended with %d\n%s%s", code, out, diag)
	}
}

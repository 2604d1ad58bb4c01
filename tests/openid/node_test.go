package openid

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// TestStockClientInNode runs node/site.mjs: a site with npm's openid-client. It is left
// out where there is no Node, or its packages cannot be had.
func TestStockClientInNode(t *testing.T) {
	folder := packages(t)
	demo := &stage{Demo: launch.StartDemo(t, t.TempDir()), t: t, shops: map[string]*shop{}}
	s := open(t, demo, "newspaper", "server")
	command := exec.CommandContext(t.Context(), "node", "site.mjs", demo.URL, s.ClientID, s.ClientSecret, s.RedirectURL, s.server.URL+"/bye", "told")
	command.Dir, command.Stderr = folder, t.Output()
	answers, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	asks, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	b := s.reader(ada)
	done := ""
	for lines := bufio.NewScanner(asks); lines.Scan(); {
		var ask struct{ Open, Logout, Done string }
		if err := json.Unmarshal(lines.Bytes(), &ask); err != nil {
			t.Fatalf("the site said %q: %v", lines.Text(), err)
		}
		switch {
		case ask.Open != "":
			b.Get(ask.Open)
			s.agree(b)
			fmt.Fprintln(answers, b.URL)
		case ask.Logout != "":
			select {
			case raw := <-s.logouts:
				fmt.Fprintln(answers, raw)
			case <-time.After(patience):
				t.Fatal("no logout was told")
			}
		}
		done = ask.Done
	}
	if err := command.Wait(); err != nil || done == "" {
		t.Fatalf("the site failed: %v", err)
	}
}

// packages installs the packages of the lock file, each of its hash, outside the
// repository.
func packages(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: openid-client is not tested, %s is not installed here", tool)
		}
	}
	folder := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "site.mjs"} {
		content, err := os.ReadFile(filepath.Join("node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if output, err := install.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: openid-client is not tested, its packages cannot be had: %v\n%s", err, output)
	}
	return folder
}

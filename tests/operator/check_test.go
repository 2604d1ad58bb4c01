package operator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// check runs farthing check and returns the state of each thing, and the exit code.
func check(t *testing.T, args ...string) (states map[string]string, code int) {
	t.Helper()
	code, out, diag := launch.Run(t, append([]string{"check", "--json"}, args...)...)
	var report struct {
		Sound  bool
		Checks []struct{ Name, State, Detail string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Sound != (code == 0) {
		t.Fatalf("farthing check %q ended with %d: %v\n%s%s", args, code, err, out, diag)
	}
	states = map[string]string{}
	for _, one := range report.Checks {
		states[one.Name] = one.State
	}
	return states, code
}

// TestCheck looks at providers that would not do, each for one reason, and changes none.
func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	eachDatabase(t, func(p *provider) {
		t := p.t
		address := launch.FreeAddress(t)
		url := []string{"--base-url", "http://" + address}
		if states, code := check(t, append(url, p.flags[:2]...)...); code != 0 || states["database"] != "ok" {
			t.Errorf("before anything is there: %v", states)
		}
		if left, _ := os.ReadDir(p.folder); len(left) > 0 {
			t.Errorf("farthing check made %v", left)
		}
		server := launch.Serve(t, address, p.flags...)
		if states, code := check(t, append(url, p.flags...)...); code != 0 || states["base URL"] != "ok" || states["database"] != "ok" || states["clock"] != "ok" || states["secret"] != "ok" ||
			states["database, TLS"] == "warning" {
			t.Errorf("beside a server: %v", states)
		}
		server.Stop(t)
		if states, code := check(t, append(append(url, p.flags...), "--secret", strings.Repeat("ab", 32))...); code != 1 || states["secret, proved"] != "fault" {
			t.Errorf("with another secret: ended with %d, %v", code, states)
		}
		if code, _, diag := launch.Run(t, append([]string{"operator", "add", "op@example.org"}, p.flags...)...); code != 0 {
			t.Fatal(diag)
		}
		p.do(fund("op@example.org", "1.00", "USD", "bank 1")...)
		for _, journal := range []struct {
			ahead time.Duration
			want  string
		}{{time.Hour, "fault"}, {6 * time.Second, "warning"}, {-time.Hour, "ok"}} {
			p.write(`UPDATE block SET at = $1`, time.Now().Add(journal.ahead).UnixMilli())
			if states, code := check(t, append(url, p.flags...)...); (code == 1) != (journal.want == "fault") || states["clock"] != journal.want {
				t.Errorf("with a journal that is %s ahead: ended with %d, %v", journal.ahead, code, states)
			}
		}
		for name, args := range map[string][]string{
			"base URL":    {"--base-url", "http://192.0.2.1"}, // by http, to another machine
			"mail":        {"--smtp", "smtp://a:b@localhost:1", "--mail-from", "a@b.example"},
			"data folder": {"--data", filepath.Join(p.folder, "secret", "there")},
			"database":    {"--database", "host=localhost port=1 dbname=none connect_timeout=2"},
		} {
			if states, code := check(t, append(append(url, p.flags...), args...)...); code != 1 || states[name] != "fault" {
				t.Errorf("%q: ended with %d, %v", args, code, states)
			}
		}
		if err := os.Remove(filepath.Join(p.folder, "secret")); err != nil {
			t.Fatal(err)
		}
		if states, code := check(t, p.flags...); code != 1 || states["secret"] != "fault" {
			t.Errorf("without the secret: %v", states)
		}
		if _, err := os.Stat(filepath.Join(p.folder, "secret")); err == nil {
			t.Error("farthing check made a secret")
		}
	})
}

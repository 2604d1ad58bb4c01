package operations

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestAlerts has Prometheus's own tool read the rules and run their tests; each rule is missed
// there where it never fires.
func TestAlerts(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	promtool := tool(t, "promtool", "prometheus")
	run(t, documents(t), promtool, "check", "rules", "alerts.yml")
	run(t, documents(t), promtool, "test", "rules", filepath.Join(documents(t), "alerts_test.yml"))

	folder := t.TempDir()
	settings(t, folder, "alerts_test.yml")
	rules, err := os.ReadFile(settings(t, folder, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`- alert: (\w+)\n +expr: (.*)\n`).FindAllSubmatchIndex(rules, -1)
	if len(all) < 16 {
		t.Fatalf("only %d rules are seen", len(all))
	}
	for _, at := range all {
		silent := string(rules[:at[4]]) + "vector(0) > 1" + string(rules[at[5]:])
		if err := os.WriteFile(filepath.Join(folder, "alerts.yml"), []byte(silent), 0o600); err != nil {
			t.Fatal(err)
		}
		test := exec.CommandContext(t.Context(), promtool, "test", "rules", "alerts_test.yml")
		if test.Dir = folder; test.Run() == nil {
			t.Errorf("no history asks %s to fire", rules[at[2]:at[3]])
		}
	}
}

package operations

import (
	"path/filepath"
	"testing"
)

// TestAlerts has Prometheus's own tool read the rules and run their tests.
func TestAlerts(t *testing.T) {
	promtool := tool(t, "promtool", "prometheus")
	run(t, documents(t), promtool, "check", "rules", "alerts.yml")
	run(t, documents(t), promtool, "test", "rules", filepath.Join(documents(t), "alerts_test.yml"))
}

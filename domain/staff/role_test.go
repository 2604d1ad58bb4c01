package staff

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/operations/approvals.md shows the table of roles as it is.
func TestTheTableOfRolesInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations/approvals.md")
	if err != nil {
		t.Fatal(err)
	}
	yes := func(p Permission, r Role) string {
		if p.May(r.Level()) {
			return "yes"
		}
		return ""
	}
	for _, g := range Permissions() {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", g.Permission, yes(g.Permission, Representative), yes(g.Permission, Supervisor), yes(g.Permission, Operator))
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/operations/approvals.md lacks %q", row)
		}
		if g.Permission.May(0) || g.Permission.May(Role("somebody").Level()) {
			t.Errorf("nobody may %s", g.Permission)
		}
	}
}

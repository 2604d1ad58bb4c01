package chrome

import (
	"encoding/json"
	"os"
)

// finding is one rule of axe that a page breaks.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible fails the test where axe, at the given path, finds that the page breaks
// a rule of WCAG 2.2 up to level AA or a best practice.
func (tab *Tab) Accessible(axe string) {
	tab.t.Helper()
	script, err := os.ReadFile(axe)
	if err != nil {
		tab.t.Fatal(err)
	}
	// axe needs timers, which a page without scripts does not have.
	if look := tab.look; look.NoScript {
		look.NoScript = false
		defer tab.Look(tab.look)
		tab.Look(look)
	}
	tab.Eval(string(script) + `;"loaded"`)
	written := tab.Eval(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
	var findings []finding
	if err := json.Unmarshal([]byte(written), &findings); err != nil {
		tab.t.Fatalf("axe answered %q: %v", written, err)
	}
	for _, f := range findings {
		for _, node := range f.Nodes {
			tab.t.Errorf("%s (%s): %s, %s\n%s\n%s", tab.Address(), tab.look.Name, f.ID, f.Help, node.HTML, node.Summary)
		}
	}
}

// Narrow fails the test where the page is wider than the window, so that it would
// have to be scrolled sideways.
func (tab *Tab) Narrow() {
	tab.t.Helper()
	if wide := tab.Eval(`document.documentElement.scrollWidth > document.documentElement.clientWidth ? String(document.documentElement.scrollWidth) : ""`); wide != "" {
		tab.t.Errorf("%s (%s) is %s pixels wide", tab.Address(), tab.look.Name, wide)
	}
}

// Package asvs keeps docs/asvs.md whole: every row of OWASP ASVS 5.0.0, levels 1 and 2, stands
// there once, and every file and test that it names is there.
package asvs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root     = "../.."
	document = root + "/docs/asvs.md"
)

// sections are how many rows of levels 1 and 2 each section of each chapter has. In every section
// they come before those of level 3, so they are numbered from 1.
var sections = [][]int{
	{2, 9, 11, 3, 2},          // V1 encoding and sanitization
	{3, 3, 4, 1},              // V2 validation and business logic
	{0, 2, 4, 6, 5, 0, 2},     // V3 web frontend
	{3, 1, 2, 4},              // V4 API and web service
	{1, 3, 2, 3},              // V5 file handling
	{3, 12, 4, 4, 5, 3, 0, 4}, // V6 authentication
	{3, 4, 2, 5, 2, 2},        // V7 sessions
	{2, 3, 1, 1},              // V8 authorization
	{3, 4},                    // V9 self-contained tokens
	{2, 2, 4, 11, 5, 2, 3},    // V10 OAuth and OpenID Connect
	{2, 3, 3, 4, 1, 1, 0},     // V11 cryptography
	{3, 2, 4},                 // V12 communication
	{1, 5, 2, 5},              // V13 configuration
	{2, 4, 3},                 // V14 data protection
	{3, 3, 7, 0},              // V15 coding and architecture
	{1, 5, 4, 3, 3},           // V16 logging and errors
	{1, 4, 2},                 // V17 WebRTC
}

// states are what a row can be, in the order of the summary's columns.
var states = []string{"met", "partly", "not met", "n/a"}

// row is a line of a chapter's table.
type row struct{ number, words, state, where, test string }

var line = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) ?\| (.*?) ?\|$`)

func read(t *testing.T) (text string, rows []row) {
	t.Helper()
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range line.FindAllStringSubmatch(string(content), -1) {
		rows = append(rows, row{m[1], m[2], m[3], m[4], m[5]})
	}
	return string(content), rows
}

func TestEveryRowStandsThereOnce(t *testing.T) {
	text, rows := read(t)
	var want, got []string
	for chapter, counts := range sections {
		for section, n := range counts {
			for i := range n {
				want = append(want, fmt.Sprintf("%d.%d.%d", chapter+1, section+1, i+1))
			}
		}
	}
	count := make([][]int, len(sections)+1) // by chapter; the last one is for all
	for i := range count {
		count[i] = make([]int, len(states))
	}
	for _, r := range rows {
		got = append(got, r.number)
		chapter, err := strconv.Atoi(r.number[:strings.IndexByte(r.number, '.')])
		state := slices.Index(states, r.state)
		if err != nil || chapter > len(sections) || state < 0 {
			t.Fatalf("row %s is %q", r.number, r.state)
		}
		count[chapter-1][state]++
		count[len(sections)][state]++
		switch {
		case (r.state == "met" || r.state == "partly") && (r.where == "" || r.test == ""):
			t.Errorf("row %s is %s, and does not say where and by which test", r.number, r.state)
		case r.state != "met" && r.where == "":
			t.Errorf("row %s is %s, and does not say why", r.number, r.state)
		}
		if open := r.state == "partly" || r.state == "not met"; open != strings.Contains(text, "**"+r.number+"**") {
			t.Errorf("row %s is %s; what is not met must stand in the list of that, and nothing else", r.number, r.state)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the rows are %d, not %d:\n%v\n%v", len(got), len(want), got, want)
	}
	for i, counts := range count {
		name := fmt.Sprintf("V%d ", i+1)
		if i == len(sections) {
			name = "All"
		}
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^\| \**%s.*\| \**%d\** \| \**%d\** \| \**%d\** \| \**%d\** \|$`, name, counts[0], counts[1], counts[2], counts[3])).MatchString(text) {
			t.Errorf("the summary's line of %s should say %v", name, counts)
		}
	}
}

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	link   = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
)

func TestEveryFileAndTestThatIsNamedIsThere(t *testing.T) {
	text, rows := read(t)
	for _, r := range rows {
		for _, cell := range []string{r.where, r.test} {
			folder := ""
			for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
				name := m[1]
				if strings.HasPrefix(name, "Test") {
					if !hasTest(t, folder, name) {
						t.Errorf("row %s names the test %s of %q, which is not there", r.number, name, folder)
					}
					continue
				}
				info, err := os.Stat(filepath.Join(root, name))
				if err != nil {
					t.Errorf("row %s names %s, which is not there", r.number, name)
				} else if info.IsDir() {
					folder = name
				}
			}
		}
		if r.test != "" && r.test != "by reading" && !strings.Contains(r.test, "`Test") {
			t.Errorf("row %s names no test: %s", r.number, r.test)
		}
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, "docs", m[1])); err != nil {
			t.Errorf("a link leads to %s, which is not there", m[1])
		}
	}
}

// hasTest reports whether a folder has a test of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		content, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(content), "func "+name+"(")
	})
}

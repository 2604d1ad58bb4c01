// Package architecture keeps the import rules of ARCHITECTURE.md: it parses every
// source file of the module and refuses an import that points upward, an import
// alias, a dot import and an init function.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "farthing.dev/farthing"

// below is what all rooms of the application from the directory up may import.
var below = slices.Clip([]string{"token", "domain", "app/cache", "app/caller", "app/paging", "app/keys", "app/pace"})

// rules say, for each part of the tree, which parts of the module it may import. The
// longest matching path counts. A part may always import what lies below itself.
var rules = []struct {
	part    string
	imports []string
}{
	{"token", nil},
	{"sdk", nil},
	{"examples", []string{"sdk", "examples"}},
	{"delivery", []string{"token"}},
	{"domain/ledger", []string{"token"}},
	{"domain/limit", []string{"token"}},
	{"domain/royalty", []string{"token"}},
	{"domain/entitlement", []string{"token"}},
	{"domain/wire", nil},
	{"domain/journal/journaltest", []string{"token", "domain/ledger", "domain/limit", "domain/royalty", "domain/entitlement", "domain/journal"}},
	{"domain/journal", []string{"token", "domain/wire", "domain/ledger", "domain/limit", "domain/royalty", "domain/entitlement"}},
	{"domain/audit", []string{"token", "domain/ledger", "domain/limit", "domain/royalty", "domain/entitlement", "domain/journal"}},
	{"domain", []string{"token", "delivery", "domain"}},
	{"outbound", []string{"token"}},
	{"store/sqlite", []string{"token", "domain", "store"}},
	{"store/postgres", []string{"token", "domain", "store"}},
	{"store/storetest", []string{"token", "delivery", "domain", "store", "tests"}},
	{"store", []string{"token", "delivery", "domain"}},
	{"backup", []string{"token", "domain", "store"}},
	{"verify", []string{"token", "domain", "store"}},
	{"export", []string{"token", "domain", "store"}},
	{"projection", []string{"token", "domain", "store", "export"}},
	{"app/cache", []string{"token", "domain"}},
	{"app/caller", []string{"token", "domain"}},
	{"app/paging", []string{"token", "domain"}},
	{"app/keys", []string{"token", "domain", "app/cache"}},
	{"app/pace", []string{"token", "domain", "app/caller", "app/keys"}},
	{"app/activity", []string{"token", "domain", "app/pace", "app/paging"}},
	{"app/directory", append(below, "app/activity")},
	{"app/offering", append(below, "app/directory")},
	{"app/incentive", append(below, "app/directory")},
	{"app/funding", append(below, "app/activity", "app/directory")},
	{"app/session", append(below, "app/activity", "app/directory")},
	{"app/due", []string{"token", "domain"}},
	{"app/login", append(below, "app/activity", "app/directory", "app/incentive", "app/session", "delivery")},
	{"app/oauth", append(below, "app/activity", "app/directory", "delivery")},
	{"app/selling", append(below, "app/activity", "app/directory", "app/offering", "app/funding")},
	{"app/approving", append(below, "app/activity", "app/funding", "app/session")},
	{"app/buying", append(below, "app/activity", "app/directory", "app/offering", "app/funding", "app/selling")},
	{"app/operating", append(below, "app/activity", "app/directory", "app/funding", "app/session", "app/approving", "delivery")},
	{"app", []string{"token", "delivery", "domain"}},
	{"edge", []string{"token", "delivery", "domain", "app", "edge"}},
	{"mailer", []string{"token", "delivery", "app"}},
	{"worker", []string{"token", "domain", "app"}},
	{"bench", []string{"token", "domain", "store", "app", "edge", "tests"}},
	{"cmd", []string{""}},
	{"tests", []string{""}},
}

func TestImportsPointDownward(t *testing.T) {
	eachFile(t, func(path, part string, file *ast.File) {
		for _, spec := range file.Imports {
			target, _ := strconv.Unquote(spec.Path.Value)
			if spec.Name != nil && spec.Name.Name != "_" {
				t.Errorf("%s imports %s under another name, %q: every package has one name here", path, target, spec.Name.Name)
			}
			inner, ours := strings.CutPrefix(target, module+"/")
			if ours && !strings.HasSuffix(path, "_test.go") && !allowed(part, inner) {
				t.Errorf("%s imports %s, which ARCHITECTURE.md does not allow for %s", path, inner, part)
			}
		}
	})
}

func TestNothingRunsBeforeMain(t *testing.T) {
	eachFile(t, func(path, _ string, file *ast.File) {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function: main wires the house", path)
			}
		}
	})
}

func TestSharedNounsNeedTheStandardLibraryOnly(t *testing.T) {
	eachFile(t, func(path, part string, file *ast.File) {
		if (part != "token" && part != "sdk") || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, spec := range file.Imports {
			if target, _ := strconv.Unquote(spec.Path.Value); strings.Contains(target, ".") {
				t.Errorf("%s imports %s: token and sdk import the standard library only", path, target)
			}
		}
	})
}

// allowed reports whether part may import the package at inner.
func allowed(part, inner string) bool {
	if inner == part || strings.HasPrefix(inner, part+"/") {
		return true
	}
	for _, rule := range rules {
		if part != rule.part && !strings.HasPrefix(part, rule.part+"/") {
			continue
		}
		for _, permitted := range rule.imports {
			if permitted == "" || inner == permitted || strings.HasPrefix(inner, permitted+"/") {
				return true
			}
		}
		return false
	}
	return false
}

// eachFile parses every Go file of the module and calls fn with its path and the
// folder it lies in.
func eachFile(t *testing.T, fn func(path, part string, file *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		fn(relative, filepath.ToSlash(filepath.Dir(relative)), file)
		files++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files were found: the walk starts in the wrong place", files)
	}
}

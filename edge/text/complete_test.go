package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
)

// sources are the files of the house, read for what they say of reasons.
type sources struct {
	set       *token.FileSet
	files     []*ast.File
	positions map[string]map[int]bool // of functions, by name: which parameters are reasons
}

// readSources parses all that is part of the program.
func readSources(t *testing.T) *sources {
	t.Helper()
	s := &sources{set: token.NewFileSet(), positions: map[string]map[int]bool{"Refuse": {1: true}}}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, filepath.Join(root, "tests")) {
			return err
		}
		file, err := parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
		if err == nil {
			s.files = append(s.files, file)
		}
		return err
	})
	if err != nil || len(s.files) < 100 {
		t.Fatalf("%d files were read: %v", len(s.files), err)
	}
	for _, file := range s.files {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				s.learn(f)
			}
		}
	}
	return s
}

// isReason reports whether an expression names the type token.Reason.
func isReason(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Reason"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Reason"
	}
	return false
}

// learn remembers which parameters of a function are reasons.
func (s *sources) learn(f *ast.FuncDecl) {
	at := 0
	for _, field := range f.Type.Params.List {
		for range max(1, len(field.Names)) {
			if isReason(field.Type) {
				if s.positions[f.Name.Name] == nil {
					s.positions[f.Name.Name] = map[int]bool{}
				}
				s.positions[f.Name.Name][at] = true
			}
			at++
		}
	}
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// makers are the functions that make parameters.
var makers = []string{"Given", "Word", "Number", "Money", "Moment", "URL", "List"}

// paramsOf returns the names of the parameters that a call is given.
func paramsOf(call *ast.CallExpr) (names []string) {
	for _, argument := range call.Args {
		inner, ok := argument.(*ast.CallExpr)
		if !ok || !slices.Contains(makers, called(inner)) || len(inner.Args) < 2 {
			continue
		}
		if name, ok := inner.Args[0].(*ast.BasicLit); ok {
			text, _ := strconv.Unquote(name.Value)
			names = append(names, text)
		}
	}
	return names
}

// each calls fn with every reason in the source: with the call that it is an argument of, or
// nil where it is only named.
func (s *sources) each(fn func(at, reason string, call *ast.CallExpr)) {
	rows := House().English().rows
	for _, file := range s.files {
		taken := map[*ast.BasicLit]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for i, argument := range n.Args {
					literal, ok := argument.(*ast.BasicLit)
					if !ok || literal.Kind != token.STRING || !s.positions[called(n)][i] {
						continue
					}
					reason, _ := strconv.Unquote(literal.Value)
					taken[literal] = true
					if called(n) == "insert" && !strings.Contains(reason, ".") {
						continue // of another insert
					}
					fn(s.set.Position(literal.Pos()).String(), reason, n)
				}
			case *ast.BasicLit:
				if n.Kind != token.STRING || taken[n] {
					break
				}
				text, _ := strconv.Unquote(n.Value)
				if _, known := rows[text]; known && strings.Contains(text, ".") {
					fn(s.set.Position(n.Pos()).String(), text, nil)
				}
			}
			return true
		})
	}
}

// placeholders returns what a row names.
func placeholders(r row) []string {
	found := map[string]bool{}
	if r.of != "" {
		found[r.of] = true
	}
	for _, form := range r.forms {
		for _, p := range form {
			if p.name != "" && p.name != "field" && p.name != "field:" {
				found[p.name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestEveryReasonHasARowInEnglishAndItsParameters(t *testing.T) {
	rows := House().English().rows
	seen := 0
	readSources(t).each(func(at, reason string, call *ast.CallExpr) {
		seen++
		r, ok := rows[reason]
		if !ok {
			t.Errorf("%s: there is no row %q in en.toml", at, reason)
			return
		}
		if call == nil || call.Ellipsis.IsValid() {
			return
		}
		given := paramsOf(call)
		slices.Sort(given)
		if called(call) != "Refuse" && len(given) == 0 {
			return // the function that it goes to adds them
		}
		if named := placeholders(r); !slices.Equal(named, given) {
			t.Errorf("%s: %s names %q, and is given %q", at, reason, named, given)
		}
	})
	if seen < 250 {
		t.Errorf("only %d reasons were found", seen)
	}
}

func TestReasonsAreWrittenOut(t *testing.T) {
	s := readSources(t)
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && called(call) == "Refuse" && len(call.Args) > 1 {
				if _, computed := call.Args[1].(*ast.BinaryExpr); computed {
					t.Errorf("%s: a reason is put together; write it out, so that the catalogue can be held to it", s.set.Position(call.Pos()))
				}
			}
			return true
		})
	}
}

func TestEveryRowIsUsed(t *testing.T) {
	used := map[string]bool{}
	s := readSources(t)
	s.each(func(_, reason string, _ *ast.CallExpr) { used[reason] = true })
	words := map[string]bool{}
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				words[text] = true
			}
			return true
		})
	}
	for name := range House().English().rows {
		if word, isWord := strings.CutPrefix(name, "words."); !used[name] && (!isWord || !words[word]) {
			t.Errorf("nobody says %s", name)
		}
	}
}

// TestLanguagesAreComplete holds every language to English: no row is missing, none is left
// over, each names what the English one names, and each has the forms that its counts need.
func TestLanguagesAreComplete(t *testing.T) {
	english := House().English()
	for _, l := range House().languages {
		for name, r := range english.rows {
			own, ok := l.rows[name]
			if !ok {
				t.Errorf("%s lacks %s", l.Tag(), name)
				continue
			}
			if got, want := placeholders(own), placeholders(r); !slices.Equal(got, want) {
				t.Errorf("%s: %s names %q, and in English %q", l.Tag(), name, got, want)
			}
			for n := 0; own.of != "" && n <= 200; n++ {
				if form := plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0); len(own.forms[form]) == 0 {
					t.Errorf("%s: %s has no form for %d", l.Tag(), name, n)
					break
				}
			}
		}
		for name := range l.rows {
			if _, ok := english.rows[name]; !ok {
				t.Errorf("%s has %s, which English has not", l.Tag(), name)
			}
		}
	}
}

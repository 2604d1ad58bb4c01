package architecture

import (
	"go/ast"
	"strings"
	"testing"
)

// The bounds of a room: a package of the application, and its service. What passes them has
// become two.
const (
	maxFiles   = 15
	maxMethods = 25
)

// inRooms calls fn for each file of the application that is no test.
func inRooms(t *testing.T, fn func(path, part string, file *ast.File)) {
	t.Helper()
	eachFile(t, func(path, part string, file *ast.File) {
		if (part == "app" || strings.HasPrefix(part, "app/")) && !strings.HasSuffix(path, "_test.go") {
			fn(path, part, file)
		}
	})
}

func TestRoomsHaveFewFiles(t *testing.T) {
	files := map[string]int{}
	inRooms(t, func(_, part string, _ *ast.File) { files[part]++ })
	for part, count := range files {
		if count > maxFiles {
			t.Errorf("%s has %d files, and %d is the bound: a part of it is a room of its own", part, count, maxFiles)
		}
	}
	if len(files) < 15 {
		t.Errorf("only %d packages were found", len(files))
	}
}

func TestServicesHaveFewMethods(t *testing.T) {
	methods := map[string]int{}
	inRooms(t, func(_, part string, file *ast.File) {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.IsExported() {
				methods[part+"."+receiver(f.Recv.List[0].Type)]++
			}
		}
	})
	for service, count := range methods {
		if count > maxMethods {
			t.Errorf("%s has %d exported methods, and %d is the bound: a part of it is a service of its own", service, count, maxMethods)
		}
	}
	if methods["app/selling.Selling"] == 0 {
		t.Error("no methods were found of Selling")
	}
}

// Whoever composes the rooms knows all of them, so nothing but what is composed may know it, and
// it does nothing itself.
func TestNobodyButTheComposerHasAllRooms(t *testing.T) {
	eachFile(t, func(path, part string, file *ast.File) {
		for _, spec := range file.Imports {
			composes := part == "app" || part == "edge/compose" || part == "bench" || strings.HasPrefix(part, "cmd/") || strings.HasPrefix(part, "tests/")
			if spec.Path.Value == `"`+module+`/app"` && !composes && !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s imports app, which is all rooms at once: take the services that are needed", path)
			}
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && part == "app" && f.Recv != nil && f.Name.IsExported() && !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s: package app composes rooms, and %s is a method: it belongs to one of them", path, f.Name.Name)
			}
		}
	})
}

// receiver is the name of a method's type.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

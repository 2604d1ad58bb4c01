package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// subject is a package whose mutants are tried.
type subject struct {
	root, folder string // of the module, and of the package in it
	work         string // where what is built lies
	binary       string // its tests, with the mutants planted
	flags        []string
	mutants      []mutant
}

// listed is what go list tells of a package.
type listed struct {
	Dir, ImportPath, Export string
	GoFiles                 []string
}

// plant builds the tests of a package with its mutants in them. Mutant n is in force where the
// environment says MUTANT=n+1.
func plant(root, folder, work string) (*subject, error) {
	s := &subject{root: root, folder: folder, work: work, binary: filepath.Join(work, "planted.test")}
	pkg, exports, err := list(root, "./"+folder)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	sources := make([][]byte, len(pkg.GoFiles))
	files := make([]*ast.File, len(pkg.GoFiles))
	for i, name := range pkg.GoFiles {
		path := filepath.Join(pkg.Dir, name)
		if sources[i], err = os.ReadFile(path); err != nil {
			return nil, err
		}
		if files[i], err = parser.ParseFile(fset, path, sources[i], parser.SkipObjectResolution); err != nil {
			return nil, err
		}
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	checked, err := config.Check(pkg.ImportPath, fset, files, info)
	if err != nil {
		return nil, err
	}
	overlay := map[string]string{}
	for i, name := range pkg.GoFiles {
		p := planter{fset: fset, info: info, pkg: checked, name: filepath.ToSlash(filepath.Join(folder, name)), source: sources[i], first: len(s.mutants) + 1}
		if overlay[filepath.Join(pkg.Dir, name)], err = s.write(name, p.file(files[i])); err != nil {
			return nil, err
		}
		s.mutants = append(s.mutants, p.made...)
	}
	const beside = "mutant_switches.go"
	if overlay[filepath.Join(pkg.Dir, beside)], err = s.write(beside, fmt.Sprintf(switches, checked.Name())); err != nil {
		return nil, err
	}
	return s, s.build(overlay, s.binary)
}

// alone builds the tests with one mutant in them, a constant.
func (s *subject) alone(m *mutant, to string) error {
	path := filepath.Join(s.root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := string(source[:m.at.Offset]) + m.instead + string(source[m.at.Offset+len(m.was):])
	at, err := s.write("alone.go", changed)
	if err != nil {
		return err
	}
	return s.build(map[string]string{path: at}, to)
}

func (s *subject) write(name, text string) (string, error) {
	path := filepath.Join(s.work, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// build builds the tests of the package with other files in the place of some.
func (s *subject) build(overlay map[string]string, to string) error {
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return err
	}
	at, err := s.write("overlay.json", string(text))
	if err != nil {
		return err
	}
	command := exec.Command("go", "test", "-c", "-vet=off", "-overlay", at, "-o", to, "./"+s.folder)
	command.Dir = s.root
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", s.folder, err, out)
	}
	return nil
}

// list returns a package, and where the types of all that it imports lie.
func list(root, pattern string) (*listed, map[string]string, error) {
	command := exec.Command("go", "list", "-export", "-deps", "-json=Dir,ImportPath,Export,GoFiles", pattern)
	command.Dir, command.Stderr = root, os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list %s: %w", pattern, err)
	}
	var last *listed // dependencies come first
	exports := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return last, exports, nil
		} else if err != nil {
			return nil, nil, err
		}
		last, exports[pkg.ImportPath] = &pkg, pkg.Export
	}
}

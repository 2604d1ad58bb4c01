package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// enough is the percentage that must be killed of those that change something.
const enough = 95

// limit is how long the tests of a package may take, with a mutant that has them wait for ever.
const limit = time.Minute

// quickly are the flags by which property tests that fail leave nothing behind, and look for no
// simpler case. Only tests that have some know them.
var quickly = []string{"-rapid.nofailfile", "-rapid.shrinktime=1ms"}

func main() {
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: go run ./tests/mutants FOLDER...") }
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tries the mutants of packages, and returns an error where too many live.
func run(folders []string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	known, err := parseEquivalents(equivalents)
	if err != nil {
		return err
	}
	var failures []error
	for _, folder := range folders {
		if err := try(root, folder, known); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// try tries the mutants of one package and prints what became of them.
func try(root, folder string, known map[string]*equivalent) error {
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	started := time.Now()
	s, err := plant(root, folder, work)
	if err != nil {
		return err
	}
	if _, unknown := s.test(s.binary, 0, "-test.run=^$", quickly[0]); !unknown {
		s.flags = quickly
	}
	if out, dead := s.test(s.binary, 0, s.flags...); dead {
		return fmt.Errorf("%s: the tests fail without a mutant:\n%s", folder, out)
	}
	var killed, lived, same, none int
	for i := range s.mutants {
		m := &s.mutants[i]
		dead, viable := s.dies(m, i+1)
		listed := known[m.key()]
		if listed != nil {
			listed.met = true
		}
		switch {
		case !viable:
			none++
		case dead && listed != nil:
			killed++
			fmt.Printf("KILLED, and listed as changing nothing: %s:%d:%d %s\n\t%s\n", m.file, m.at.Line, m.at.Column, m.mutation, m.line)
		case dead:
			killed++
		case listed != nil:
			same++
		default:
			lived++
			fmt.Printf("LIVED %s:%d:%d %s %s\n\t%s\n", m.file, m.at.Line, m.at.Column, m.function, m.mutation, m.line)
		}
	}
	percent := 100 * float64(killed) / float64(max(1, killed+lived))
	fmt.Printf("%-20s %4d mutants, %4d killed, %3d lived, %3d change nothing, %d cannot be built: %.1f %% in %s\n",
		folder, len(s.mutants), killed, lived, same, none, percent, time.Since(started).Round(time.Second/10))
	for _, listed := range known {
		if file, _, _ := strings.Cut(listed.key, "\n"); !listed.met && filepath.ToSlash(filepath.Dir(file)) == folder {
			fmt.Printf("listed, and not there any more: %s\n", strings.ReplaceAll(listed.key, "\n", " "))
		}
	}
	if percent < enough {
		return fmt.Errorf("%s: %.1f %% of the mutants are killed, not %d", folder, percent, enough)
	}
	return nil
}

// dies reports whether the tests notice a mutant, and whether it can be built at all.
func (s *subject) dies(m *mutant, number int) (dead, viable bool) {
	if !m.constant {
		_, dead = s.test(s.binary, number, s.flags...)
		return dead, true
	}
	alone := filepath.Join(s.work, "alone.test")
	if s.alone(m, alone) != nil {
		return false, false
	}
	_, dead = s.test(alone, 0, s.flags...)
	return dead, true
}

// test runs the tests with a mutant in force and reports whether they fail. Tests that do not end
// have noticed it too.
func (s *subject) test(binary string, number int, flags ...string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, binary, append([]string{"-test.short", "-test.failfast"}, flags...)...)
	command.Dir = filepath.Join(s.root, s.folder)
	command.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(number))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err != nil
}

package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// equivalents lists the mutants that change nothing. An entry is a paragraph of three parts:
//
//	FILE FUNCTION MUTATION
//		the source line, with the operator «marked»
//	why it changes nothing, on one or more lines
//
//go:embed equivalent.txt
var equivalents string

// equivalent is a mutant that changes nothing, and why.
type equivalent struct {
	key, why string
	met      bool
}

// parseEquivalents reads a list of mutants that change nothing; lines that begin with # are for people.
func parseEquivalents(text string) (map[string]*equivalent, error) {
	all := map[string]*equivalent{}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var lines []string
		for line := range strings.Lines(paragraph) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			continue
		}
		head := strings.Fields(lines[0])
		if len(lines) < 3 || len(head) != 3 {
			return nil, fmt.Errorf("no file, function, mutation, line and reason: %q", paragraph)
		}
		m := mutant{file: head[0], function: head[1], mutation: head[2], line: lines[1]}
		if all[m.key()] != nil {
			return nil, fmt.Errorf("listed twice: %q", paragraph)
		}
		all[m.key()] = &equivalent{key: m.key(), why: strings.Join(lines[2:], " ")}
	}
	return all, nil
}

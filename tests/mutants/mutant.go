package main

import (
	"go/token"
	"strings"
)

// mutant is one operator that is to be another.
type mutant struct {
	file     string // its path from the root of the module, with slashes
	function string // in which it stands; empty for a constant of the package
	line     string // the source line, without the space around it, and the operator marked: a «<» b
	mutation string
	at       token.Position
	constant bool // it has to be built by itself
	instead  string
	was      string
}

// The mutations, by the operators that they change.
var (
	negations = map[token.Token]string{token.EQL: "!=", token.NEQ: "==", token.GTR: "<=", token.LSS: ">=", token.GEQ: "<", token.LEQ: ">"}
	bounds    = map[token.Token]string{token.GTR: ">=", token.LSS: "<=", token.GEQ: ">", token.LEQ: "<"}
	sums      = map[token.Token]string{token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*", token.REM: "*"}
)

// mark returns the line of source that position lies in, with what stands there marked.
func mark(source []byte, position token.Position, was string) string {
	start := position.Offset - position.Column + 1
	end := position.Offset + len(was)
	line, _, _ := strings.Cut(string(source[end:]), "\n")
	return strings.TrimSpace(string(source[start:position.Offset]) + "«" + was + "»" + line)
}

// key names a mutant so that lines which come and go elsewhere do not change it.
func (m *mutant) key() string {
	return m.file + "\n" + m.function + "\n" + m.mutation + "\n" + m.line
}

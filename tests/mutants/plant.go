package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// switches is the file that is planted beside the sources: what chooses between an operator and
// the one that is to be tried in its place.
const switches = `package %s

import (
	"os"
	"strconv"
)

var mutantInForce, _ = strconv.Atoi(os.Getenv("MUTANT"))

func mutantBool(negation, bound int, is, negated bool, bounded func() bool) bool {
	switch {
	case mutantInForce == negation:
		return negated
	case bound != 0 && mutantInForce == bound:
		return bounded()
	}
	return is
}

func mutantValue[T any](number int, is T, other func() T) T {
	if mutantInForce == number {
		return other()
	}
	return is
}
`

// planter plants mutants into one file.
type planter struct {
	fset     *token.FileSet
	info     *types.Info
	pkg      *types.Package
	name     string // of the file, from the root of the module
	source   []byte
	function string
	first    int // the number of the first mutant that it makes
	made     []mutant
}

func (p *planter) offset(at token.Pos) int { return p.fset.Position(at).Offset }

// add takes up a mutant and returns its number.
func (p *planter) add(mutation string, at token.Pos, was, instead string, constant bool) int {
	position := p.fset.Position(at)
	p.made = append(p.made, mutant{file: p.name, function: p.function, line: mark(p.source, position, was), mutation: mutation,
		at: position, constant: constant, was: was, instead: instead})
	return p.first + len(p.made) - 1
}

// file returns the source of a file with all mutants planted.
func (p *planter) file(file *ast.File) string {
	var out strings.Builder
	at := 0
	for _, declaration := range file.Decls {
		p.function = ""
		if f, ok := declaration.(*ast.FuncDecl); ok {
			p.function = f.Name.Name
		}
		out.Write(p.source[at:p.offset(declaration.Pos())])
		out.WriteString(p.node(declaration))
		at = p.offset(declaration.End())
	}
	out.Write(p.source[at:])
	return out.String()
}

// edit is a piece of source and what takes its place.
type edit struct {
	from, to int
	text     string
}

// node returns the source of a node with its mutants planted.
func (p *planter) node(n ast.Node) string {
	var edits []edit
	replace := func(n ast.Node, format string, args ...any) {
		edits = append(edits, edit{p.offset(n.Pos()), p.offset(n.End()), fmt.Sprintf(format, args...)})
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				p.constants(n)
				return false
			}
		case *ast.ArrayType:
			if n.Len != nil {
				p.constants(n.Len)
			}
			return false
		case *ast.BinaryExpr:
			if p.info.Types[n].Value != nil {
				p.constants(n)
				return false
			}
			if text := p.binary(n); text != "" {
				replace(n, "%s", text)
				return false
			}
		case *ast.UnaryExpr:
			if n.Op == token.SUB {
				number, x := p.add("INVERT_NEGATIVES", n.OpPos, "-", "+", false), p.node(n.X)
				replace(n, "mutantValue[%s](%d, -%s, func() %s { return +%s })", p.typeOf(n), number, x, p.typeOf(n), x)
				return false
			}
		case *ast.IncDecStmt:
			was, instead := "++", "--"
			if n.Tok == token.DEC {
				was, instead = instead, was
			}
			number, x, of := p.add("INCREMENT_DECREMENT", n.TokPos, was, instead, false), p.node(n.X), p.typeOf(n.X)
			replace(n, "%s = mutantValue[%s](%d, %s %s 1, func() %s { return %s %s 1 })", x, of, number, x, was[:1], of, x, instead[:1])
			return false
		}
		return true
	})
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	at := p.offset(n.Pos())
	for _, e := range edits {
		out.Write(p.source[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(p.source[at:p.offset(n.End())])
	return out.String()
}

// binary returns an expression with its mutants planted, or nothing where it has none.
func (p *planter) binary(n *ast.BinaryExpr) string {
	if negated := negations[n.Op]; negated != "" {
		number, bound, bounded := p.add("CONDITIONALS_NEGATION", n.OpPos, n.Op.String(), negated, false), 0, "nil"
		other := bounds[n.Op]
		if other != "" {
			bound = p.add("CONDITIONALS_BOUNDARY", n.OpPos, n.Op.String(), other, false)
		}
		x, y := p.node(n.X), p.node(n.Y)
		if other != "" {
			bounded = fmt.Sprintf("func() bool { return %s %s %s }", x, other, y)
		}
		return fmt.Sprintf("mutantBool(%d, %d, %s %s %s, %s %s %s, %s)", number, bound, x, n.Op, y, x, negated, y, bounded)
	}
	other := sums[n.Op]
	if basic, ok := p.info.TypeOf(n).Underlying().(*types.Basic); other == "" || !ok || basic.Info()&types.IsNumeric == 0 {
		return ""
	}
	number := p.add("ARITHMETIC_BASE", n.OpPos, n.Op.String(), other, false)
	x, y, of := p.node(n.X), p.node(n.Y), p.typeOf(n)
	return fmt.Sprintf("mutantValue[%s](%d, %s %s %s, func() %s { return %s %s %s })", of, number, x, n.Op, y, of, x, other, y)
}

// constants takes up what is to be built one by one.
func (p *planter) constants(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if other := sums[n.Op]; other != "" {
				p.add("ARITHMETIC_BASE", n.OpPos, n.Op.String(), other, true)
			}
		case *ast.UnaryExpr:
			if n.Op == token.SUB {
				p.add("INVERT_NEGATIVES", n.OpPos, "-", "+", true)
			}
		}
		return true
	})
}

// typeOf writes an expression's type as its file names it.
func (p *planter) typeOf(n ast.Expr) string {
	return types.TypeString(types.Default(p.info.TypeOf(n)), func(other *types.Package) string {
		if other == p.pkg {
			return ""
		}
		return other.Name()
	})
}

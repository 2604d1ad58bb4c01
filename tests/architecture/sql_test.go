package architecture

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

var parameter = regexp.MustCompile(`\$(\d+)`)

// SQLite takes $2 for a name and gives the first one that it meets the first value, where PostgreSQL goes
// by the number (findings/sqlite-gives-dollar-numbers-their-values-by-appearance.sh). So whoever writes one
// statement for both numbers parameters in the order in which they appear.
func TestParametersAreNumberedAsTheyAppear(t *testing.T) {
	statements := 0
	eachFile(t, func(path, _ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				return true
			}
			highest := 0
			for _, found := range parameter.FindAllStringSubmatch(text, -1) {
				number, _ := strconv.Atoi(found[1])
				if number > highest+1 && highest > 0 || highest == 0 && number > 1 && !continues(text) {
					t.Errorf("%s: $%d appears before $%d in %q", path, number, highest+1, text)
				}
				highest = max(highest, number)
			}
			if highest > 0 {
				statements++
			}
			return true
		})
	})
	if statements < 100 {
		t.Errorf("%d statements were looked at", statements)
	}
}

var statement = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)

// continues reports whether a text goes on with a statement that began in another.
func continues(text string) bool { return !statement.MatchString(text) }

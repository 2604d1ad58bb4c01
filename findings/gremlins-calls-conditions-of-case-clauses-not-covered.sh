#!/usr/bin/env bash
# github.com/go-gremlins/gremlins v0.5.0: a condition in a case clause is NOT COVERED, whatever the tests do.
#
# Expected: the same decision written as if and else, or as a switch with a condition in each case, under
#   tests that cover every statement and ask for both sides of the bound, gives the same mutants, all killed.
# Seen: those of the if are killed; those of the case clauses are reported NOT COVERED and never run,
#   while the efficacy says 100 %. (Go's coverage has blocks of statements, and the expressions of a case
#   clause lie in none.)
# Why it matters: rules about money are often a switch of conditions. Their bounds are then never tried,
#   and a gate on efficacy stays green. Look at "mutator coverage" as well, or write what decides with if.
#
# Fails (exit 1) when the mutants of the case clauses are killed: then this is no longer so.
set -euo pipefail
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work go install github.com/go-gremlins/gremlins/cmd/gremlins@v0.5.0 2>/dev/null
cat > go.mod <<'M'
module example.test/finding

go 1.24
M
cat > fee.go <<'G'
package fee

// ByIf returns the fee of an amount: 1 up to 10, else 2.
func ByIf(amount int) int {
	if amount > 10 {
		return 2
	}
	return 1
}

// ByCase is ByIf, written with a switch.
func ByCase(amount int) int {
	switch {
	case amount > 10:
		return 2
	default:
		return 1
	}
}
G
cat > fee_test.go <<'G'
package fee

import "testing"

func TestFee(t *testing.T) {
	for amount, want := range map[int]int{9: 1, 10: 1, 11: 2, 12: 2} {
		if got := ByIf(amount); got != want {
			t.Errorf("ByIf(%d) is %d", amount, got)
		}
		if got := ByCase(amount); got != want {
			t.Errorf("ByCase(%d) is %d", amount, got)
		}
	}
}
G
go test -cover . | sed 's/.*coverage/statements: coverage/'
./gremlins unleash --timeout-coefficient 20 . > out 2>&1 || true
grep -E "KILLED|LIVED|NOT COVERED|efficacy|coverage" out
killed=$(grep -cE "^ *KILLED .*fee.go:5" out || true); missed=$(grep -cE "NOT COVERED .*fee.go:14" out || true)
if [ "$killed" -eq 0 ] || [ "$missed" -eq 0 ]; then echo "this has changed"; exit 1; fi
echo "still so in gremlins v0.5.0"

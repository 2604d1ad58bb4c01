package audit

import (
	"slices"
	"testing"

	"farthing.dev/farthing/domain/journal/journaltest"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// The auditor knows every kind, by code of its own: by what each is found, and which move
// tokens.
func TestTheAuditorKnowsEveryKind(t *testing.T) {
	for _, e := range journaltest.Samples() {
		got, want := Terms(nil, e), e.Terms(nil)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is found by %x, says the auditor; the journal says %x", e.Kind, got, want)
		}
		if slices.Contains(movers, e.Kind) != e.Kind.Moves() {
			t.Errorf("%s moves tokens: %v, says the auditor", e.Kind, !e.Kind.Moves())
		}
		a := New(func(token.SplitID, uint32) (royalty.Split, bool) { return royalty.Split{}, false })
		a.entry(e)
		for _, fault := range a.report.Checks[SequenceWhole-1].Faults {
			t.Errorf("the auditor of %s: %s", e.Kind, fault)
		}
	}
}

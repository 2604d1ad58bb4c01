package vendorapi

import (
	"reflect"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
)

// The document lists the kinds of entries that have royalty lines, all of them.
func TestTheKindsOfRoyaltyLines(t *testing.T) {
	var want []string
	for _, k := range journal.Kinds() {
		if k.Royalties() {
			want = append(want, k.String())
		}
	}
	field, _ := reflect.TypeFor[royaltyLine]().FieldByName("Kind")
	if got := field.Tag.Get("enum"); got != strings.Join(want, ",") {
		t.Errorf("the document says %q, the table of kinds %q", got, want)
	}
}

package wallet_test

import (
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

// What logs out everything else stands where it is seen: above a list that is long.
func TestSigningOutStandsAboveALongList(t *testing.T) {
	for reader, above := range map[string]bool{pretend.Reader: false, pretend.Careful: true} {
		b, _ := visit(t)
		b.logIn(reader)
		if reader == pretend.Careful {
			b.post("/login/second", map[string][]string{"code": {pretend.Code}})
		}
		page := b.get("/security/devices")
		page.want(t, http.StatusOK, "Log out all others")
		if got := strings.Index(page.body, "Log out all others") < strings.Index(page.body, "<table"); got != above {
			t.Errorf("%s finds it above the list: %t", reader, got)
		}
	}
}

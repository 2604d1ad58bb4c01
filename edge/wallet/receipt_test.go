package wallet_test

import (
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

func TestReceiptsAreDownloaded(t *testing.T) {
	b, _ := visit(t)
	b.logIn(pretend.Reader)
	page := b.get("/wallet/purchases")
	_, rest, found := strings.Cut(page.body, `href="/wallet/purchases/ord_`)
	id, _, _ := strings.Cut(rest, `/receipt"`)
	if !found {
		t.Fatal("no purchase has a receipt")
	}
	file := b.get("/wallet/purchases/ord_" + id + "/receipt")
	file.want(t, http.StatusOK, "pretended.signed.receipt")
	b.get("/wallet/purchases/ord_x/receipt").want(t, http.StatusNotFound)
}

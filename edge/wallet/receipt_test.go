package wallet_test

import (
	"net/http"
	"regexp"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

func TestReceipts(t *testing.T) {
	b, _ := visit(t)
	b.logIn(pretend.Reader)
	links := regexp.MustCompile(`href="(/wallet/purchases/ord_\w+)"`).FindAllStringSubmatch(b.get("/wallet/purchases").body, 7)
	if len(links) < 7 {
		t.Fatalf("%d purchases have a receipt", len(links))
	}
	page := b.get(links[0][1])
	page.want(t, http.StatusOK, "The last ferry of the season", "by your click", "0.25", links[0][1]+"/receipt")
	b.get(links[0][1]+"/receipt").want(t, http.StatusOK, "pretended.signed.receipt")
	// What was charged without a click says so, and how to end that.
	b.get(links[1][1]).want(t, http.StatusOK, "by an allowance, without a click", "a week", "Take the allowance back", "/wallet/allowances/remove")
	b.get(links[3][1]).want(t, http.StatusOK, "Refunded")
	b.get(links[4][1]).want(t, http.StatusOK, "at once, below your limit for that")
	b.get(links[5][1]).want(t, http.StatusOK, "On hold")
	b.get("/wallet/purchases/ord_x").want(t, http.StatusNotFound)
	b.get("/wallet/purchases/ord_x/receipt").want(t, http.StatusNotFound)
}

package abuse

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
)

// TestForgeryInABrowser opens, in a Chromium that is logged in, a page of another site
// that sends the form of a purchase by a script.
func TestForgeryInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is not for the quick round")
	}
	h := open(t)
	order := h.order(h.shop, "/a", "0.25")
	h.ada.Get(order.PayURL).Want(http.StatusOK)
	form := formOf(t, h.ada.Browser, "/pay/")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>x</title><form method="post" action="%s/pay/%s">`, h.URL, order.ID)
		for name := range form {
			fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, name, form.Get(name))
		}
		fmt.Fprint(w, `</form><button onclick="document.forms[0].submit()">Win a prize</button>`)
	}))
	t.Cleanup(evil.Close)
	tab := chrome.Start(t).Tab(chrome.Light)
	tab.LogIn(h.URL, h.ada.email, password)
	h.unmoved("a form sent by another site's script", func() {
		tab.Go(evil.URL + "/")
		tab.Click("button")
		tab.WantText("Sent from another site")
	})
}

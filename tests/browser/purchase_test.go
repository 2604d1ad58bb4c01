package browser

import (
	"strings"
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/pretend"
)

// The redirect from the login through the order to the shop must pass the content
// security policy of the page that the form is on, in a browser without scripts too.
func TestPayingFromTheOrderToTheShop(t *testing.T) {
	base, a := serve(t)
	b := chrome.Start(t)
	for _, look := range []chrome.Look{chrome.Light, chrome.Phone} {
		t.Run(look.Name, func(t *testing.T) {
			tab := b.Tab(look).For(t)
			tab.Go(base + "/pay/" + a.Open.String())
			tab.WantText("Log in to pay", "The last ferry of the season")
			tab.Fill("#email", pretend.Reader)
			tab.Fill("#password", pretend.Password)
			tab.Click("main form button")
			tab.WantText("Pay 0.25")
			tab.Click("main form button")
			tab.WantText("The article", "Referrer: []", "order="+a.Open.String(), "ticket=")
		})
	}
}

func TestQuickReadersGoStraightThrough(t *testing.T) {
	base, a := serve(t)
	b := chrome.Start(t)
	tab := b.Tab(chrome.Phone)
	tab.Go(base + "/pay/" + a.Open.String())
	tab.Fill("#email", pretend.Quick)
	tab.Fill("#password", pretend.Password)
	tab.Click("main form button")
	tab.WantText("The article", "Referrer: []")
	if !strings.HasPrefix(tab.Address(), a.Site) {
		t.Errorf("the reader is at %s", tab.Address())
	}
}

func TestTestOrderInABrowser(t *testing.T) {
	base, a := serve(t)
	tab := chrome.Start(t).Tab(chrome.Light)
	tab.Go(base + "/pay/" + a.Test.String())
	tab.WantText("Test order")
	tab.Click("main form button")
	tab.WantText("The article")
}

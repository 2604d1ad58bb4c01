package browser

import (
	"strings"
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// TestContinueWithFarthing logs a reader in at the demo's newspaper, in a browser that never
// was there: what he bought before opens without a click, and nothing is charged.
func TestContinueWithFarthing(t *testing.T) {
	b := chrome.Start(t)
	d := launch.StartDemo(t, t.TempDir())
	news, bought := d.URLs["newspaper"], "/articles/in-praise-of-the-smallest-coin"
	first, second := b.Tab(chrome.Light), b.Tab(chrome.Light)
	first.LogIn(d.URL, "ben@readers.example", d.Password)
	first.Go(d.URL + "/wallet")
	balances := first.Eval(`document.querySelector("main").innerText`)

	for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
		second.Look(look)
		second.Go(news + bought)
		second.WantText("Read the rest")
		second.Shot("paper-stranger")
		second.Accessible(axe)
		second.Narrow()
	}
	second.Click(`form[action="/login"] button`)
	second.Fill("#email", "ben@readers.example")
	second.Fill("#password", d.Password)
	second.Click("main form button")
	second.WantText("Log in at The Harbour Gazette")
	second.Click("main form button")
	if second.Address() != news+bought {
		t.Errorf("the login came back to %s", second.Address())
	}
	for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
		second.Look(look)
		second.WantText("Log out here")
		second.Shot("paper-known")
		second.Accessible(axe)
		second.Narrow()
	}
	second.Go(news + "/")
	second.Click(`a[href="` + bought + `"]`)
	if text := second.Eval(`String(document.querySelector(".gate") === null && !document.body.innerText.includes("charged under"))`); text != "true" {
		t.Errorf("the article that he owns did not open, or was charged:\n%s", second.Text())
	}
	first.Go(d.URL + "/wallet")
	if now := first.Eval(`document.querySelector("main").innerText`); now != balances {
		t.Errorf("balances are %s, were %s", now, balances)
	}
	second.Click(`form[action="/logout"] button`)
	second.WantText("Continue with Farthing")
	second.Click(`form[action="/login"] button`) // known to the provider, and asked only once
	second.WantText("Log out here")

	forgotten := func() {
		t.Helper()
		const loads = 500 // far more than fit into the second until the paper is told
		for range loads {
			if second.Go(news + bought); !strings.Contains(second.Text(), "Log out here") {
				break
			}
		}
		second.WantText("Continue with Farthing")
	}
	second.Go(d.URL + "/security/devices")
	second.WantText("The Harbour Gazette")
	second.Shot("devices-shops")
	second.Click(`form[action="/security/devices/shops"] button`)
	second.WantText("Your logins there have ended")
	forgotten()
	second.Click(`form[action="/login"] button`)
	second.WantText("You are asked this once for The Harbour Gazette")
	second.Click("main form button")
	second.WantText("Log out here")

	second.Go(d.URL + "/wallet")
	second.Click(`form[action="/logout"] button`)
	forgotten()
	second.Go(news + "/login/back?code=1&state=2")
	second.WantText("That login was not begun here")
}

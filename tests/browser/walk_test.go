package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// TestOneLoginForEveryShop is a reader's evening in the demo: one login with a passkey,
// a click at each of three shops, and none where an allowance covers what she reads.
func TestOneLoginForEveryShop(t *testing.T) {
	b := chrome.Start(t)
	d := launch.StartDemo(t, t.TempDir())
	tab := b.Tab(chrome.Light)
	tab.Passkeys()
	tab.Go(d.URL + "/signup")
	tab.Fill("#name", "Wanda")
	tab.Fill("#email", "wanda@readers.example")
	tab.Fill("#password", "a few words here")
	tab.Click("main form button")
	tab.Click(`a[href="/demo/outbox"]`)
	tab.Click(`.letter a[href^="/signup/confirm"]`)
	tab.Click("main form button")
	tab.WantText("Your wallet is open")
	for _, funds := range []struct{ currency, amount string }{{"USD", "5"}, {"EUR", "5"}, {"JPY", "500"}} {
		tab.Go(d.URL + "/wallet/funds?currency=" + funds.currency)
		tab.Fill("#amount", funds.amount)
		tab.Click("main form button")
	}
	tab.Go(d.URL + "/security/login")
	tab.Click("form[data-passkey] button")
	tab.WantText("The passkey is added")
	tab.Click(`form[action="/logout"] button`)
	tab.Go(d.URL + "/login")
	tab.Click("form[data-passkey] button")
	tab.WantText("Recent purchases")

	news, music := d.URLs["newspaper"], d.URLs["music"]
	for _, first := range []struct{ page, button, after string }{ // in each currency she says once that she need not be asked
		{news + "/articles/the-keeper-of-skerry-light", ".gate button", "None. Looked twice."},
		{music + "/tracks/harbour-lights", ".release button", "3 of 3 plays left"},
	} {
		tab.Go(first.page)
		tab.Click(first.button)
		tab.Do(chromedp.Click(chromedp.CSS("[name=at_once]")))
		tab.Click(".bill form button")
		tab.WantText(first.after)
	}
	for _, next := range []struct{ page, button, after string }{
		{news + "/articles/the-woman-who-writes-the-timetable", ".gate button", "You can only plan for the nurses"},
		{music + "/tracks/small-change", ".release button", "3 of 3 plays left"},
		{d.URLs["calls"] + "/", ".buy button", "100 paid calls are left"},
	} {
		tab.Go(next.page)
		tab.Click(next.button)
		tab.WantText(next.after)
	}

	tab.Go(news + "/articles/in-praise-of-the-smallest-coin")
	tab.Click(".gate button")
	tab.Do(chromedp.Click(chromedp.CSS("details.allow summary")))
	tab.Fill("#allow-each", "0.20")
	tab.Click("details.allow button")
	tab.Go(news + "/")
	tab.Click(`a[href="/articles/the-shop-that-will-not-sell-you-one"]`)
	tab.WantText("0.20 EUR charged under your allowance")

	tab.Go(d.URL + "/wallet/purchases")
	tab.Click(`.purchases a[href^="/wallet/purchases/"]`)
	tab.WantText("by an allowance, without a click", "0.20 of it is spent")
	tab.Shot("receipt-allowance")
	tab.Accessible(axe)
	tab.Click(`form[action="/wallet/allowances/remove"] button`)
	tab.WantText("No shop may charge you without a click")
}

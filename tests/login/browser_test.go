package login

import (
	"strings"
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
)

// The script on the page, Chromium's own passkeys and the provider fit together.
func TestAPasskeyInABrowser(t *testing.T) {
	h := open(t)
	tab := chrome.Start(t).Tab(chrome.Light)
	tab.Passkeys()
	tab.Go(h.base + "/login?next=" + settings)
	tab.Fill("#email", ada)
	tab.Fill("#password", password)
	tab.Click("main form button")
	tab.WantText("How you log in", "You have none")
	tab.Fill("#passkey-name", "This laptop")
	if status := tab.Click("form[data-passkey] button"); status != 200 {
		t.Errorf("adding a passkey led to a page that answered %d", status)
	}
	tab.WantText("The passkey is added", "This laptop", "Never used")

	tab.Click(`form[action="/logout"] button`)
	tab.Go(h.base + "/wallet/limits")
	tab.WantText("Log in")
	if status := tab.Click("form[data-passkey] button"); status != 200 {
		t.Errorf("logging in with a passkey led to a page that answered %d", status)
	}
	if at := tab.Address(); !strings.HasSuffix(at, "/wallet/limits") {
		t.Errorf("the login led to %s", at)
	}
	tab.Go(h.base + settings)
	tab.WantText("This laptop", "Last used")
}

package browser

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// TestPagesOfALoginInEveryLook follows "Continue with Farthing" from the vendor's page in
// the console to the reader's logout, and judges each page on the way.
func TestPagesOfALoginInEveryLook(t *testing.T) {
	b := chrome.Start(t)
	d := launch.StartDemo(t, t.TempDir())
	site := d.URLs["music"]
	vendor, reader := b.Tab(chrome.Light), b.Tab(chrome.Light)
	looks := func(tab *chrome.Tab, address, name string) {
		t.Helper()
		for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
			tab.Look(look)
			tab.Go(address)
			tab.Shot(name)
			tab.Accessible(axe)
			tab.Narrow()
		}
		tab.Look(chrome.Light)
	}

	vendor.LogIn(d.URL, "noor@lowtide.example", d.Password)
	vendor.Go(d.URL + "/console")
	page := vendor.Eval(`document.querySelector('main a[href^="/console/vnd_"]').href`) + "/login"
	looks(vendor, page, "clients-none")
	for _, name := range []string{"Low Tide Records", strings.Repeat("Donaudampfschiff", 4), "مكتبة الميناء القديمة"} {
		vendor.Go(page)
		vendor.Fill("#name", name)
		write(vendor, "#redirects", site+"/"+strings.Repeat("a-long-way-back", 8))
		write(vendor, "#after_logout", site+"/bye")
		vendor.Fill("#backchannel", site+"/told")
		vendor.Click("#client-form button")
		vendor.WantText("shown this once")
	}
	vendor.Shot("clients-made")
	looks(vendor, page, "clients")
	client := vendor.Eval(`document.querySelector(".clients .code").innerText`)
	vendor.Fill("#name", "Elsewhere")
	write(vendor, "#redirects", "https://elsewhere.example/back")
	vendor.Click("#client-form button")
	vendor.WantText("does not lie in a site")
	vendor.Shot("clients-refused")
	vendor.Narrow()

	ask := d.URL + "/oidc/authorize?" + url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"openid"}, "state": {"here"},
		"redirect_uri":   {site + "/" + strings.Repeat("a-long-way-back", 8)},
		"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"},
	}.Encode()
	looks(reader, ask, "login-for-a-site")
	reader.WantText("To go on to Low Tide Records")
	looks(reader, strings.Replace(ask, "A", "", 1)+"&client_id=twice", "login-unfit")
	reader.LogIn(d.URL, "ben@readers.example", d.Password)
	looks(reader, ask, "consent")
	reader.WantText("Log in at Low Tide Records", "Ben Okafor")
	looks(reader, d.URL+"/oidc/logout?client_id="+client, "leave")
	reader.WantText("Log out?")
	looks(reader, d.URL+"/wallet/purchases", "purchases-many")
	looks(reader, reader.Eval(`document.querySelector('.purchases a[href^="/wallet/purchases/"]').href`), "receipt")
	reader.Go(d.URL + "/reset")
	reader.Fill("#email", "ada@readers.example")
	reader.Click("main form button")
	reader.Shot("reset-sent")
	looks(reader, d.URL+"/demo/outbox", "outbox")
}

// write puts text into an area of several lines, which Fill does not.
func write(tab *chrome.Tab, selector, text string) {
	tab.Eval(fmt.Sprintf("document.querySelector(%q).value = %q", selector, text))
}

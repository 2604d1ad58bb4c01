package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"farthing.dev/farthing/examples/button"
	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// The example page sells by the web component, by a plain form and by a link, under a
// strict policy of its own, with scripts and without.
func TestTheButton(t *testing.T) {
	b := chrome.Start(t)
	d := launch.StartDemo(t, t.TempDir())
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	site := strings.Replace(server.URL, "127.0.0.1", "button.localhost", 1)
	client := launch.OpenShop(t, d.URL, "The Button", site, "live")
	offer, err := button.MakeOffer(t.Context(), client, site)
	if err != nil {
		t.Fatal(err)
	}
	handler = button.New(client, offer)
	launch.ProveSites(t, client)

	const confirm = "main > article > form button"
	for _, person := range []struct {
		email string
		look  chrome.Look
	}{{"ada@readers.example", chrome.Light}, {"ben@readers.example", chrome.Dark}, {"", chrome.Phone}} {
		t.Run(person.look.Name, func(t *testing.T) {
			tab := b.Tab(person.look).For(t)
			email := person.email
			if email == "" {
				email = "ada@readers.example" // owns it by now, and has no scripts
			}
			tab.Go(site + "/")
			if !person.look.NoScript {
				waitForPrice(tab)
				if name := tab.Eval(`document.querySelector("farthing-button").shadowRoot.querySelector("button").textContent`); name != "Buy for 0.25 US dollars: On farthings" {
					t.Errorf("the button is called %q", name)
				}
			}
			judge(tab, "button")
			if person.email != "" {
				tab.Click("farthing-button")
				tab.WantText("Log in to pay", "On farthings")
				tab.Fill("#email", email)
				tab.Fill("#password", d.Password)
				tab.Click("main form button")
				tab.WantText("Pay 0.25", "The Button")
				tab.Click(confirm)
				tab.WantText("The farthing was a quarter of a penny")
				judge(tab, "button-essay")
			} else {
				tab.LogIn(d.URL, email, d.Password)
			}
			// Loaded again, the way back opens nothing; the button does, without a charge.
			if person.email != "" {
				tab.Go(tab.Address())
				tab.WantText("This way back works once")
			}
			for _, way := range []string{"farthing-button", "main > form button", "main > p > a"} {
				if person.look.NoScript && way == "farthing-button" {
					way = "farthing-button button"
				}
				tab.Go(site + "/")
				tab.Click(way)
				tab.WantText("The farthing was a quarter of a penny")
			}
			if !person.look.NoScript {
				tab.Go(site + "/")
				waitForPrice(tab)
				tab.Eval(`document.querySelector("farthing-button").focus(), "focused"`)
				tab.Press("\r")
				tab.WantText("The farthing was a quarter of a penny")
			}
			tab.Go(d.URL + "/wallet")
			tab.WantText("On farthings")
		})
	}
}

// waitForPrice waits until the component has drawn its own button.
func waitForPrice(tab *chrome.Tab) {
	tab.Eval(`new Promise(done => {
		const b = document.querySelector("farthing-button");
		if (b.shadowRoot?.querySelector("form")) done("drawn");
		b.addEventListener("farthing-ready", () => done("drawn"));
	})`)
}

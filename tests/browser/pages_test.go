// Package browser looks at every page with a real Chromium: in light, in dark, on a
// phone without scripts; checks each for accessibility, and keeps pictures of them.
package browser

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/pretend"
)

const axe = "testdata/axe/axe.min.js"

// serve runs the pages with a pretended application, and a shop to come back to.
func serve(t *testing.T) (base string, a *pretend.App) {
	t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>Shop</title><p>The article. Referrer: [" + r.Referer() + "] " + r.URL.RawQuery))
	}))
	t.Cleanup(shop.Close)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	// localhost and 127.0.0.1 are two sites to a browser, as a provider and a shop are.
	a = pretend.New(shop.URL)
	base = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	var err error
	if handler, err = a.Pages(base, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	return base, a
}

func TestEveryPageInEveryLook(t *testing.T) {
	base, a := serve(t)
	b := chrome.Start(t)
	shop := "/console/" + a.Shop.String()
	people := []struct {
		email string
		pages []struct{ name, path string }
	}{
		{"", []struct{ name, path string }{
			{"front", "/"}, {"login", "/login"}, {"signup", "/signup"}, {"signup-code", "/signup/confirm?code=12345678"}, {"reset", "/reset"}, {"reset-new", "/reset/new?token=x"}, {"missing", "/nowhere"},
			{"pay-login", "/pay/" + a.Open.String()}, {"pay-signup", "/signup?next=/pay/" + a.Open.String()}, {"pay-test", "/pay/" + a.Test.String()},
		}},
		{pretend.Reader, []struct{ name, path string }{
			{"wallet", "/wallet"}, {"purchases", "/wallet/purchases"}, {"receipt", a.Receipt()}, {"limits", "/wallet/limits?order=" + a.Open.String()}, {"funds", "/wallet/funds"},
			{"pay", "/pay/" + a.Open.String()}, {"pay-long", "/pay/" + a.Long.String()}, {"pay-hold", "/pay/" + a.Hold.String()},
			{"pay-expired", "/pay/" + a.Expired.String()}, {"pay-taken", "/pay/" + a.Taken.String()},
			{"console", "/console"}, {"console-overview", shop}, {"console-sales", shop + "/sales"}, {"console-royalties", shop + "/royalties"},
			{"console-catalogue", shop + "/catalogue"}, {"console-setup", shop + "/setup"}, {"security", "/security"}, {"devices", "/security/devices"}, {"console-security", shop + "/security"},
			{"operator", "/operator"}, {"operator-vendors", "/operator/vendors"}, {"operator-readers", "/operator/readers"}, {"operator-requests", "/operator/requests"}, {"operator-log", "/operator/log"}, {"operator-deliveries", "/operator/deliveries"},
		}},
		{pretend.Newcomer, []struct{ name, path string }{{"empty-wallet", "/wallet"}, {"empty-purchases", "/wallet/purchases"}, {"empty-limits", "/wallet/limits"}, {"empty-console", "/console"}, {"empty-methods", "/security/login"}, {"authenticator", "/security/login/authenticator"}}},
		{pretend.Poor, []struct{ name, path string }{{"pay-poor", "/pay/" + a.Open.String()}, {"frozen-wallet", "/wallet"}}},
		{pretend.Strict, []struct{ name, path string }{{"pay-limit", "/pay/" + a.Open.String()}}},
		{pretend.Careful, []struct{ name, path string }{{"methods", "/security/login"}, {"devices-many", "/security/devices"}}},
		{pretend.Late, []struct{ name, path string }{{"pay-late", "/pay/" + a.Open.String()}}},
	}
	for _, person := range people {
		tab := b.Tab(chrome.Light)
		if person.email != "" {
			tab.LogIn(base, person.email, pretend.Password)
		}
		switch person.email {
		case pretend.Careful:
			tab.Fill("#code", "wrong")
			tab.Click("main form button")
			tab.Shot("second-step")
			tab.Accessible(axe)
			tab.Fill("#code", pretend.Code)
			tab.Click("main form button")
		case pretend.Newcomer:
			tab.Go(base + "/security/login")
			tab.Click(`form[action="/security/login/authenticator"] button`)
		}
		for _, page := range person.pages {
			t.Run(page.name, func(t *testing.T) {
				tab := tab.For(t)
				for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
					tab.Look(look)
					tab.Go(base + page.path)
					tab.Narrow()
					if shown := tab.Eval(`[...document.querySelectorAll("[hidden]")].filter(e => e.checkVisibility()).map(e => e.outerHTML).join()`); shown != "" {
						t.Errorf("%s, %s: what is hidden is shown: %s", page.name, look.Name, shown)
					}
					tab.Shot(page.name)
					tab.Accessible(axe)
				}
			})
		}
	}
}

// Some pages are only reached through a form.
func TestRefusedFormsInEveryLook(t *testing.T) {
	base, a := serve(t)
	b := chrome.Start(t)
	for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
		t.Run(look.Name, func(t *testing.T) {
			tab := b.Tab(look).For(t)
			tab.Go(base + "/pay/" + a.Open.String())
			tab.Fill("#email", pretend.Reader)
			tab.Fill("#password", "not the password")
			if status := tab.Click("main form button"); status != http.StatusUnauthorized {
				t.Errorf("a wrong password answered %d", status)
			}
			tab.Shot("refused-login")
			tab.Accessible(axe)

			tab.LogIn(base, pretend.Reader, pretend.Password)
			tab.Go(base + "/operator/readers")
			tab.Fill("#email", pretend.Reader)
			tab.Click("main form button")
			tab.WantText("A•••", "bank 2026-11-22 17")
			tab.Narrow()
			tab.Shot("operator-reader")
			tab.Accessible(axe)
			tab.Fill("#email", "nobody@example.org")
			if status := tab.Click("main form button"); status != http.StatusNotFound {
				t.Errorf("a reader who is not there answered %d", status)
			}
			tab.Go(base + "/wallet/limits")
			tab.Do(chromedp.Click(chromedp.CSS("#limit summary")))
			tab.Fill("#limit-max", "a lot")
			if status := tab.Click("#limit details button"); status != http.StatusUnprocessableEntity {
				t.Errorf("a bad amount answered %d", status)
			}
			tab.Shot("refused-limit")
			tab.Accessible(axe)

			tab.Go(base + "/console/" + a.Shop.String() + "/setup")
			tab.Fill("#login", "web server")
			if status := tab.Click("#login-form button"); status != http.StatusOK {
				t.Errorf("a new key answered %d", status)
			}
			tab.WantText("fk_test_", "shown this once")
			tab.Shot("new-key")
			tab.Accessible(axe)
		})
	}
}

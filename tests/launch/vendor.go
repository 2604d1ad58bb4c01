package launch

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/sdk"
)

// OpenVendor signs somebody up at a provider, opens a shop through the console, and
// returns a client with a sandbox key and the pseudonym of the sandbox's reader.
func OpenVendor(tb testing.TB, provider string) (client *sdk.Client, reader string) {
	tb.Helper()
	client = OpenShop(tb, provider, "The Shop", "http://shop.localhost:1", "test")
	me, err := client.Me(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return client, me.SandboxReader
}

// OpenShop signs somebody up at a provider, opens a shop through the console that sells
// at origin, and returns a client with a key of the mode: live or test.
func OpenShop(tb testing.TB, provider, name, origin, mode string) *sdk.Client {
	tb.Helper()
	b := NewBrowser(tb)
	email := strings.ReplaceAll(strings.ToLower(name), " ", "-") + "@shop.example"
	b.SignUp(provider, "Somebody", email, "correct horse battery")
	b.Get("/console").Submit("/console", "name", name, "origin", origin).Want(http.StatusOK)
	if b.URL.Path == "/console" {
		b.Get(b.Find(`href="(/console/vnd_[^"]*)"`))
	}
	b.Get(b.Find(`href="(/console/vnd_[^"]*/setup)"`)).Submit("/keys", "login", "website", "mode", mode).Want(http.StatusOK)
	return &sdk.Client{BaseURL: provider, Key: b.Find(`(fk_` + mode + `_[A-Za-z0-9_-]+)`), Attempts: 1}
}

// ProveSites shows all of a vendor's sites to be its own. They must be serving their
// proofs.
func ProveSites(tb testing.TB, client *sdk.Client) {
	tb.Helper()
	sites, err := client.Sites(tb.Context(), sdk.Page{Limit: 100})
	if err != nil {
		tb.Fatal(err)
	}
	for _, site := range sites.Data {
		if _, err := client.ProveSite(tb.Context(), site.ID); err != nil {
			tb.Fatal(err)
		}
	}
}

var codePattern = regexp.MustCompile(`Your code is (\d{4} \d{4})`)

// SignUp opens a wallet at a provider. In a demo it takes the code from the page that shows
// what was sent.
func (b *Browser) SignUp(provider, name, email, password string) *Browser {
	b.tb.Helper()
	b.Get(provider+"/signup").Submit("/signup", "name", name, "email", email, "password", password)
	if b.URL.Path != "/signup/confirm" {
		return b
	}
	found := codePattern.FindStringSubmatch(b.Get("/demo/outbox").Body)
	if found == nil {
		b.tb.Fatalf("no code was sent:\n%s", b.Body)
	}
	return b.Get("/signup/confirm").Submit("/signup/confirm", "code", found[1])
}

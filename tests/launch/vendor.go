package launch

import (
	"net/http"
	"testing"

	"farthing.dev/farthing/sdk"
)

// OpenVendor signs somebody up at a provider, opens a shop through the console, and
// returns a client with a sandbox key and the pseudonym of the sandbox's reader.
func OpenVendor(tb testing.TB, provider string) (client *sdk.Client, reader string) {
	tb.Helper()
	b := NewBrowser(tb)
	b.Get(provider+"/signup").Submit("/signup", "name", "Somebody", "email", "somebody@shop.example", "password", "correct horse battery")
	b.Get("/console").Submit("/console", "name", "The Shop", "origin", "http://shop.localhost:1").Want(http.StatusOK)
	if b.URL.Path == "/console" {
		b.Get(b.Find(`href="(/console/vnd_[^"]*)"`))
	}
	b.Get(b.Find(`href="(/console/vnd_[^"]*/setup)"`)).Submit("/keys", "login", "website", "mode", "test").Want(http.StatusOK)
	client = &sdk.Client{BaseURL: provider, Key: b.Find(`(fk_test_[A-Za-z0-9_-]+)`), Attempts: 1}
	me, err := client.Me(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return client, me.SandboxReader
}

package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// logIn opens the provider's login and comes back to where it was asked for.
func logIn(b *launch.Browser, d *launch.Demo, email string) *launch.Browser {
	return b.Submit("/login", "email", email, "password", d.Password)
}

// balance returns a reader's balance in a currency, as the wallet shows it.
func balance(t *testing.T, d *launch.Demo, email, currency string) string {
	t.Helper()
	b := launch.NewBrowser(t)
	b.Get(d.URL + "/login")
	logIn(b, d, email).Want(http.StatusOK)
	b.Get(d.URL+"/wallet").Want(http.StatusOK, "Wallet")
	return b.Find(`(?s)<span class="name">` + currency + `</span>\s*<span class="figure">([^<]*)</span>`)
}

// readArticle buys an article of the paper in a fresh browser, and returns the browser.
func readArticle(t *testing.T, d *launch.Demo, paper, slug, email string) *launch.Browser {
	t.Helper()
	b := launch.NewBrowser(t)
	b.Get(paper+"/articles/"+slug).Want(http.StatusOK, "Read the rest")
	b.Submit("farthing=buy").Want(http.StatusOK, "Log in")
	logIn(b, d, email).Want(http.StatusOK)
	return b.Submit("/pay/")
}

// question asks the API marketplace something.
func question(t *testing.T, method, address, key string, into any) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := (&http.Client{Transport: launch.Transport()}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(content, into); err != nil {
			t.Fatalf("%s answered %q: %v", address, content, err)
		}
	}
	return response
}

// keys returns the keys that the shops call the provider with.
func keys(t *testing.T, d *launch.Demo) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.Data, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct{ Keys map[string]string }
	if err := json.Unmarshal(content, &state); err != nil {
		t.Fatal(err)
	}
	return state.Keys
}

package operator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/token"
)

// called is an answer of the API.
type called struct {
	status   int
	replayed bool
	body     string
}

// call sends a request to the API with a key.
func call(t *testing.T, method, url, key, idempotency, body string) called {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", idempotency)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return called{response.StatusCode, response.Header.Get("Idempotent-Replayed") == "true", string(text)}
}

// TestOperators sees the pages and calls of operators as an operator, as a program with a
// key, and as everybody else.
func TestOperators(t *testing.T) {
	eachDatabase(t, func(p *provider) {
		t := p.t
		server := launch.Serve(t, launch.FreeAddress(t), p.flags...)
		client, reader := launch.OpenVendor(t, server.URL)
		offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "a", Title: "A"}, Price: "0.01", Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID}); err != nil { // with test tokens: no money
			t.Fatal(err)
		}
		ben := launch.NewBrowser(t).SignUp(server.URL, "Ben", "ben@example.org", "a quiet harbour at dawn")
		pages := []string{"/operator", "/operator/vendors", "/operator/readers", "/operator/requests", "/operator/deliveries", "/operator/log"}
		for _, page := range pages {
			ben.Get(server.URL+page).Want(http.StatusNotFound, "no such page")
			if nobody := launch.NewBrowser(t).Get(server.URL + page); nobody.URL.Path != "/login" {
				t.Errorf("nobody gets %s, at %s", page, nobody.URL)
			}
		}
		p.do("operator", "add", "ben@example.org")
		p.do(fund("ben@example.org", "10.00", "USD", "bank 1")...)
		key := p.do("operator", "key", "till").Key
		for _, page := range pages {
			ben.Get(server.URL + page).Want(http.StatusOK)
		}
		ben.Get(server.URL+"/wallet").Want(http.StatusOK, "Money added", "bank 1")
		ben.Get(server.URL+"/operator").Want(http.StatusOK, "All is well", "Came in", "10.00", "Up to entry")
		ben.Get(server.URL+"/operator/readers").Submit("/operator/readers", "email", "Ben@example.org").
			Want(http.StatusOK, "b•••@example.org", "10.00", "bank 1").Without("ben@example.org")
		ben.Get(server.URL+"/operator/readers").Submit("/operator/readers", "email", "nobody@example.org").Want(http.StatusNotFound, "Nobody logs in")
		ben.Get(server.URL+"/operator/log").Want(http.StatusOK, "Looked a reader up", "nobody logs in with", "bank 1", "Was made an operator", "a command on the server").Without("ben@example.org")
		ben.Get(server.URL+"/security").Want(http.StatusOK, "looked at your account", "added 10.00")

		summary, vendors, deposits := server.URL+"/v1/operator/summary", server.URL+"/v1/operator/vendors", server.URL+"/v1/operator/deposits"
		body := `{"email":"ben@example.org","amount":"5.00","currency":"EUR","reference":"bank 2"}`
		for _, wrong := range []string{"", client.Key, "fk_operator_" + strings.Repeat("A", 43)} {
			for _, got := range []called{call(t, "GET", summary, wrong, "", ""), call(t, "GET", vendors, wrong, "", ""), call(t, "GET", server.URL+"/v1/operator/deliveries", wrong, "", ""), call(t, "POST", server.URL+"/v1/operator/deliveries/"+token.DeliveryID{1}.String()+"/drop", wrong, "k", "{}"), call(t, "POST", deposits, wrong, "k", body)} {
				if got.status != http.StatusUnauthorized {
					t.Errorf("with the key %.12s: %d %s", wrong, got.status, got.body)
				}
			}
		}
		if got := call(t, "GET", server.URL+"/v1/me", key.Secret, "", ""); got.status != http.StatusUnauthorized {
			t.Errorf("an operator's key at a vendor's route: %d", got.status)
		}
		if got := call(t, "POST", deposits, key.Secret, "one", body); got.status != http.StatusCreated || got.replayed {
			t.Errorf("a deposit: %+v", got)
		}
		for what, again := range map[string]called{
			"again":         call(t, "POST", deposits, key.Secret, "one", body),
			"by another":    call(t, "POST", deposits, key.Secret, "two", body),
			"another body":  call(t, "POST", deposits, key.Secret, "one", strings.Replace(body, "bank 2", "bank 3", 1)),
			"other amount":  call(t, "POST", deposits, key.Secret, "three", strings.Replace(body, "5.00", "6.00", 1)),
			"no decimals":   call(t, "POST", deposits, key.Secret, "four", strings.Replace(body, "5.00", "5.001", 1)),
			"refused, then": call(t, "POST", deposits, key.Secret, "three", strings.Replace(body, "bank 2", "bank 4", 1)),
		} {
			want := http.StatusUnprocessableEntity
			switch what {
			case "again", "by another", "refused, then":
				want = http.StatusCreated
			}
			if again.status != want || (what == "again" && !again.replayed) {
				t.Errorf("%s: %+v", what, again)
			}
		}
		p.money(summary, key.Secret)
		if got := call(t, "GET", vendors, key.Secret, "", ""); got.status != http.StatusOK || !strings.Contains(got.body, `"fee":{"percent":"5"`) {
			t.Errorf("the vendors: %+v", got)
		}
		p.do("operator", "revoke", key.ID)
		if got := call(t, "GET", summary, key.Secret, "", ""); got.status != http.StatusUnauthorized {
			t.Errorf("a revoked key: %d", got.status)
		}
		p.do("operator", "remove", "ben@example.org")
		ben.Get(server.URL+"/login").Submit("/login", "email", "ben@example.org", "password", "a quiet harbour at dawn")
		ben.Get(server.URL + "/operator").Want(http.StatusNotFound)
	})
}

// money looks whether the sums hold all deposits.
func (p *provider) money(url, key string) {
	p.t.Helper()
	var summary struct {
		Money []struct {
			Currency, Cash, Wallets string
			Balanced                bool
		}
		Problems []any
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		got := call(p.t, "GET", url, key, "", "")
		if err := json.Unmarshal([]byte(got.body), &summary); err != nil || got.status != http.StatusOK {
			p.t.Fatalf("the summary: %+v, %v", got, err)
		}
		if m := summary.Money; len(m) == 2 && m[0].Currency == "EUR" && m[0].Wallets == "10.00" && m[0].Balanced && m[1].Cash == "10.00" && m[1].Balanced && len(summary.Problems) == 0 {
			return
		}
	}
	p.t.Errorf("the summary is %+v", summary)
}

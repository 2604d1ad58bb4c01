package browser

import (
	"crypto/sha256"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// kiosk is a shop of one's own with a few stories behind a Paywall, on an origin that
// no other shop shares.
type kiosk struct {
	name, url string

	mu     sync.Mutex
	reader string // how the shop knows the last reader
}

var stories = []string{"first", "second", "third", "fourth"}

// openKiosk opens a shop at a running provider.
func openKiosk(t *testing.T, provider, name string) *kiosk {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	k := &kiosk{name: name, url: strings.Replace(server.URL, "127.0.0.1", name+".localhost", 1)}
	client := launch.OpenShop(t, provider, "Kiosk "+name, k.url, "live")
	offers := map[string]string{}
	for _, story := range stories {
		offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{
			Item: sdk.Item{SKU: story, Title: "The " + story + " story", URL: k.url + "/" + story}, Price: "0.25", Currency: "USD",
		})
		if err != nil {
			t.Fatal(err)
		}
		offers[story] = offer.ID
	}
	secret := sha256.Sum256([]byte(name))
	wall := &sdk.Paywall{
		Client: client, Secret: secret[:], Site: k.url, ZeroClick: time.Hour,
		Sell: func(r *http.Request) (sdk.NewOrder, bool) {
			offer, sold := offers[strings.Trim(r.URL.Path, "/")]
			return sdk.NewOrder{Offer: offer}, sold
		},
	}
	mux := http.NewServeMux()
	mux.Handle(sdk.SiteProofPath, client.SiteProof())
	mux.Handle("/", wall.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, bought := sdk.AccessOf(r.Context())
		if !bought {
			http.NotFound(w, r)
			return
		}
		k.mu.Lock()
		k.reader = access.Reader
		k.mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>%s</title><h1>All of %s</h1><p>Charged just now: [%s%s]</p>`,
			name, html.EscapeString(strings.Trim(r.URL.Path, "/")), access.Charged, access.Currency)
		for _, story := range stories {
			fmt.Fprintf(w, `<a id="%s" href="/%s">%s</a> `, story, story, story)
		}
	})))
	handler = mux
	launch.ProveSites(t, client)
	return k
}

// One login; at each of three vendors one click buys without an allowance, and none
// with one.
func TestThreeVendorsOneLoginAndNoClick(t *testing.T) {
	b := chrome.Start(t)
	d := launch.StartDemo(t, t.TempDir())
	kiosks := []*kiosk{openKiosk(t, d.URL, "north"), openKiosk(t, d.URL, "east"), openKiosk(t, d.URL, "south")}
	for _, person := range []struct {
		email string
		look  chrome.Look
	}{{"ada@readers.example", chrome.Light}, {"ben@readers.example", chrome.Phone}} {
		t.Run(person.look.Name, func(t *testing.T) {
			tab := b.Tab(person.look).For(t)
			tab.LogIn(d.URL, person.email, d.Password)
			for _, k := range kiosks {
				tab.Go(k.url + "/first")
				tab.WantText("Pay 0.25", "Kiosk "+k.name, "Let Kiosk "+k.name+" charge without asking")
				tab.Click("main > article > form button")
				tab.WantText("All of first", "Charged just now: []")
			}
			for _, k := range kiosks {
				tab.Go(k.url + "/first")
				tab.WantText("All of first")
				tab.Click("#second")
				tab.WantText("Pay 0.25") // one click more, without an allowance
				tab.Do(chromedp.Click(chromedp.CSS("details.allow summary")))
				judge(tab, "pay-allow")
				tab.Click("details.allow button")
				tab.WantText("All of second", "Charged just now: []")
				tab.Click("#third")
				tab.WantText("All of third", "Charged just now: [0.25USD]")
			}
			tab.Go(d.URL + "/wallet")
			tab.WantText("Kiosk north", "Kiosk east", "Kiosk south", "0.25 of 2.50", "by allowance")

			tab.Go(d.URL + "/wallet/limits")
			judge(tab, "wallet-allowances")
			tab.Click("#allowance td form button") // of the vendor that was given one first, or before
			for taken := 0; !strings.Contains(tab.Text(), "No shop may charge you without a click"); taken++ {
				if taken > 5 {
					t.Fatal("the allowances do not end")
				}
				tab.Click("#allowance td form button")
			}
			tab.Go(kiosks[0].url + "/third")
			tab.WantText("All of third")
			tab.Click("#fourth")
			tab.WantText("Pay 0.25")
		})
	}
	for i, k := range kiosks {
		for _, other := range kiosks[i+1:] {
			if k.reader == "" || k.reader == other.reader {
				t.Errorf("%s and %s know one reader by one name: %q", k.name, other.name, k.reader)
			}
		}
	}
}

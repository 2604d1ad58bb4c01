package demo

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"strings"
	"sync"
	"testing"

	"farthing.dev/farthing/examples/calls"
	"farthing.dev/farthing/examples/music"
	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// received is every byte that one vendor got: requests of browsers, and the
// provider's answers.
type received struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (v *received) add(dump []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes.Write(dump)
}

// browsers records what comes in at the vendor's site.
func (v *received) browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		v.add(dump)
		v.add([]byte(r.RemoteAddr))
		next.ServeHTTP(w, r)
	})
}

// RoundTrip records what the provider answers.
func (v *received) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	dump, err := httputil.DumpResponse(response, false)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	v.add(dump)
	v.add(body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// vendor opens one of the example shops in this process, as an outsider would run
// it, on an origin of its own, and records everything that it receives.
func vendor(t *testing.T, d *launch.Demo, id, key string) (string, *received) {
	t.Helper()
	seen := &received{}
	client := &sdk.Client{BaseURL: d.URL, Key: key, HTTPClient: &http.Client{Transport: seen}}
	var handler http.Handler
	server := httptest.NewServer(seen.browsers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) })))
	t.Cleanup(server.Close)
	site := strings.Replace(server.URL, "127.0.0.1", id+"-elsewhere.localhost", 1)
	secret, log := []byte("a secret of at least thirty-two bytes, "+id), slog.New(slog.DiscardHandler)
	switch id {
	case "newspaper":
		handler = newspaper.New(newspaper.Config{Client: client, SiteURL: site, Secret: secret, Log: log})
	case "music":
		handler = music.New(music.Config{Client: client, SiteURL: site, Secret: secret, Log: log})
	case "calls":
		handler = calls.New(calls.Config{Client: client, SiteURL: site, Secret: secret, Log: log})
	}
	if err := shop.Register(t.Context(), client, site); err != nil {
		t.Fatal(err)
	}
	return site, seen
}

// TestVendorsLearnNoPerson has one reader buy at three vendors, in one browser, and
// looks at every byte that each of them received.
func TestVendorsLearnNoPerson(t *testing.T) {
	d := launch.StartDemo(t, t.TempDir())
	sites, all := map[string]string{}, map[string]*received{}
	for id, key := range keys(t, d) {
		sites[id], all[id] = vendor(t, d, id, key)
	}

	const email, name = "grace.unusual@people.example", "Grace Unusual"
	b := launch.NewBrowser(t)
	b.SignUp(d.URL, name, email, "correct horse battery")
	for _, currency := range []string{"USD", "JPY"} {
		b.Get(d.URL+"/wallet/funds").Submit("/wallet/funds", "currency", currency, "amount", "50").Want(http.StatusOK)
	}
	b.Get(sites["newspaper"]+"/articles/the-woman-who-writes-the-timetable").Submit("farthing=buy").Submit("/pay/").Want(http.StatusOK, "plan for the nurses")
	b.Get(sites["music"]+"/tracks/small-change").Submit("/rent/").Submit("/pay/").Want(http.StatusOK, "3</strong> of 3").Submit("/play/").Want(http.StatusOK)
	b.Get(sites["calls"]+"/").Submit("/buy/pack").Submit("/pay/").Want(http.StatusOK, "100 paid calls")
	session := sessionOf(t, b, d.URL)

	ids := regexp.MustCompile(`(?:usr|acc|ses)_[0-9a-z]{26}`) // whole: a ticket has four such letters by chance now and then
	pseudonyms, owner := regexp.MustCompile(`(?:rdr|ord)_[0-9a-z]{26}`), map[string]string{}
	for id, seen := range all {
		text := seen.bytes.String()
		for what, secret := range map[string]string{
			"the name": "Grace", "the family name": "Unusual", "the e-mail address": "people.example", "the session at the provider": session,
		} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
				t.Errorf("%s received %s", id, what)
			}
		}
		if inside := ids.FindString(text); inside != "" {
			t.Errorf("%s received %s, an id of a user, an account or a session", id, inside)
		}
		found := pseudonyms.FindAllString(text, -1)
		if len(found) == 0 {
			t.Errorf("%s received no order at all, so this test shows nothing", id)
		}
		for _, pseudonym := range found {
			if other := owner[pseudonym]; other != "" && other != id {
				t.Errorf("%s and %s both received %s", id, other, pseudonym)
			}
			owner[pseudonym] = id
		}
	}
}

// sessionOf returns the browser's cookie at the provider.
func sessionOf(t *testing.T, b *launch.Browser, provider string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, provider, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.Client.Jar.Cookies(request.URL) {
		if len(cookie.Value) > 20 {
			return cookie.Value
		}
	}
	t.Fatal("the browser has no session at the provider")
	return ""
}

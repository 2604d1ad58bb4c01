package refusals

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/edge/console"
	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/vendorapi"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/outbound"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// What must never be in a log, or on a page of a vendor.
const (
	canaryEmail = "canary.reader@people.example"
	canaryName  = "Canary Unusual"
	password    = "a horse and its battery"
)

// logs is what the operator sees.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// house is a whole provider over HTTP, with two vendors and two readers.
type house struct {
	*provider.Provider
	t    *testing.T
	base string
	logs logs
	keys int

	languages *text.Catalogue // other than those of the house
	accept    string          // the language that everybody asks for

	daily, rival  *vendor
	reader, other *person
}

// vendor is a shop on a server of its own.
type vendor struct {
	owner      *person
	id         token.VendorID
	site       string // its origin
	proof      string // what the site shows as its proof
	live, test string // keys
}

// open makes a house whose provider may reach sites on this machine, or may not.
func open(t *testing.T, private bool) *house {
	t.Helper()
	return openWith(t, outbound.Options{AllowPrivate: private})
}

// openWith makes a house whose provider reaches sites as the options say.
func openWith(t *testing.T, reach outbound.Options) *house {
	t.Helper()
	reach.Timeout = 200 * time.Millisecond
	h := &house{t: t}
	log := slog.New(slog.NewTextHandler(&h.logs, nil))
	base, by := provider.Serve(t)
	h.base = base
	h.Provider = provider.Open(t, log, func(_ *provider.Provider, d *app.Deps) {
		d.BaseURL = base
		d.Fetch = outbound.Fetcher(outbound.New(reach))
	})
	by(h.routes(log))
	h.daily, h.rival = h.vendor("The Daily"), h.vendor("The Rival")
	h.reader, h.other = h.person(canaryEmail, canaryName), h.person("other.reader@people.example", "Other")
	return h
}

// routes are the ways in, as the provider puts them together.
func (h *house) routes(log *slog.Logger) http.Handler {
	h.t.Helper()
	site, err := web.NewSite(web.Config{Name: "Farthing", BaseURL: h.base, Demo: true, Log: log, Clock: h.Clock})
	h.must(err)
	pages := http.NewServeMux()
	readers, err := wallet.New(wallet.Config{Site: site, App: h.App, Clock: h.Clock, Random: rand.Reader, Currencies: []token.Currency{token.MustCurrency("USD")}, Demo: true})
	h.must(err)
	readers.Register(pages)
	vendors, err := console.New(console.Config{Site: site, App: h.App, Random: rand.Reader})
	h.must(err)
	vendors.Register(pages)
	all := http.NewServeMux()
	all.Handle("/v1/", vendorapi.New(vendorapi.Options{App: h.App, Clock: h.Clock, Log: log}))
	all.Handle("/", site.Handler(pages))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.languages != nil {
			r = r.WithContext(text.With(r.Context(), h.languages))
		}
		all.ServeHTTP(w, r)
	})
}

// speak has the house speak other languages, and everybody ask for one.
func (h *house) speak(languages *text.Catalogue, accept string) {
	h.languages, h.accept = languages, accept
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// vendor opens a shop through the console, on a site that shows its proof.
func (h *house) vendor(name string) *vendor {
	h.t.Helper()
	v := &vendor{owner: h.person(strings.ReplaceAll(strings.ToLower(name), " ", ".")+"@shops.example", name+"'s owner")}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/farthing-site.txt" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, "# whose site is this?\r\n"+v.proof+"\r\n")
	}))
	h.t.Cleanup(server.Close)
	v.site = server.URL
	page := v.owner.post("/console", "name", name, "origin", v.site)
	path := strings.TrimSuffix(page.location, "/setup")
	id, err := token.ParseID[token.VendorKind](strings.TrimPrefix(path, "/console/"))
	h.must(err)
	v.id = id
	for mode, key := range map[string]*string{"live": &v.live, "test": &v.test} {
		page := v.owner.post(path+"/keys", "login", "till", "mode", mode)
		begin := strings.Index(page.body, "fk_"+mode+"_")
		*key = page.body[begin : begin+len("fk_live_")+43]
	}
	return v
}

// prove shows the vendor's first site to be its own, and returns it.
func (h *house) prove(v *vendor) answer {
	h.t.Helper()
	site := h.call(v.live, http.MethodGet, "/v1/sites", "").data[0]
	v.proof = site["proof"].(string)
	return h.call(v.live, http.MethodPost, "/v1/sites/"+site["id"].(string)+"/prove", "{}")
}

// order makes an order of the vendor and returns its id.
func (h *house) order(v *vendor, key string) string {
	h.t.Helper()
	made := h.create(key, v.site+"/article", "")
	if made.status != http.StatusCreated {
		h.t.Fatalf("an order answered %d %s", made.status, made.body)
	}
	return made.text(h.t, "id")
}

// create asks for an order with a return URL and a cancel URL.
func (h *house) create(key, back, cancel string) answer {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{
		"item": map[string]any{"sku": "article", "title": "An article"}, "price": "0.25", "currency": "USD", "return_url": back, "cancel_url": cancel,
	})
	h.must(err)
	return h.call(key, http.MethodPost, "/v1/orders", string(body))
}

// answer is what came back.
type answer struct {
	status   int
	body     string
	location string
	fields   map[string]any
	data     []map[string]any
	code     string // of a problem
}

// text is a field of the answer that the test cannot go on without.
func (a answer) text(t *testing.T, field string) string {
	t.Helper()
	text, ok := a.fields[field].(string)
	if !ok {
		t.Fatalf("the answer has no %s: %d %s", field, a.status, a.body)
	}
	return text
}

// call calls the vendor API.
func (h *house) call(key, method, path, body string) answer {
	h.t.Helper()
	h.keys++
	headers := []string{"Authorization", "Bearer " + key, "Content-Type", "application/json", "Idempotency-Key", "key-" + strconv.Itoa(h.keys)}
	a := h.send(http.DefaultClient, method, path, body, headers)
	_ = json.Unmarshal([]byte(a.body), &a.fields)
	a.code, _ = a.fields["code"].(string)
	list, _ := a.fields["data"].([]any)
	for _, one := range list {
		fields, _ := one.(map[string]any)
		a.data = append(a.data, fields)
	}
	return a
}

func (h *house) send(client *http.Client, method, path, body string, headers []string) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.base+path, strings.NewReader(body))
	h.must(err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	if h.accept != "" {
		request.Header.Set("Accept-Language", h.accept)
	}
	response, err := client.Do(request)
	h.must(err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	h.must(err)
	return answer{status: response.StatusCode, body: string(read), location: response.Header.Get("Location")}
}

// person is a browser with cookies of its own that follows no redirect.
type person struct {
	*house
	client *http.Client
}

// person signs somebody up.
func (h *house) person(email, name string) *person {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.must(err)
	p := &person{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	p.post("/signup", "email", email, "password", password, "name", name)
	p.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "first")
	return p
}

func (p *person) get(path string) answer {
	p.t.Helper()
	return p.send(p.client, http.MethodGet, path, "", nil)
}

func (p *person) post(path string, fields ...string) answer {
	p.t.Helper()
	return p.postFrom("same-origin", p.base, path, fields...)
}

// postFrom sends a form as a page of another origin would.
func (p *person) postFrom(site, origin, path string, fields ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.send(p.client, http.MethodPost, path, form.Encode(), []string{
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", site, "Origin", origin,
	})
}

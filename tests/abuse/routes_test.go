package abuse

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// route is one method at one address, made from a pattern of a mux that serves.
type route struct {
	method string
	path   string // the pattern, with names in braces
	pages  bool   // behind the guards of web
	api    bool   // of the vendors' API
}

func (r route) String() string { return r.method + " " + r.path }

// changes reports whether the route may change something.
func (r route) changes() bool { return r.method != http.MethodGet && r.method != http.MethodHead }

// routes returns every route that the provider serves. A pattern without a method is
// tried with POST too, which it answers as well.
func (h *house) routes() []route {
	h.t.Helper()
	var all []route
	for _, served := range h.Routes() {
		method, path, found := strings.Cut(served.Pattern, " ")
		pages, api := served.Mux == "pages", strings.Contains(served.Mux, "vendorapi")
		switch {
		case found:
			all = append(all, route{method, path, pages, api})
		case !strings.HasSuffix(served.Pattern, "/"): // what ends so leads on to another mux, or to nothing
			all = append(all, route{http.MethodGet, served.Pattern, pages, api}, route{http.MethodPost, served.Pattern, pages, api})
		}
	}
	if len(all) < 60 {
		h.t.Fatalf("only %d routes: they are not all told", len(all))
	}
	return all
}

var inBraces = regexp.MustCompile(`\{([a-z_]+|\$)(\.\.\.)?\}`)

// things are what somebody owns: what the names in braces stand for in an address, and
// what forms and bodies may name.
type things map[string]string

// at writes the address of a route for the things of somebody.
func (h *house) at(r route, owned things) string {
	h.t.Helper()
	return inBraces.ReplaceAllStringFunc(r.path, func(name string) string {
		key := strings.Trim(name, "{}.")
		if key == "$" {
			return ""
		}
		if key == "order" && strings.HasPrefix(r.path, "/wallet/") { // of one's purchases
			key = "paid"
		}
		if key == "id" { // the API's: the noun stands before it
			key = strings.Split(strings.TrimPrefix(r.path, "/v1/"), "/")[0]
		}
		value, known := owned[key]
		if !known {
			h.t.Fatalf("%s: this suite does not know what {%s} is; teach things in routes_test.go", r, key)
		}
		return value
	})
}

// owned makes one of everything that belongs to a shop and a reader who bought there.
func (h *house) owned(s *shop, r *reader) things {
	h.t.Helper()
	ctx := h.t.Context()
	open, paid := h.order(s, "/open", "0.25"), h.paid(r, s, "/paid")
	bought, err := s.live.Order(ctx, paid.ID)
	h.must(err)
	payee, err := s.live.CreatePayee(ctx, "A writer")
	h.must(err)
	split, err := s.live.CreateSplit(ctx, "A split", []sdk.Share{{Payee: payee.ID, Percent: "10"}})
	h.must(err)
	sites, err := s.live.Sites(ctx, sdk.Page{})
	h.must(err)
	campaign := h.send(nil, "POST", "/v1/campaigns", keyed(s.live.Key), `{"name":"Hello","currency":"USD"}`)
	me, err := s.live.Me(ctx)
	h.must(err)
	_ = me
	r.Get(h.URL+"/wallet/limits").Submit("/wallet/limits", "max", "20", "currency", "USD", "period", "day").Want(http.StatusOK)
	limit := r.Find(`name="limit" value="([^"]*)"`)
	r.Do("POST", h.URL+"/wallet/allowances", nil, map[string][]string{"vendor": {s.id}, "currency": {"USD"}, "per_purchase": {"0.50"}, "max": {"5"}, "period": {"month"}, "days": {"30"}}).Want(http.StatusOK)
	allowance := r.Find(`name="allowance" value="([^"]*)"`)
	s.member.Get(h.URL + "/console/" + s.id + "/setup")
	key := s.member.Find(`name="key" value="([^"]*)"`)
	return things{
		"order": open.ID, "orders": paid.ID, "paid": paid.ID, "offer": s.offer.ID, "offers": s.offer.ID, "vendor": s.id, "reader": bought.Reader,
		"splits": split.ID, "split": split.ID, "payee": payee.ID, "sites": sites.Data[0].ID, "site": sites.Data[0].ID,
		"campaigns": idIn(campaign.body), "limit": limit, "allowance": allowance, "key": key, "quoted": "0.25",
		"request":  "1",
		"operator": token.DeliveryID{1}.String(), "delivery": token.DeliveryID{1}.String(), // is asked for before anybody looks whether it is there
	}
}

var anID = regexp.MustCompile(`"id":\s*"([^"]*)"`)

func idIn(body string) string {
	if match := anID.FindStringSubmatch(body); match != nil {
		return match[1]
	}
	return "none"
}

// keyed are the headers of a vendor's server.
func keyed(key string) http.Header {
	return http.Header{"Authorization": {"Bearer " + key}, "Idempotency-Key": {"k" + time.Now().Format("150405.000000000")}}
}

var muxMade = regexp.MustCompile(`http\.NewServeMux\(\)|[^*\]]http\.ServeMux\{|http\.Handle(Func)?\(`)

// TestNoMuxIsForgotten counts the muxes in the sources: those that cmd/farthing tells of,
// and that of the API, which is found through its handler. A new one must be told too.
func TestNoMuxIsForgotten(t *testing.T) {
	told := map[string]int{"cmd/farthing/provider.go": 3, "edge/vendorapi/api.go": 1}
	root := filepath.Join("..", "..")
	for _, part := range []string{"edge", "cmd", "app", "outbound"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			name, _ := filepath.Rel(root, path)
			made := len(muxMade.FindAllString(string(content), -1))
			if made != told[filepath.ToSlash(name)] {
				t.Errorf("%s makes %d muxes, %d are told: add it to provider.muxes, so that this suite sees its routes", name, made, told[filepath.ToSlash(name)])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

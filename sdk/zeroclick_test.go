package sdk_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
)

// went is how a browser says that a person went to the page.
var went = []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"}

// offers makes the shop sell offers to known readers without a click.
func (s *shop) offers() {
	s.wall.ZeroClick = time.Hour
	s.wall.Sell = func(r *http.Request) (sdk.NewOrder, bool) {
		return sdk.NewOrder{Offer: "off_" + strings.Trim(r.URL.Path, "/"), Tracking: "t"}, true
	}
	s.offer = "off_essay"
}

func TestAnAllowanceNeedsNoClick(t *testing.T) {
	s := newShop(t)
	s.offers()
	if status, _, _ := s.ask(t, "GET", "/story", went...); status != 303 || s.purchases != 0 {
		t.Fatalf("a stranger: %d, %d purchases", status, s.purchases)
	}
	s.buy(t)
	s.orders = 0
	if status, _, body := s.ask(t, "GET", "/story", went...); status != 200 || body != "the whole of /story" || s.purchases != 1 || s.views != 1 {
		t.Fatalf("a known reader: %d %s, %d purchases, %d views", status, body, s.purchases, s.views)
	}
	if status, _, _ := s.ask(t, "GET", "/story", went...); status != 200 || s.purchases != 1 {
		t.Errorf("the same page again: %d, %d purchases", status, s.purchases)
	}
	for _, code := range []string{sdk.AllowanceMissing, sdk.AllowanceExceeded, sdk.LimitExceeded, sdk.InsufficientFunds, sdk.NotFound} {
		s.allowance = code
		if status, location, _ := s.ask(t, "GET", "/poem", went...); status != 303 || location != "https://pay.example/pay/ord_1" {
			t.Errorf("with %s: %d %s", code, status, location)
		}
	}
}

func TestOnlyAPersonSpendsAnAllowance(t *testing.T) {
	s := newShop(t)
	s.offers()
	s.buy(t)
	for name, header := range map[string][]string{
		"a script's window": {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"},
		"an image":          {"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Sec-Fetch-User", "?1"},
		"a frame":           {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-User", "?1"},
		"a fetch":           {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		"fetched ahead":     append([]string{"Sec-Purpose", "prefetch"}, went...),
		"an old browser":    {},
	} {
		if s.ask(t, "GET", "/story", header...); s.purchases != 0 {
			t.Errorf("%s charged", name)
		}
	}
	for _, method := range []string{"HEAD", "POST"} {
		if s.ask(t, method, "/story", went...); s.purchases != 0 {
			t.Errorf("%s charged", method)
		}
	}
	s.now = s.now.Add(time.Hour)
	if s.ask(t, "GET", "/story", went...); s.purchases != 0 {
		t.Error("charged after the time was over")
	}
	s.now = s.now.Add(-time.Hour)
	s.wall.ZeroClick = 0
	if s.ask(t, "GET", "/story", went...); s.purchases != 0 {
		t.Error("charged where it was switched off")
	}
}

func TestForgedReadersAreStrangers(t *testing.T) {
	s := newShop(t)
	s.offers()
	s.buy(t)
	site, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	known := func() *http.Cookie {
		for _, cookie := range s.browser.Jar.Cookies(site) {
			if cookie.Name == "farthing_reader" {
				return cookie
			}
		}
		t.Fatal("the reader is not known")
		return nil
	}()
	for name, value := range map[string]string{
		"another reader": "rdr_2" + known.Value[5:],
		"a longer time":  strings.Replace(known.Value, "~1", "~2", 1),
		"unsigned":       strings.Split(known.Value, ".")[0],
		"empty":          "",
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest("GET", "/story", nil)
			for i := 0; i < len(went); i += 2 {
				request.Header.Set(went[i], went[i+1])
			}
			request.AddCookie(&http.Cookie{Name: known.Name, Value: value})
			answer := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(answer, request)
			if answer.Code != 303 || s.purchases != 0 {
				t.Errorf("got %d, %d purchases", answer.Code, s.purchases)
			}
		})
	}
}

func TestThePageLearnsWhatWasCharged(t *testing.T) {
	s := newShop(t)
	s.offers()
	told := httptest.NewServer(nil)
	t.Cleanup(told.Close)
	told.Config.Handler = s.wall.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, _ := sdk.AccessOf(r.Context())
		if r.URL.Query().Has("leave") {
			s.wall.ForgetReader(w)
		}
		io.WriteString(w, access.Charged+access.Currency)
	}))
	s.Server, s.wall.Site = told, told.URL
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.browser.Jar = jar
	s.buy(t)
	for _, step := range []struct{ path, says string }{{"/story", "0.25USD"}, {"/story", ""}, {"/poem?leave", "0.25USD"}} {
		if _, _, body := s.ask(t, "GET", step.path, went...); body != step.says {
			t.Errorf("%s says %q, want %q", step.path, body, step.says)
		}
	}
	if status, _, _ := s.ask(t, "GET", "/ballad", went...); status != 303 || s.purchases != 2 {
		t.Errorf("after leaving: %d, %d purchases", status, s.purchases)
	}
}

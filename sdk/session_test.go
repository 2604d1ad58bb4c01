package sdk_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"farthing.dev/farthing/sdk"
)

func TestSessionsTellBrowsersApart(t *testing.T) {
	secret, site := []byte("secret"), "https://shop.example"
	visit := func(cookies ...*http.Cookie) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return r
	}
	w := httptest.NewRecorder()
	first := sdk.Session(w, visit(), secret, site)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].Name != "__Host-farthing_session" || cookies[0].Value == first {
		t.Fatalf("%v", cookies)
	}
	if got := sdk.SessionOf(visit(cookies[0]), secret, site); got != first {
		t.Errorf("the browser that is back is %q, was %q", got, first)
	}
	again := httptest.NewRecorder()
	if sdk.Session(again, visit(cookies[0]), secret, site) != first || len(again.Result().Cookies()) != 0 {
		t.Error("a known browser got another session")
	}
	if sdk.Session(httptest.NewRecorder(), visit(), secret, site) == first {
		t.Error("another browser has the same session")
	}
	if got := sdk.SessionOf(visit(&http.Cookie{Name: cookies[0].Name, Value: "x"}), secret, site); got != "" {
		t.Errorf("a cookie of somebody else's making: %q", got)
	}
	if sdk.SessionOf(visit(cookies[0]), []byte("other"), site) == first {
		t.Error("the secret does not matter")
	}
}

func TestALinkFromAnotherBrowserOpensNothing(t *testing.T) {
	s := newShop(t)
	s.ask(t, "GET", "/essay")
	s.elsewhere = true
	status, _, body := s.ask(t, "GET", "/essay?order=ord_1&ticket=t")
	if status != http.StatusForbidden || body == "the whole of /essay" {
		t.Fatalf("%d %s", status, body)
	}
	if s.ordered.Session == "" || s.arrived.Session != s.ordered.Session || s.arrived.URL != s.ordered.ReturnURL {
		t.Errorf("ordered %+v, arrived %+v", s.ordered, s.arrived)
	}
}

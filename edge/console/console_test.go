package console_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

// ask sends one request as somebody and returns the status, the page and where it leads.
func ask(t *testing.T, handler http.Handler, who, method, path string, form url.Values) (int, string, string) {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request := httptest.NewRequest(method, "http://wallet.example"+path, body)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if who != "" {
		request.AddCookie(&http.Cookie{Name: "farthing", Value: "session_" + who})
	}
	recorded := httptest.NewRecorder()
	handler.ServeHTTP(recorded, request)
	return recorded.Code, recorded.Body.String(), recorded.Header().Get("Location")
}

func pages(t *testing.T) (http.Handler, *pretend.App) {
	t.Helper()
	a := pretend.New("https://harbour.example")
	handler, err := a.Pages("http://wallet.example", slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return handler, a
}

func TestMembersSeeTheirShop(t *testing.T) {
	handler, a := pages(t)
	shop := "/console/" + a.Shop.String()
	for path, says := range map[string][]string{
		"/console":                    {"The Daily Harbour", "harbour.example", "Open another"},
		shop:                          {"1,234.5675", "98,000", "The last ferry", a.Shop.String()},
		shop + "/sales":               {"12,345.00", "older", "Royalties"},
		shop + "/royalties":           {"Grete Hansen", "\u22121.234567", "refund"},
		shop + "/catalogue":           {"30 %", "12.5 %", "0.01 fixed", "at least 0.02", "Features"},
		shop + "/setup":               {"x7Qa", "Revoke", "https://harbour.example/", ">verified<", "farthing-site-0123", "/.well-known/farthing-site.txt", "Verify now"},
		shop + "/security":            {"Ticket used twice", "ticket_used", "rdr_", "evil.example"},
		shop + "/security?before=end": {"nothing older"},
		shop + "/sales?before=x":      {"Back to the newest"},
	} {
		status, page, _ := ask(t, handler, pretend.Reader, http.MethodGet, path, nil)
		if status != http.StatusOK {
			t.Errorf("%s answered %d", path, status)
		}
		for _, text := range says {
			if !strings.Contains(page, text) {
				t.Errorf("%s does not say %q", path, text)
			}
		}
	}
}

func TestOthersSeeNothing(t *testing.T) {
	handler, a := pages(t)
	for _, vendor := range []string{a.Shop.String(), a.Foreign.String(), "nonsense"} {
		for _, path := range []string{"", "/sales", "/royalties", "/catalogue", "/setup", "/security"} {
			if status, _, _ := ask(t, handler, pretend.Quick, http.MethodGet, "/console/"+vendor+path, nil); status != http.StatusNotFound {
				t.Errorf("%s%s answered a stranger %d", vendor, path, status)
			}
			if status, _, to := ask(t, handler, "", http.MethodGet, "/console/"+vendor+path, nil); status != http.StatusSeeOther || !strings.HasPrefix(to, "/login?next=") {
				t.Errorf("%s%s answered nobody %d to %q", vendor, path, status, to)
			}
		}
		for _, path := range []string{"/keys", "/keys/revoke", "/sites", "/sites/prove"} {
			if status, _, _ := ask(t, handler, pretend.Quick, http.MethodPost, "/console/"+vendor+path, url.Values{"login": {"x"}}); status != http.StatusNotFound {
				t.Errorf("POST %s%s answered a stranger %d", vendor, path, status)
			}
		}
	}
	if len(a.Calls) != 0 {
		t.Errorf("done: %v", a.Calls)
	}
}

func TestFormsOfTheConsole(t *testing.T) {
	handler, a := pages(t)
	shop := "/console/" + a.Shop.String()
	for _, test := range []struct {
		path   string
		form   url.Values
		status int
		says   string
		did    string
	}{
		{"/console", url.Values{"name": {"Harbour"}, "origin": {"ftp://x"}}, http.StatusUnprocessableEntity, "begins with https", ""},
		{"/console", url.Values{"name": {"Harbour"}, "origin": {"https://harbour.example"}}, http.StatusSeeOther, "", "vendor "},
		{shop + "/keys", url.Values{"login": {" "}}, http.StatusUnprocessableEntity, "must not be empty", ""},
		{shop + "/keys", url.Values{"login": {"web"}, "mode": {"test"}}, http.StatusOK, "fk_test_", "key web test=true"},
		{shop + "/keys", url.Values{"login": {"web"}, "mode": {"live"}}, http.StatusOK, "shown this once", "key web test=false"},
		{shop + "/keys/revoke", url.Values{"key": {"nonsense"}}, http.StatusBadRequest, "26 characters", ""},
		{shop + "/keys/revoke", url.Values{"key": {"key_" + strings.TrimPrefix(a.Shop.String(), "vnd_")}}, http.StatusSeeOther, "", "revoke key_"},
		{shop + "/sites", url.Values{"url": {"http://harbour.example"}}, http.StatusUnprocessableEntity, "begins with https", ""},
		{shop + "/sites/prove", url.Values{"site": {"nonsense"}}, http.StatusBadRequest, "26 characters", ""},
		{shop + "/sites/prove", url.Values{"site": {"sit_" + strings.TrimPrefix(a.Foreign.String(), "vnd_")}}, http.StatusUnprocessableEntity, "answers 404, not 200", ""},
		{shop + "/sites/prove", url.Values{"site": {"sit_" + strings.TrimPrefix(a.Shop.String(), "vnd_")}}, http.StatusSeeOther, "", "prove sit_"},
		{shop + "/sites", url.Values{"url": {"https://shop.example"}}, http.StatusSeeOther, "", "site https://shop.example"},
	} {
		before := len(a.Calls)
		status, page, _ := ask(t, handler, pretend.Reader, http.MethodPost, test.path, test.form)
		if status != test.status || !strings.Contains(page, test.says) {
			t.Errorf("%s %v answered %d:\n%s", test.path, test.form, status, page)
		}
		if test.did == "" && len(a.Calls) != before || test.did != "" && !a.Did(test.did) {
			t.Errorf("%s %v did %v", test.path, test.form, a.Calls[before:])
		}
	}
}

package sdk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"farthing.dev/farthing/sdk"
)

// A site shows the proofs of its vendor's sites, and asks the provider rarely however
// often strangers ask it; a provider that does not answer is no proof.
func TestSiteProof(t *testing.T) {
	asked, status := 0, http.StatusOK
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/v1/sites" || r.Header.Get("Authorization") != "Bearer fk_live_x" {
			t.Errorf("asked for %s", r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, `{"data":[{"id":"sit_1","proof":"farthing-site-a"},{"id":"sit_2","proof":"farthing-site-b","proved_at":"2026-04-15T12:00:00Z"}]}`)
	}))
	defer provider.Close()
	client := &sdk.Client{BaseURL: provider.URL, Key: "fk_live_x", Attempts: 1}
	handler := client.SiteProof()
	get := func(h http.Handler) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, sdk.SiteProofPath, nil))
		return w
	}
	for range 5 {
		if w := get(handler); w.Code != http.StatusOK || w.Body.String() != "farthing-site-a\nfarthing-site-b\n" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
	if asked > 2 { // one, or two where a second went by
		t.Errorf("the provider was asked %d times", asked)
	}
	status = http.StatusInternalServerError
	if w := get(client.SiteProof()); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestProveSite(t *testing.T) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/v1/sites/sit_1/prove" || string(body) != "{}" || r.Header.Get("Idempotency-Key") != "" {
			t.Errorf("%s %s %s", r.Method, r.URL, body)
		}
		io.WriteString(w, `{"id":"sit_1","proved_at":"2026-04-15T12:00:00Z"}`)
	}))
	defer provider.Close()
	client := &sdk.Client{BaseURL: provider.URL, Key: "fk_live_x", Attempts: 1}
	site, err := client.ProveSite(t.Context(), "sit_1")
	if err != nil || site.ProvedAt == nil {
		t.Errorf("%+v, %v", site, err)
	}
}

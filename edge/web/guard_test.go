package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"farthing.dev/farthing/token"
)

// Behind a proxy that puts a name of its own in Host, our own forms are told by Origin alone
// where the browser sends no Sec-Fetch-Site.
func TestOwnFormsBehindAProxy(t *testing.T) {
	site, err := NewSite(Config{Name: "Farthing", BaseURL: "https://pay.example.org", Log: slog.New(slog.DiscardHandler), Clock: token.SystemClock{}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /wallet", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	handler := site.Handler(mux)
	for origin, want := range map[string]int{
		"https://pay.example.org": http.StatusNoContent, "http://pay.example.org": http.StatusForbidden, "https://evil.example": http.StatusForbidden, "null": http.StatusForbidden,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://10.0.0.7:8402/wallet", strings.NewReader(""))
		request.Header.Set("Origin", origin)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != want {
			t.Errorf("%s: %d, want %d", origin, answer.Code, want)
		}
	}
}

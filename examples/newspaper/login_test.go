package newspaper_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

// A provider that does not answer keeps those waiting who log in, and nobody else.
func TestReadersReadOnWhileALoginWaits(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	provider := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-goOn
	}))
	defer provider.Close()
	secret := []byte("0123456789abcdef0123456789abcdef")
	paper := newspaper.New(newspaper.Config{
		Client: &sdk.Client{BaseURL: provider.URL}, SiteURL: "http://paper.example", Secret: secret,
		Login: &newspaper.Login{ClientID: "client", ClientSecret: "secret"}, Log: slog.New(slog.DiscardHandler),
	})
	waiting := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		paper.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/login", nil))
		waiting <- w.Code
	}()
	<-asked
	given := httptest.NewRecorder()
	if err := shop.NewSealer(secret).SetCookie(given, "http://paper.example", "gazette_login", "login", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	r.AddCookie(given.Result().Cookies()[0])
	paper.ServeHTTP(w, r)
	select {
	case code := <-waiting:
		t.Fatalf("the page came after the login, which answers %d", code)
	default:
	}
	close(goOn)
	if w.Code != http.StatusOK {
		t.Errorf("the front page answers %d", w.Code)
	}
	if code := <-waiting; code != http.StatusServiceUnavailable {
		t.Errorf("the login answers %d", code)
	}
}

package pretend

import (
	"crypto/rand"
	"log/slog"
	"net/http"

	"farthing.dev/farthing/edge/console"
	"farthing.dev/farthing/edge/operator"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// Pages returns the pages of a as they are served at baseURL.
func (a *App) Pages(baseURL string, log *slog.Logger) (http.Handler, error) {
	site, err := web.NewSite(web.Config{Name: "Farthing", BaseURL: baseURL, Demo: true, Log: log, Clock: Clock{}})
	if err != nil {
		return nil, err
	}
	readers, err := wallet.New(wallet.Config{Site: site, App: a, Clock: Clock{}, Random: rand.Reader, Currencies: []token.Currency{usd, eur, jpy}, Demo: true})
	if err != nil {
		return nil, err
	}
	vendors, err := console.New(console.Config{Site: site, App: a, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	operators, err := operator.New(site, a)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	readers.Register(mux)
	vendors.Register(mux)
	operators.Register(mux)
	return site.Transport(site.Handler(mux)), nil
}

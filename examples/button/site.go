package button

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"farthing.dev/farthing/sdk"
)

//go:embed page.html
var pageText string

//go:embed essay.html
var essayText string

//go:embed style.css
var style []byte

const title = "On farthings"

// MakeOffer puts the essay up for sale at its address, once however often it is called.
func MakeOffer(ctx context.Context, client *sdk.Client, siteURL string) (string, error) {
	offer, err := client.CreateOffer(ctx, sdk.NewOffer{
		Item:  sdk.Item{SKU: "essay", Title: title, URL: siteURL + "/essay"},
		Price: "0.25", Currency: "USD",
	}, sdk.IdempotencyKey("button-essay-"+siteURL))
	return offer.ID, err
}

// New returns the site, which sells one offer.
func New(client *sdk.Client, offer string) http.Handler {
	page, essay := template.Must(template.New("page").Parse(pageText)), template.Must(template.New("essay").Parse(essayText))
	show := func(w http.ResponseWriter, status int, t *template.Template, notice string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		t.Execute(w, map[string]string{"Provider": client.BaseURL, "Offer": offer, "Title": title, "Notice": notice}) // fails where the browser has gone
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, page, "") })
	mux.Handle("GET "+sdk.SiteProofPath, client.SiteProof())
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		w.Write(style)
	})
	mux.HandleFunc("GET /essay", func(w http.ResponseWriter, r *http.Request) {
		ticket := r.URL.Query().Get("ticket")
		if ticket == "" {
			show(w, http.StatusPaymentRequired, page, "Bought it already? Press the button again: nothing is charged twice.")
			return
		}
		redemption, err := client.Redeem(r.Context(), ticket, true)
		refusal, refused := errors.AsType[*sdk.Problem](err)
		switch {
		case refused && refusal.Status < 500:
			show(w, http.StatusGone, page, "This way back works once. Press the button again: nothing is charged twice.")
		case err != nil:
			show(w, http.StatusBadGateway, page, "The till does not answer. Try again in a moment: nothing is charged twice.")
		case redemption.Order.Offer != offer: // the ticket of something else, perhaps cheaper
			show(w, http.StatusForbidden, page, "You have bought something else.")
		default:
			show(w, http.StatusOK, essay, "")
		}
	})
	return guarded(mux, client.BaseURL)
}

// guarded sets what a careful page needs so that the button works: its script, its
// question for the price and its form, all at the provider, and the way back to
// itself, to which browsers apply form-action too.
func guarded(next http.Handler, provider string) http.Handler {
	provider = strings.TrimSuffix(provider, "/")
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; script-src " + provider + "; connect-src " + provider + "; form-action 'self' " + provider
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Cache-Control", "private, no-store")
		next.ServeHTTP(w, r)
	})
}

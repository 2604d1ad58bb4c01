package wallet

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// fundsView is the form by which readers of a demonstration help themselves.
type fundsView struct {
	Currencies []choice
	Amount     string
	Reference  string // makes sending the form twice add once
	Next       string
	Refusal    string
}

func (h *Handler) funds(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showFunds(w, r, v, http.StatusOK, fundsView{
		Amount:     "10",
		Currencies: h.currencyChoices(r.URL.Query().Get("currency")),
		Next:       web.LocalPath(r.URL.Query().Get("next"), ""),
	})
}

func (h *Handler) showFunds(w http.ResponseWriter, r *http.Request, v caller.Viewer, status int, view fundsView) error {
	var nonce [16]byte
	if _, err := io.ReadFull(h.random, nonce[:]); err != nil {
		return fmt.Errorf("make a reference: %w", err)
	}
	h.waiting(w, r, &v, view.Next)
	view.Reference = "demo-" + hex.EncodeToString(nonce[:])
	page := web.Page{Title: "Add funds", Reader: web.Reader(&v), Section: "wallet", Body: view}
	return h.pages.Render(w, r, status, "funds.html", page)
}

func (h *Handler) addFunds(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	form := r.PostForm
	next := web.LocalPath(form.Get("next"), "")
	currency, amount, err := readMoney(form.Get("currency"), form.Get("amount"))
	if err == nil {
		err = h.app.AddDemoFunds(r.Context(), v, currency, amount, form.Get("reference"))
	}
	if err != nil {
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		return h.showFunds(w, r, v, web.StatusOf(err), fundsView{
			Amount: form.Get("amount"), Currencies: h.currencyChoices(form.Get("currency")), Next: next, Refusal: sentence,
		})
	}
	if next == "" {
		h.site.Flash(w, web.Money(amount, currency)+" added to your wallet.")
	}
	http.Redirect(w, r, orWallet(next), http.StatusSeeOther)
	return nil
}

// readMoney reads a currency and an amount of a form.
func readMoney(currency, amount string) (token.Currency, token.Amount, error) {
	c, err := token.ParseCurrency(currency)
	if err != nil {
		return c, 0, err
	}
	a, err := token.ParseAmount(amount)
	return c, a, err
}

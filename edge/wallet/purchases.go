package wallet

import (
	"net/http"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// pageSize is how many purchases stand on one page.
const pageSize = 50

// walletView is the first page after login: the status of the account.
type walletView struct {
	buying.WalletView
	Own   []funding.Balance // bought tokens
	Gifts []funding.Balance // incentive tokens
	Demo  bool
}

func (h *Handler) wallet(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	status, err := h.app.Wallet(r.Context(), v)
	if err != nil {
		return err
	}
	view := walletView{WalletView: status, Demo: h.demo}
	for _, balance := range status.Balances {
		if balance.Class.Kind == token.Incentive {
			view.Gifts = append(view.Gifts, balance)
		} else {
			view.Own = append(view.Own, balance)
		}
	}
	page := web.Page{Title: "Wallet", Reader: web.Reader(&v), Section: "wallet", Body: view}
	return h.pages.Render(w, r, http.StatusOK, "wallet.html", page)
}

// purchasesView is a page of what was bought, newest first.
type purchasesView struct {
	Purchases []buying.Purchase
	Path      string
	Next      string
	Back      bool // this is not the newest page
}

func (h *Handler) purchases(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	before := r.URL.Query().Get("before")
	found, next, err := h.app.Purchases(r.Context(), v, before, pageSize)
	if err != nil {
		return err
	}
	view := purchasesView{Purchases: found, Path: r.URL.Path, Next: next, Back: before != ""}
	page := web.Page{Title: "Purchases", Reader: web.Reader(&v), Section: "purchases", Body: view}
	return h.pages.Render(w, r, http.StatusOK, "purchases.html", page)
}

package wallet

import (
	"io"
	"net/http"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// receiptView is a purchase as its receipt shows it.
type receiptView struct {
	buying.Purchase
	Allowance *buying.AllowanceView // under which it was charged, while it stands
	Signed    bool                  // the receipt can be had signed
}

// purchase is GET /wallet/purchases/{order}: the receipt, for people.
func (h *Handler) purchase(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	id, err := purchaseID(r)
	if err != nil {
		return err
	}
	view := receiptView{}
	if view.Purchase, view.Allowance, err = h.app.Purchase(r.Context(), v, id); err != nil {
		return err
	}
	view.Signed = view.Status == "paid" || view.Status == "refunded"
	page := web.Page{Title: "Receipt", Reader: web.Reader(&v), Section: "purchases", Quiet: true, Body: view}
	return h.pages.Render(w, r, http.StatusOK, "receipt.html", page)
}

// receipt sends the signed receipt of a purchase as a file.
func (h *Handler) receipt(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	id, err := purchaseID(r)
	if err != nil {
		return err
	}
	text, err := h.app.ReceiptFor(r.Context(), v, id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwt")
	w.Header().Set("Content-Disposition", `attachment; filename="receipt-`+id.String()+`.jwt"`)
	w.Header().Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, text)
	return err
}

// purchaseID reads the id of what was bought from the path.
func purchaseID(r *http.Request) (token.OrderID, error) {
	id, err := token.ParseID[token.OrderKind](r.PathValue("order"))
	if err != nil {
		return id, token.Refuse(token.NotFound, "not_found.purchase")
	}
	return id, nil
}

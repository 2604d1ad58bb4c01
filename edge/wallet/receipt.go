package wallet

import (
	"io"
	"net/http"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/token"
)

// receipt sends the signed receipt of a purchase as a file.
func (h *Handler) receipt(w http.ResponseWriter, r *http.Request, v app.Viewer) error {
	id, err := token.ParseID[token.OrderKind](r.PathValue("order"))
	if err != nil {
		return token.New(token.NotFound, token.CodeNotFound, "there is no such purchase")
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

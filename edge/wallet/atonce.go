package wallet

import (
	"net/http"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
)

// buyAtOnce keeps what was ticked beside a purchase that has just been made: that from now
// on the reader is not asked up to this price, in this currency, at any shop. A choice that
// cannot be kept does not undo the purchase; she is asked again the next time.
func (h *Handler) buyAtOnce(r *http.Request, v caller.Viewer, c buying.Checkout) {
	if r.PostForm.Get("at_once") == "" || c.Test || c.Owned {
		return
	}
	if err := h.app.RaiseApproval(r.Context(), v, c.Currency, c.Price); err != nil {
		h.site.Note(r, "buying at once not kept", err)
	}
}

package wallet

import (
	"net/http"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// confirmed refuses a confirmation that does not come from the page that stands now. One
// for which the login is too old as well is answered by asking for the login.
func (h *Handler) confirmed(r *http.Request, v caller.Viewer, c buying.Checkout) error {
	err := h.app.CheckConfirmation(r.Context(), v, c, r.PostForm.Get("shown"))
	if err != nil && payable(c) && !v.CanBuy(h.clock.Now()) {
		return token.Refuse(token.Unauthorised, "purchase_window_closed.buy")
	}
	return err
}

// loggedOut answers a confirmation by nobody: the login ended since the page was shown.
func (h *Handler) loggedOut(w http.ResponseWriter, r *http.Request, next string) error {
	return h.askLogIn(w, r, nil, http.StatusUnauthorized, loginView{
		Next: next, Refusal: "You have been logged out since that page was shown, so nothing was charged. Log in, and you are back at this purchase.",
	})
}

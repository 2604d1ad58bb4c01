package wallet

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// consents is what the page needs to show and end logins at vendors' sites.
type consents interface {
	Consents(ctx context.Context, v caller.Viewer) ([]oauth.ConsentView, error)
	Withdraw(ctx context.Context, v caller.Viewer, vendor token.VendorID) error
}

// withdraw ends the logins at one vendor's sites.
func (h *Handler) withdraw(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	vendor, err := token.ParseID[token.VendorKind](r.PostForm.Get("vendor"))
	if err != nil {
		return token.Refuse(token.NotFound, "not_found.consent")
	}
	if err := h.app.Withdraw(r.Context(), v, vendor); err != nil {
		return err
	}
	h.site.Flash(w, "Your logins there have ended. The next one asks you again.")
	http.Redirect(w, r, devicesHome, http.StatusSeeOther)
	return nil
}

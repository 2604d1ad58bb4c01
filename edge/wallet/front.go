package wallet

import (
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
)

// front says what this is.
func (h *Handler) front(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	return h.pages.Render(w, r, http.StatusOK, "front.html", web.Page{Title: "Small payments, one wallet", Reader: web.Reader(v)})
}

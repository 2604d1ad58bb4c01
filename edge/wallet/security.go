package wallet

import (
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/edge/web"
)

// securityView is a page of the security log, newest first.
type securityView struct {
	Events []directory.Happening
	Path   string
	Next   string
	Back   bool // this is not the newest page
}

// security is GET /security: what was refused or happened around the viewer's account.
func (h *Handler) security(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	before := r.URL.Query().Get("before")
	found, next, err := h.app.SecurityEvents(r.Context(), v, before, pageSize)
	if err != nil {
		return err
	}
	view := securityView{Events: found, Path: r.URL.Path, Next: next, Back: before != ""}
	page := web.Page{Title: "Security", Reader: web.Reader(&v), Section: "security", Body: view}
	return h.pages.Render(w, r, http.StatusOK, "security.html", page)
}

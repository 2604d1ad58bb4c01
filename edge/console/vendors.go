package console

import (
	"net/http"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/edge/web"
)

// maxVendors bounds how many vendors the list looks up.
const maxVendors = 100

// vendorsView is the list of vendors that the viewer acts for, and the form to open one.
type vendorsView struct {
	Vendors      []directory.VendorView
	Name, Origin string
	Refusal      string
}

func (h *Handler) vendors(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showVendors(w, r, v, http.StatusOK, vendorsView{})
}

func (h *Handler) showVendors(w http.ResponseWriter, r *http.Request, v caller.Viewer, status int, view vendorsView) error {
	for _, id := range v.Vendors[:min(len(v.Vendors), maxVendors)] {
		vendor, err := h.app.Vendor(r.Context(), v, id)
		if err != nil {
			return err
		}
		view.Vendors = append(view.Vendors, vendor)
	}
	page := web.Page{Title: "Selling", Reader: web.Reader(&v), Section: "console", Body: view}
	return h.pages.Render(w, r, status, "vendors.html", page)
}

func (h *Handler) createVendor(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	name, origin := strings.TrimSpace(r.PostForm.Get("name")), strings.TrimSpace(r.PostForm.Get("origin"))
	vendor, err := h.app.CreateVendor(r.Context(), v, name, origin)
	if err != nil {
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		return h.showVendors(w, r, v, web.StatusOf(err), vendorsView{Name: name, Origin: origin, Refusal: sentence})
	}
	h.site.Flash(w, vendor.Name+" is open. Create a key for its server next.")
	http.Redirect(w, r, "/console/"+vendor.ID.String()+"/setup", http.StatusSeeOther)
	return nil
}

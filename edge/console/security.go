package console

import (
	"net/http"

	"farthing.dev/farthing/app/directory"
)

// securityPart is a page of what was refused at a vendor, newest first.
type securityPart struct {
	page
	Events []directory.Happening
}

func (h *Handler) security(v visit) error {
	before := v.r.URL.Query().Get("before")
	found, next, err := h.app.VendorSecurityEvents(v.r.Context(), v.viewer, v.vendor.ID, before, pageSize)
	if err != nil {
		return err
	}
	part := securityPart{page: page{Path: v.r.URL.Path, Next: next, Back: before != ""}, Events: found}
	return h.show(v, http.StatusOK, "security.html", "Security", frame{Tab: "security", Part: part})
}

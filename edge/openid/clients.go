package openid

import (
	"net/http"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// clientsPage is the page of a vendor's sites with login.
type clientsPage struct {
	Vendor  directory.VendorView
	Tab     string
	Issuer  string
	Clients []oauth.ClientView
	Shown   token.ClientID // whose secret is shown
	Secret  string         // made just now: shown this once
	Refusal string
	Form    clientForm
}

// clientForm is what was typed into the form, kept where it was refused.
type clientForm struct{ Name, Redirects, AfterLogout, Backchannel string }

func (h *Handler) registerConsole(mux *http.ServeMux) {
	for pattern, page := range map[string]func(clientVisit) error{
		"GET /console/{vendor}/login":         func(v clientVisit) error { return h.showClients(v, clientsPage{}, nil) },
		"POST /console/{vendor}/login":        h.addClient,
		"POST /console/{vendor}/login/rotate": h.rotateClient,
		"POST /console/{vendor}/login/remove": h.removeClient,
	} {
		mux.HandleFunc(pattern, h.site.Member(h.app, "/console", func(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
			id, err := token.ParseID[token.VendorKind](r.PathValue("vendor"))
			if err != nil {
				return token.Refuse(token.NotFound, "not_found.shop")
			}
			vendor, err := h.app.Vendor(r.Context(), v, id)
			if err == nil {
				err = web.ParseForm(r)
			}
			if err != nil {
				return err
			}
			return page(clientVisit{w, r, v, vendor})
		}))
	}
}

// clientVisit is one request of a member for the page of a vendor.
type clientVisit struct {
	w      http.ResponseWriter
	r      *http.Request
	viewer caller.Viewer
	vendor directory.VendorView
}

func (h *Handler) showClients(v clientVisit, page clientsPage, cause error) error {
	if web.AskAgain(v.w, v.r, cause, "/console/"+v.vendor.ID.String()+"/login") {
		return nil
	}
	status := http.StatusOK
	if cause != nil {
		sentence, correctable := web.Explain(v.r, cause)
		if !correctable {
			return cause
		}
		page.Refusal, status = sentence, web.StatusOf(cause)
	}
	var err error
	if page.Clients, err = h.app.Clients(v.r.Context(), v.viewer, v.vendor.ID); err != nil {
		return err
	}
	page.Vendor, page.Tab, page.Issuer = v.vendor, "login", h.issuer
	return h.pages.Render(v.w, v.r, status, "clients.html", web.Page{Title: "Log readers in, " + v.vendor.Name, Reader: web.Reader(&v.viewer),
		Section: "console", Wide: true, Body: page})
}

// addClient shows the secret in the answer itself: it is kept nowhere, so there is no
// other page to send the browser to.
func (h *Handler) addClient(v clientVisit) error {
	form := clientForm{Name: strings.TrimSpace(v.r.PostForm.Get("name")), Redirects: v.r.PostForm.Get("redirects"),
		AfterLogout: v.r.PostForm.Get("after_logout"), Backchannel: strings.TrimSpace(v.r.PostForm.Get("backchannel"))}
	secret, made, err := h.app.AddClient(v.r.Context(), v.viewer, v.vendor.ID, oauth.ClientInput{
		Name: form.Name, Redirects: strings.Fields(form.Redirects), AfterLogout: strings.Fields(form.AfterLogout),
		Backchannel: form.Backchannel, Public: v.r.PostForm.Get("kind") == "public",
	})
	if err != nil {
		return h.showClients(v, clientsPage{Form: form}, err)
	}
	return h.showClients(v, clientsPage{Shown: made.ID, Secret: secret}, nil)
}

func (h *Handler) rotateClient(v clientVisit) error {
	id, err := token.ParseID[token.ClientKind](v.r.PostForm.Get("client"))
	if err != nil {
		return h.showClients(v, clientsPage{}, err)
	}
	secret, err := h.app.RotateClient(v.r.Context(), v.viewer, v.vendor.ID, id)
	if err != nil {
		return h.showClients(v, clientsPage{}, err)
	}
	return h.showClients(v, clientsPage{Shown: id, Secret: secret}, nil)
}

func (h *Handler) removeClient(v clientVisit) error {
	id, err := token.ParseID[token.ClientKind](v.r.PostForm.Get("client"))
	if err == nil {
		err = h.app.RemoveClient(v.r.Context(), v.viewer, v.vendor.ID, id)
	}
	if err != nil {
		return h.showClients(v, clientsPage{}, err)
	}
	h.site.Flash(v.w, "Readers cannot log in at that site any more.")
	http.Redirect(v.w, v.r, "/console/"+v.vendor.ID.String()+"/login", http.StatusSeeOther)
	return nil
}

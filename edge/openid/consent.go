package openid

import (
	"net/http"
	"net/url"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// consentView asks a reader, once per vendor, whether it may know her by a pseudonym.
type consentView struct {
	Vendor string
	Site   string
	Host   string
	Reader string
	Next   string
	Refuse string // where she goes who does not want to
}

func (h *Handler) showConsent(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	login, ok := h.waiting(r.Context(), r.URL.Query().Get("next"))
	if !ok {
		return noLogin()
	}
	refusal := url.Values{"error": {"access_denied"}, "iss": {h.issuer}}
	if login.state != "" {
		refusal.Set("state", login.state)
	}
	web.AllowFormsTo(w, web.Origin(login.redirect))
	view := consentView{
		Vendor: h.app.VendorName(r.Context(), login.client.Vendor), Site: login.client.Name, Host: web.Host(login.redirect),
		Reader: web.Reader(&v).Name, Next: login.next, Refuse: withQuery(login.redirect, refusal),
	}
	return h.pages.Render(w, r, http.StatusOK, "consent.html", web.Page{Title: "Log in at " + view.Vendor, Quiet: true, Body: view})
}

func (h *Handler) consent(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	login, ok := h.waiting(r.Context(), r.PostForm.Get("next"))
	if !ok {
		return noLogin()
	}
	if err := h.app.Consent(r.Context(), v, login.client.Vendor); err != nil {
		return err
	}
	http.Redirect(w, r, login.next, http.StatusSeeOther)
	return nil
}

func noLogin() error {
	return token.Refuse(token.Malformed, "malformed.login_lost")
}

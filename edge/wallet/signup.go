package wallet

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// newcomers is what the pages need for people who have no wallet yet, or no password.
type newcomers interface {
	OpenWallet(ctx context.Context, d caller.Browser, in login.SignUp) (secret string, viewer caller.Viewer, err error)
	AskSignUp(ctx context.Context, d caller.Browser, in login.SignUp, next string) (pending string, err error)
	ConfirmSignUp(ctx context.Context, d caller.Browser, pending, code string) (secret, next string, err error)
	ReturnTo(ctx context.Context, vendor token.VendorID, address string) error
	AskReset(ctx context.Context, d caller.Browser, email string) error
	ResetPassword(ctx context.Context, d caller.Browser, secret, password string) error
}

// registerNewcomers adds the pages for people without a wallet, or without a password.
func (h *Handler) registerNewcomers(public func(string, web.PublicPage), member func(pattern, home string, page web.MemberPage)) {
	public("GET /signup", h.showSignUp)
	public("POST /signup", h.signUp)
	public("GET /signup/confirm", h.showConfirm)
	public("POST /signup/confirm", h.confirmSignUp)
	member("GET /return/{vendor}", "/wallet", h.returnTo)
	public("GET /reset", h.showReset)
	public("POST /reset", h.askReset)
	public("GET /reset/new", h.showNewPassword)
	public("POST /reset/new", h.newPassword)
}

// showSignUp is GET /signup: where a vendor's link leads, too. It names the vendor, and
// the address at the vendor's site to come back to.
func (h *Handler) showSignUp(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	query := r.URL.Query()
	view := loginView{Next: web.LocalPath(query.Get("next"), ""), Vendor: vendorRef(query.Get("vendor"))}
	if back := query.Get("return"); back != "" && view.Vendor != "" {
		view.Next = returnPath(view.Vendor, back)
		if len(view.Next) > maxPath {
			return token.Refuse(token.Unprocessable, "field_invalid.back_too_long")
		}
		if _, err := h.returning(r, view.Next); err != nil {
			return err
		}
	}
	if v != nil {
		http.Redirect(w, r, orWallet(view.Next), http.StatusSeeOther)
		return nil
	}
	if first := vendorRef(h.site.Referrer(r)); first != "" {
		view.Vendor = first // who came first brought the reader
	} else if view.Vendor != "" {
		h.site.KeepReferrer(w, view.Vendor)
	}
	return h.askSignUp(w, r, http.StatusOK, view)
}

func (h *Handler) askSignUp(w http.ResponseWriter, r *http.Request, status int, view loginView) error {
	h.addBill(w, r, nil, &view)
	h.allowReturn(w, r, view.Next)
	view.Codes = h.app.CanMail()
	page := web.Page{Title: "Open a wallet", Section: "signup", Quiet: true, Body: view}
	return h.pages.Render(w, r, status, "signup.html", page)
}

func (h *Handler) signUp(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	form := r.PostForm
	view := loginView{
		Next:   web.LocalPath(form.Get("next"), ""),
		Vendor: vendorRef(form.Get("vendor")),
		Name:   strings.TrimSpace(form.Get("name")),
		Email:  strings.TrimSpace(form.Get("email")),
	}
	if first := vendorRef(h.site.Referrer(r)); first != "" {
		view.Vendor = first
	}
	in := login.SignUp{Email: view.Email, Password: form.Get("password"), Name: view.Name, VendorRef: view.Vendor}
	var secret, pending string
	var err error
	if h.app.CanMail() {
		pending, err = h.app.AskSignUp(r.Context(), h.door(r), in, view.Next)
	} else {
		secret, _, err = h.app.OpenWallet(r.Context(), h.door(r), in)
	}
	if err != nil {
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		h.site.HintRetry(w, err)
		view.Refusal = sentence
		return h.askSignUp(w, r, web.StatusOf(err), view)
	}
	if pending != "" {
		h.site.KeepSignUp(w, pending)
		http.Redirect(w, r, withNext("/signup/confirm", view.Next), http.StatusSeeOther)
		return nil
	}
	return h.signedUp(w, r, secret, view.Next)
}

// signedUp ends a sign-up: the browser is logged in, and goes on to where it was going.
func (h *Handler) signedUp(w http.ResponseWriter, r *http.Request, secret, next string) error {
	if err := h.replaceSession(w, r, secret); err != nil {
		return err
	}
	if next == "" {
		h.site.Flash(w, "Your wallet is open.")
	}
	http.Redirect(w, r, orWallet(next), http.StatusSeeOther)
	return nil
}

// confirmView is the page that asks for the code in the mail.
type confirmView struct {
	Code    string
	Next    string // shown only: where a sign-up leads is kept with it
	Waits   bool   // this browser is the one that asked
	Refusal string
	Over    bool // there is nothing to confirm any more
	Demo    bool
}

// AgainURL is where to begin anew.
func (c confirmView) AgainURL() string { return withNext("/signup", c.Next) }

// showConfirm is GET /signup/confirm. The link in the mail leads here too; it confirms
// nothing by itself, because programs that look for harm in mail follow links.
func (h *Handler) showConfirm(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	query := r.URL.Query()
	view := confirmView{Code: query.Get("code"), Next: web.LocalPath(query.Get("next"), "")}
	if len(view.Code) > 20 {
		view.Code = ""
	}
	return h.askConfirm(w, r, http.StatusOK, view)
}

func (h *Handler) askConfirm(w http.ResponseWriter, r *http.Request, status int, view confirmView) error {
	view.Waits, view.Demo = h.site.SignUp(r) != "", h.outbox != nil
	h.waiting(w, r, nil, view.Next)
	h.allowReturn(w, r, view.Next)
	page := web.Page{Title: "Check your e-mail", Section: "signup", Quiet: true, Body: view}
	return h.pages.Render(w, r, status, "confirm.html", page)
}

func (h *Handler) confirmSignUp(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	view := confirmView{Next: web.LocalPath(r.PostForm.Get("next"), "")}
	secret, next, err := h.app.ConfirmSignUp(r.Context(), h.door(r), h.site.SignUp(r), r.PostForm.Get("code"))
	if err != nil {
		sentence, correctable := web.Explain(r, err)
		view.Over = token.CodeOf(err) == token.CodeSignUpOver
		if !correctable && !view.Over {
			return err
		}
		h.site.HintRetry(w, err)
		view.Refusal = sentence
		return h.askConfirm(w, r, web.StatusOf(err), view)
	}
	h.site.EndSignUp(w)
	return h.signedUp(w, r, secret, next)
}

// returnPath is the page of this site that leads to an address at a vendor's.
func returnPath(vendor, address string) string {
	return "/return/" + vendor + "?" + url.Values{"to": {address}}.Encode()
}

// returning returns the address at a vendor's site that the page next leads to, "" for
// any other page.
func (h *Handler) returning(r *http.Request, next string) (string, error) {
	written, is := strings.CutPrefix(next, "/return/")
	if !is {
		return "", nil
	}
	written, query, _ := strings.Cut(written, "?")
	vendor, err := token.ParseID[token.VendorKind](written)
	if err != nil {
		return "", token.Refuse(token.NotFound, "not_found.shop")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", token.Refuse(token.Malformed, "malformed.back_unreadable")
	}
	return values.Get("to"), h.app.ReturnTo(r.Context(), vendor, values.Get("to"))
}

// allowReturn permits the form of this page to end at the vendor's site that next leads to.
func (h *Handler) allowReturn(w http.ResponseWriter, r *http.Request, next string) {
	if address, err := h.returning(r, next); err == nil && address != "" {
		web.AllowFormsTo(w, web.Origin(address))
	}
}

// returnTo is GET /return/{vendor}: back to the vendor's article, once logged in.
func (h *Handler) returnTo(w http.ResponseWriter, r *http.Request, _ caller.Viewer) error {
	address, err := h.returning(r, r.URL.RequestURI())
	if err != nil {
		return err
	}
	web.LeaveTo(w, r, address)
	return nil
}

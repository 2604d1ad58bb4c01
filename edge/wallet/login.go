package wallet

import (
	"net/http"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// loginView is the page that asks who is there, to log in or to open a wallet.
type loginView struct {
	Next    string
	Vendor  string // the vendor that brought a new reader
	Name    string
	Email   string
	Refusal string
	Bill    *bill  // what waits to be paid after it
	For     string // the vendor at whose site she logs in by it
	Host    string // where that is
	Again   bool   // logged in, and asked to show it once more
	Demo    bool

	Passkeys bool // passkeys can be used here
	Codes    bool // codes can be sent here
}

// SignUpURL is where somebody without a wallet opens one.
func (l loginView) SignUpURL() string {
	query := url.Values{}
	if l.Next != "" {
		query.Set("next", l.Next)
	}
	if l.Vendor != "" {
		query.Set("vendor", l.Vendor)
	}
	if len(query) == 0 {
		return "/signup"
	}
	return "/signup?" + query.Encode()
}

// LogInURL is where somebody with a wallet logs in.
func (l loginView) LogInURL() string {
	if l.Next == "" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {l.Next}}.Encode()
}

func (h *Handler) showLogIn(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	next := web.LocalPath(r.URL.Query().Get("next"), "")
	view := loginView{Next: next}
	if v != nil {
		if v.CanBuy(h.clock.Now()) && r.URL.Query().Get("again") == "" {
			http.Redirect(w, r, orWallet(next), http.StatusSeeOther)
			return nil
		}
		view.Email, view.Again = v.Email, true
	}
	return h.askLogIn(w, r, v, http.StatusOK, view)
}

// askLogIn renders the login form, over the bill that it is for where there is one.
func (h *Handler) askLogIn(w http.ResponseWriter, r *http.Request, v *caller.Viewer, status int, view loginView) error {
	h.addBill(w, r, v, &view)
	h.allowReturn(w, r, view.Next)
	view.Codes = h.app.CanMail()
	if view.Passkeys = h.app.CanPasskey(); view.Passkeys {
		web.AllowScript(w)
	}
	page := web.Page{Title: "Log in", Section: "login", Quiet: true, Body: view}
	return h.pages.Render(w, r, status, "login.html", page)
}

func (h *Handler) logIn(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	view := loginView{Next: web.LocalPath(r.PostForm.Get("next"), ""), Email: strings.TrimSpace(r.PostForm.Get("email"))}
	entry, err := h.app.LoginByPassword(r.Context(), h.door(r), view.Email, r.PostForm.Get("password"))
	if err != nil {
		return h.refuseLogIn(w, r, v, view, err)
	}
	return h.entered(w, r, entry, view.Next)
}

// refuseLogIn shows the login form again, and why.
func (h *Handler) refuseLogIn(w http.ResponseWriter, r *http.Request, v *caller.Viewer, view loginView, err error) error {
	sentence, correctable := web.Explain(r, err)
	if !correctable {
		return err
	}
	h.site.HintRetry(w, err)
	view.Refusal, view.Again = sentence, v != nil
	return h.askLogIn(w, r, v, web.StatusOf(err), view)
}

func (h *Handler) logOut(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if secret := h.site.Session(r); secret != "" {
		if err := h.app.LogOut(r.Context(), secret); err != nil {
			return err
		}
	}
	h.site.EndSession(w)
	h.site.Flash(w, "You are logged out.")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// replaceSession gives the browser its new login in place of the one it had. Every way
// to log in ends here.
func (h *Handler) replaceSession(w http.ResponseWriter, r *http.Request, secret string) error {
	if err := h.app.BindSession(r.Context(), secret, h.site.Session(r), r.UserAgent()); err != nil {
		return err
	}
	h.site.StartSession(w, secret)
	return nil
}

// addBill puts the order that waits behind the login onto the page.
func (h *Handler) addBill(w http.ResponseWriter, r *http.Request, v *caller.Viewer, view *loginView) {
	view.Demo = h.demo
	if h.loginFor != nil {
		var origin string
		view.For, origin = h.loginFor(r.Context(), view.Next)
		view.Host = web.Host(origin)
	}
	checkout, waits := h.waiting(w, r, v, view.Next)
	if !waits {
		return
	}
	view.Bill = h.bill(checkout)
	if view.Vendor == "" {
		view.Vendor = checkout.Vendor.String()
	}
}

// waiting returns the order that next leads to, and permits the form of this page to
// end at its shop: where the reader is not asked again, the way goes straight there.
func (h *Handler) waiting(w http.ResponseWriter, r *http.Request, v *caller.Viewer, next string) (buying.Checkout, bool) {
	if h.loginFor != nil {
		_, origin := h.loginFor(r.Context(), next)
		web.AllowFormsTo(w, origin)
	}
	checkout, err := h.checkoutAt(r, v, next)
	if err != nil || checkout.Vendor.IsZero() {
		return buying.Checkout{}, false // the page itself will say what is wrong with it
	}
	web.AllowFormsTo(w, web.Origin(checkout.VendorSite))
	return checkout, true
}

// checkoutAt returns what is for sale on the page next; its vendor is zero where
// nothing is.
func (h *Handler) checkoutAt(r *http.Request, v *caller.Viewer, next string) (buying.Checkout, error) {
	if in, is := readBuyPath(next); is {
		return h.app.OfferCheckout(r.Context(), in, v)
	}
	written, is := strings.CutPrefix(next, "/pay/")
	if !is {
		return buying.Checkout{}, nil
	}
	id, err := token.ParseID[token.OrderKind](written)
	if err != nil {
		return buying.Checkout{}, err
	}
	return h.app.Checkout(r.Context(), id, v)
}

// vendorRef returns the id where it is one of a vendor, "" otherwise.
func vendorRef(written string) string {
	id, err := token.ParseID[token.VendorKind](written)
	if err != nil {
		return ""
	}
	return id.String()
}

func orWallet(next string) string {
	if next == "" {
		return "/wallet"
	}
	return next
}

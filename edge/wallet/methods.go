package wallet

import (
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"rsc.io/qr"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// methods is what the page "How you log in" needs.
type methods interface {
	LoginMethods(ctx context.Context, v caller.Viewer) (login.LoginMethods, error)
	BeginPasskey(ctx context.Context, v caller.Viewer) (options []byte, attempt string, err error)
	AddPasskey(ctx context.Context, v caller.Viewer, d caller.Browser, name, answer string) error
	RenamePasskey(ctx context.Context, v caller.Viewer, id []byte, name string) error
	DropPasskey(ctx context.Context, v caller.Viewer, id []byte) error
	BeginAuthenticator(ctx context.Context, v caller.Viewer) (attempt string, err error)
	PendingAuthenticator(ctx context.Context, v caller.Viewer, d caller.Browser) (login.NewAuthenticator, error)
	ConfirmAuthenticator(ctx context.Context, v caller.Viewer, d caller.Browser, code string) (recovery []string, err error)
	DropAuthenticator(ctx context.Context, v caller.Viewer) error
	NewRecoveryCodes(ctx context.Context, v caller.Viewer) ([]string, error)
}

// methodsHome is where the page stands.
const methodsHome = "/security/login"

// registerMethods adds the page "How you log in" and its forms.
func (h *Handler) registerMethods(member func(pattern, home string, page web.MemberPage)) {
	member("GET "+methodsHome, methodsHome, h.methods)
	member("POST "+methodsHome+"/passkeys/options", methodsHome, h.newPasskeyOptions)
	for path, change := range map[string]methodChange{
		"/passkeys":             h.addPasskey,
		"/passkeys/rename":      h.renamePasskey,
		"/passkeys/remove":      h.dropPasskey,
		"/authenticator/remove": h.dropAuthenticator,
	} {
		member("POST "+methodsHome+path, methodsHome, h.changing(change))
	}
	member("POST "+methodsHome+"/authenticator", methodsHome, h.beginAuthenticator)
	member("GET "+methodsHome+"/authenticator", methodsHome, h.pendingAuthenticator)
	member("POST "+methodsHome+"/authenticator/confirm", methodsHome, h.confirmAuthenticator)
	member("POST "+methodsHome+"/recovery", methodsHome, h.newRecoveryCodes)
}

// methodsView is the page.
type methodsView struct {
	login.LoginMethods
	Fresh    bool     // she has authenticated lately, so changes are allowed
	Recovery []string // new codes, shown this once
	Refusal  string
	AgainURL string
}

// WrittenID is a passkey's id as forms carry it.
func (methodsView) WrittenID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

func (h *Handler) methods(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showMethods(w, r, v, http.StatusOK, methodsView{})
}

func (h *Handler) showMethods(w http.ResponseWriter, r *http.Request, v caller.Viewer, status int, view methodsView) error {
	var err error
	if view.LoginMethods, err = h.app.LoginMethods(r.Context(), v); err != nil {
		return err
	}
	view.Fresh, view.AgainURL = v.Fresh(h.clock.Now()), web.AgainURL(methodsHome)
	if view.Fresh && view.CanPasskey {
		web.AllowScript(w)
	}
	page := web.Page{Title: "How you log in", Reader: web.Reader(&v), Section: "security", Body: view}
	return h.pages.Render(w, r, status, "methods.html", page)
}

// refuseMethods shows the page with a refusal, or sends to log in where that is what is
// missing.
func (h *Handler) refuseMethods(w http.ResponseWriter, r *http.Request, v caller.Viewer, err error) error {
	if web.AskAgain(w, r, err, methodsHome) {
		return nil
	}
	sentence, correctable := web.Explain(r, err)
	if !correctable {
		return err
	}
	return h.showMethods(w, r, v, web.StatusOf(err), methodsView{Refusal: sentence})
}

// methodChange does what a form asks for, and says so.
type methodChange func(r *http.Request, v caller.Viewer) (said string, err error)

func (h *Handler) changing(change methodChange) web.MemberPage {
	return func(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
		if err := web.ParseForm(r); err != nil {
			return err
		}
		said, err := change(r, v)
		if err != nil {
			return h.refuseMethods(w, r, v, err)
		}
		h.site.Flash(w, said)
		http.Redirect(w, r, methodsHome, http.StatusSeeOther)
		return nil
	}
}

// newPasskeyOptions is what the script of the page has the browser make a passkey from.
func (h *Handler) newPasskeyOptions(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	options, attempt, err := h.app.BeginPasskey(r.Context(), v)
	return h.sendOptions(w, r, options, attempt, err)
}

func (h *Handler) addPasskey(r *http.Request, v caller.Viewer) (string, error) {
	return "The passkey is added.", h.app.AddPasskey(r.Context(), v, h.door(r), r.PostForm.Get("name"), r.PostForm.Get("answer"))
}

func (h *Handler) renamePasskey(r *http.Request, v caller.Viewer) (string, error) {
	id, err := passkeyOf(r)
	if err == nil {
		err = h.app.RenamePasskey(r.Context(), v, id, r.PostForm.Get("name"))
	}
	return "The passkey has its new name.", err
}

func (h *Handler) dropPasskey(r *http.Request, v caller.Viewer) (string, error) {
	id, err := passkeyOf(r)
	if err == nil {
		err = h.app.DropPasskey(r.Context(), v, id)
	}
	return "The passkey is removed. Remove it on your device too.", err
}

func passkeyOf(r *http.Request) ([]byte, error) {
	id, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("passkey"))
	if err != nil || len(id) == 0 {
		return nil, token.Refuse(token.NotFound, "not_found.passkey")
	}
	return id, nil
}

func (h *Handler) dropAuthenticator(r *http.Request, v caller.Viewer) (string, error) {
	return "The second step is off.", h.app.DropAuthenticator(r.Context(), v)
}

func (h *Handler) beginAuthenticator(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	attempt, err := h.app.BeginAuthenticator(r.Context(), v)
	if err != nil {
		return h.refuseMethods(w, r, v, err)
	}
	h.site.KeepAttempt(w, attempt)
	http.Redirect(w, r, methodsHome+"/authenticator", http.StatusSeeOther)
	return nil
}

// authenticatorView is the page that sets up an authenticator.
type authenticatorView struct {
	Secret  string // in groups of four
	URL     template.URL
	Size    int    // of the QR code, with its margin, in squares
	Path    string // the dark squares, as SVG writes a path
	Refusal string
}

func (h *Handler) pendingAuthenticator(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showAuthenticator(w, r, v, http.StatusOK, "")
}

func (h *Handler) showAuthenticator(w http.ResponseWriter, r *http.Request, v caller.Viewer, status int, refusal string) error {
	pending, err := h.app.PendingAuthenticator(r.Context(), v, h.door(r))
	if token.CodeOf(err) == token.CodeLoginOver {
		http.Redirect(w, r, methodsHome, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return h.refuseMethods(w, r, v, err)
	}
	view := authenticatorView{Secret: grouped(pending.Secret), URL: template.URL(pending.URL), Refusal: refusal}
	if view.Size, view.Path, err = drawCode(pending.URL); err != nil {
		return err
	}
	page := web.Page{Title: "Set up an authenticator", Reader: web.Reader(&v), Section: "security", Body: view}
	return h.pages.Render(w, r, status, "authenticator.html", page)
}

// grouped writes a text in groups of four, for typing.
func grouped(text string) string {
	var out strings.Builder
	for i, c := range text {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(c)
	}
	return out.String()
}

// drawCode draws a text as a QR code with the margin of four squares that readers need.
func drawCode(text string) (size int, path string, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return 0, "", fmt.Errorf("draw a QR code: %w", err)
	}
	const margin = 4
	var out strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&out, "M%d %dh1v1h-1z", x+margin, y+margin)
			}
		}
	}
	return code.Size + 2*margin, out.String(), nil
}

func (h *Handler) confirmAuthenticator(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	recovery, err := h.app.ConfirmAuthenticator(r.Context(), v, h.door(r), r.PostForm.Get("code"))
	if token.CodeOf(err) == token.CodeFieldInvalid {
		sentence, _ := web.Explain(r, err)
		return h.showAuthenticator(w, r, v, web.StatusOf(err), sentence)
	}
	if err != nil {
		return h.refuseMethods(w, r, v, err)
	}
	h.site.EndAttempt(w)
	return h.showMethods(w, r, v, http.StatusOK, methodsView{Recovery: recovery})
}

func (h *Handler) newRecoveryCodes(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	recovery, err := h.app.NewRecoveryCodes(r.Context(), v)
	if err != nil {
		return h.refuseMethods(w, r, v, err)
	}
	return h.showMethods(w, r, v, http.StatusOK, methodsView{Recovery: recovery})
}

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

// entries are the ways to log in.
type entries interface {
	LoginByPassword(ctx context.Context, d caller.Browser, email, password string) (login.Step, error)
	CanMail() bool
	SendLoginCode(ctx context.Context, d caller.Browser, email string) (attempt string, err error)
	LoginByMailCode(ctx context.Context, d caller.Browser, code string) (login.Step, error)
	LoginBySecond(ctx context.Context, d caller.Browser, code string) (login.Step, error)
	CanPasskey() bool
	BeginPasskeyLogin(ctx context.Context, d caller.Browser) (options []byte, attempt string, err error)
	LoginByPasskey(ctx context.Context, d caller.Browser, answer string) (login.Step, error)
}

// registerEntries adds the steps of a login that follow the first page, or stand in for it.
func (h *Handler) registerEntries(public func(pattern string, page web.PublicPage)) {
	public("POST /login/code/send", h.sendCode)
	public("GET /login/code", h.showStep(codeStep))
	public("POST /login/code", h.takeStep(codeStep))
	public("GET /login/second", h.showStep(secondStep))
	public("POST /login/second", h.takeStep(secondStep))
	public("POST /login/passkey/options", h.passkeyOptions)
	public("POST /login/passkey", h.enterByPasskey)
}

// door is the browser that a request comes from.
func (h *Handler) door(r *http.Request) caller.Browser {
	return caller.Browser{Address: h.site.Network(r), Known: h.site.Known(r), Attempt: h.site.Attempt(r), Agent: r.UserAgent()}
}

// entered ends a step of a login that was right: in, or on to the second factor.
func (h *Handler) entered(w http.ResponseWriter, r *http.Request, entry login.Step, next string) error {
	if entry.Session == "" {
		h.site.KeepAttempt(w, entry.Attempt)
		http.Redirect(w, r, withNext("/login/second", next), http.StatusSeeOther)
		return nil
	}
	if err := h.replaceSession(w, r, entry.Session); err != nil {
		return err
	}
	h.site.KeepKnown(w, entry.Known)
	if h.site.Attempt(r) != "" {
		h.site.EndAttempt(w)
	}
	http.Redirect(w, r, orWallet(next), http.StatusSeeOther)
	return nil
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// sendCode is POST /login/code/send: a code goes out to the address that was typed.
func (h *Handler) sendCode(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	view := loginView{Next: web.LocalPath(r.PostForm.Get("next"), ""), Email: strings.TrimSpace(r.PostForm.Get("email"))}
	attempt, err := h.app.SendLoginCode(r.Context(), h.door(r), view.Email)
	if err != nil {
		return h.refuseLogIn(w, r, v, view, err)
	}
	h.site.KeepAttempt(w, attempt)
	http.Redirect(w, r, withNext("/login/code", view.Next), http.StatusSeeOther)
	return nil
}

// step is a page of a login that asks for a code.
type step struct {
	Action string
	Title  string
	About  string
	Label  string
	Hint   string
	Digits bool // nothing but digits is asked for
	enter  func(a App, ctx context.Context, d caller.Browser, code string) (login.Step, error)
}

var (
	codeStep = step{
		Action: "/login/code", Title: "Enter the code", Label: "Code from the e-mail", Digits: true,
		About: "If there is a wallet with this address, a code is on its way to it, or is the one in the letter that it got last. It works for ten minutes, in this browser only.",
		enter: App.LoginByMailCode,
	}
	secondStep = step{
		Action: "/login/second", Title: "One more step", Label: "Code of your authenticator",
		About: "Enter the six digits that your authenticator shows now.", Hint: "Without it: one of your recovery codes.",
		enter: App.LoginBySecond,
	}
)

// stepView is such a page.
type stepView struct {
	step
	Next    string
	Bill    *bill // what waits to be paid after it
	Refusal string
}

func (h *Handler) showStep(s step) web.PublicPage {
	return func(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
		next := web.LocalPath(r.URL.Query().Get("next"), "")
		if h.site.Attempt(r) == "" {
			http.Redirect(w, r, withNext("/login", next), http.StatusSeeOther)
			return nil
		}
		return h.askStep(w, r, v, http.StatusOK, stepView{step: s, Next: next})
	}
}

// askStep renders the form, over the bill that it is for where there is one.
func (h *Handler) askStep(w http.ResponseWriter, r *http.Request, v *caller.Viewer, status int, view stepView) error {
	if checkout, waits := h.waiting(w, r, v, view.Next); waits {
		view.Bill = h.bill(checkout)
	}
	page := web.Page{Title: view.Title, Section: "login", Quiet: true, Body: view}
	return h.pages.Render(w, r, status, "step.html", page)
}

func (h *Handler) takeStep(s step) web.PublicPage {
	return func(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
		if err := web.ParseForm(r); err != nil {
			return err
		}
		next := web.LocalPath(r.PostForm.Get("next"), "")
		code := r.PostForm.Get("code")
		if len(code) > 100 {
			code = ""
		}
		entry, err := s.enter(h.app, r.Context(), h.door(r), code)
		if err == nil {
			return h.entered(w, r, entry, next)
		}
		if token.CodeOf(err) == token.CodeLoginOver {
			h.site.EndAttempt(w)
			return h.refuseLogIn(w, r, v, loginView{Next: next}, err)
		}
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		h.site.HintRetry(w, err)
		return h.askStep(w, r, v, web.StatusOf(err), stepView{step: s, Next: next, Refusal: sentence})
	}
}

// passkeyOptions is POST /login/passkey/options: what the script of the page asks the
// browser's passkeys to sign.
func (h *Handler) passkeyOptions(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	options, attempt, err := h.app.BeginPasskeyLogin(r.Context(), h.door(r))
	return h.sendOptions(w, r, options, attempt, err)
}

// sendOptions answers the script with options as JSON, or with a sentence.
func (h *Handler) sendOptions(w http.ResponseWriter, r *http.Request, options []byte, attempt string, err error) error {
	if err != nil {
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		h.site.HintRetry(w, err)
		http.Error(w, sentence, web.StatusOf(err))
		return nil
	}
	h.site.KeepAttempt(w, attempt)
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(options); err != nil {
		return nil // nobody is there to be told
	}
	return nil
}

// enterByPasskey is POST /login/passkey, with what the passkey signed.
func (h *Handler) enterByPasskey(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	next := web.LocalPath(r.PostForm.Get("next"), "")
	entry, err := h.app.LoginByPasskey(r.Context(), h.door(r), r.PostForm.Get("answer"))
	if err != nil {
		return h.refuseLogIn(w, r, v, loginView{Next: next}, err)
	}
	return h.entered(w, r, entry, next)
}

// LogInURL is where the login begins.
func (s stepView) LogInURL() string { return withNext("/login", s.Next) }

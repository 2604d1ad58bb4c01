package wallet

import (
	"net/http"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// resetView is the pages by which somebody gets a new password.
type resetView struct {
	State   string // ask, sent, new, off
	Email   string
	Token   string // from the mail
	Refusal string
	Demo    bool
}

func (h *Handler) renderReset(w http.ResponseWriter, r *http.Request, status int, view resetView) error {
	view.Demo = h.outbox != nil
	if !h.app.CanMail() && (view.State != "new" || view.Token == "") { // a link can come otherwise: farthing operator add prints one
		view.State = "off"
	}
	page := web.Page{Title: "A new password", Section: "login", Quiet: true, Body: view}
	return h.pages.Render(w, r, status, "reset.html", page)
}

func (h *Handler) showReset(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	return h.renderReset(w, r, http.StatusOK, resetView{State: "ask"})
}

// askReset is POST /reset. The answer is the same for every address.
func (h *Handler) askReset(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	view := resetView{State: "sent", Email: strings.TrimSpace(r.PostForm.Get("email"))}
	if err := h.app.AskReset(r.Context(), h.door(r), view.Email); err != nil {
		sentence, correctable := web.Explain(r, err)
		if !correctable {
			return err
		}
		h.site.HintRetry(w, err)
		view.State, view.Refusal = "ask", sentence
		return h.renderReset(w, r, web.StatusOf(err), view)
	}
	return h.renderReset(w, r, http.StatusOK, view)
}

func (h *Handler) showNewPassword(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the secret
	return h.renderReset(w, r, http.StatusOK, resetView{State: "new", Token: r.URL.Query().Get("token")})
}

func (h *Handler) newPassword(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	view := resetView{State: "new", Token: r.PostForm.Get("token")}
	if err := h.app.ResetPassword(r.Context(), h.door(r), view.Token, r.PostForm.Get("password")); err != nil {
		sentence, correctable := web.Explain(r, err)
		if token.CodeOf(err) == token.CodeResetOver {
			view.State = "ask"
		} else if !correctable {
			return err
		}
		h.site.HintRetry(w, err)
		view.Refusal = sentence
		return h.renderReset(w, r, web.StatusOf(err), view)
	}
	h.site.Flash(w, "Your new password is set, and every session is logged out. Log in with it.")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

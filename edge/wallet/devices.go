package wallet

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// sessions is what the pages need to show and end logins, and to say how long one lasts.
type sessions interface {
	BindSession(ctx context.Context, secret, before, userAgent string) error
	CheckConfirmation(ctx context.Context, v caller.Viewer, c buying.Checkout, form string) error

	Devices(ctx context.Context, v caller.Viewer) ([]session.DeviceView, error)
	SignOut(ctx context.Context, v caller.Viewer, id token.SessionID) error
	SignOutOthers(ctx context.Context, v caller.Viewer) error
	ChangePassword(ctx context.Context, v caller.Viewer, before, after string) (secret string, err error)
	Window(ctx context.Context, v caller.Viewer) (session.Window, error)
	SetWindow(ctx context.Context, v caller.Viewer, window time.Duration) error
	consents
}

// longList is how many sessions fit a window.
const longList = 12

// devicesHome is where the page stands.
const devicesHome = "/security/devices"

// registerDevices adds the page about the viewer's logins.
func (h *Handler) registerDevices(member func(pattern, home string, page web.MemberPage)) {
	member("GET "+devicesHome, devicesHome, h.devices)
	member("POST "+devicesHome+"/signout", devicesHome, h.signOut)
	member("POST "+devicesHome+"/others", devicesHome, h.signOutOthers)
	member("POST "+devicesHome+"/shops", devicesHome, h.withdraw)
	member("POST "+devicesHome+"/window", devicesHome, h.setWindow)
	member("POST "+devicesHome+"/password", devicesHome, h.changePassword)
}

// devicesView is the page about the viewer's logins.
type devicesView struct {
	Devices []session.DeviceView
	Others  bool                // there are others than the present one
	Long    bool                // there are so many that what ends them all stands first
	Shops   []oauth.ConsentView // where the viewer logs in with her wallet
	Window  session.Window
	Choices []choice
	Open    bool // the purchase window is
	Until   time.Time
	Form    string // which form was refused: window or password
	Refusal string
	Again   string // where the refusal asks for a login: the way to it
}

func (h *Handler) devices(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showDevices(w, r, v, "", nil)
}

// showDevices renders the page. cause is why form was refused just now, if one was.
func (h *Handler) showDevices(w http.ResponseWriter, r *http.Request, v caller.Viewer, form string, cause error) error {
	view := devicesView{Form: form, Open: v.CanBuy(h.clock.Now()), Until: v.WindowUntil}
	status := http.StatusOK
	if cause != nil {
		sentence, correctable := web.Explain(r, cause)
		if !correctable {
			return cause
		}
		h.site.HintRetry(w, cause)
		view.Refusal, status = sentence, web.StatusOf(cause)
		if token.CodeOf(cause) == token.CodeWindowClosed {
			view.Again = web.AgainURL(devicesHome)
		}
	}
	var err error
	if view.Devices, err = h.app.Devices(r.Context(), v); err != nil {
		return err
	}
	if view.Shops, err = h.app.Consents(r.Context(), v); err != nil {
		return err
	}
	if view.Window, err = h.app.Window(r.Context(), v); err != nil {
		return err
	}
	view.Others, view.Long = len(view.Devices) > 1, len(view.Devices) > longList
	view.Choices = windowChoices(view.Window)
	page := web.Page{Title: "Devices and sessions", Reader: web.Reader(&v), Section: "security", Body: view}
	return h.pages.Render(w, r, status, "devices.html", page)
}

// windowChoices are the windows offered: the provider's usual one, and round ones up to
// the longest.
func windowChoices(now session.Window) []choice {
	out := []choice{{Value: "0", Label: "the usual, " + spanLabel(now.Usual), Chosen: now.Own == 0}}
	known := now.Own == 0
	for _, minutes := range []int{1, 2, 5, 10, 15, 30, 60, 2 * 60, 4 * 60, 8 * 60, 12 * 60, 24 * 60} {
		span := time.Duration(minutes) * time.Minute
		if span > now.Longest {
			break
		}
		out = append(out, choice{Value: strconv.Itoa(minutes), Label: spanLabel(span), Chosen: now.Own == span})
		known = known || now.Own == span
	}
	if !known {
		out = append(out, choice{Value: strconv.Itoa(int(now.Own / time.Minute)), Label: spanLabel(now.Own), Chosen: true})
	}
	return out
}

func spanLabel(span time.Duration) string {
	switch {
	case span >= time.Hour && span%time.Hour == 0:
		return web.Count(int64(span/time.Hour), "hour", "hours")
	case span >= time.Minute && span%time.Minute == 0:
		return web.Count(int64(span/time.Minute), "minute", "minutes")
	}
	return web.Count(int64(span/time.Second), "second", "seconds")
}

func (h *Handler) signOut(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	id, err := token.ParseID[token.SessionKind](r.PostForm.Get("session"))
	if err != nil {
		return token.Refuse(token.NotFound, "not_found.session")
	}
	if err := h.app.SignOut(r.Context(), v, id); err != nil {
		return err
	}
	h.site.Flash(w, "That session is logged out.")
	http.Redirect(w, r, devicesHome, http.StatusSeeOther)
	return nil
}

func (h *Handler) signOutOthers(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := h.app.SignOutOthers(r.Context(), v); err != nil {
		return err
	}
	h.site.Flash(w, "All other sessions are logged out.")
	http.Redirect(w, r, devicesHome, http.StatusSeeOther)
	return nil
}

func (h *Handler) setWindow(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	minutes, err := strconv.ParseInt(r.PostForm.Get("minutes"), 10, 32)
	if err != nil || minutes < 0 {
		return h.showDevices(w, r, v, "window", token.Refuse(token.Unprocessable, "field_invalid.minutes"))
	}
	if err := h.app.SetWindow(r.Context(), v, time.Duration(minutes)*time.Minute); err != nil {
		return h.showDevices(w, r, v, "window", err)
	}
	h.site.Flash(w, "Saved.")
	http.Redirect(w, r, devicesHome, http.StatusSeeOther)
	return nil
}

func (h *Handler) changePassword(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	secret, err := h.app.ChangePassword(r.Context(), v, r.PostForm.Get("before"), r.PostForm.Get("after"))
	if err != nil {
		return h.showDevices(w, r, v, "password", err)
	}
	h.site.StartSession(w, secret)
	h.site.Flash(w, "Your password is changed, and all other sessions are logged out.")
	http.Redirect(w, r, devicesHome, http.StatusSeeOther)
	return nil
}

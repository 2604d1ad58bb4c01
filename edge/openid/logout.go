package openid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// endSession is the end session endpoint (RP-Initiated Logout 1.0).
func (h *Handler) endSession(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	return h.run(w, r, v)
}

// EndSession logs the reader out where the site shows an ID token of this very login;
// anybody else could only make the browser ask, so the reader is asked.
func (s *server) EndSession(ctx context.Context, r *op.Request[oidc.EndSessionRequest]) (*op.Redirect, error) {
	h, at, in := s.handler, visitOf(ctx), r.Data
	hint, err := h.hint(ctx, in.IdTokenHint, in.ClientID)
	if err != nil {
		return nil, err
	}
	if hint != nil {
		in.ClientID = hint.Audience[0]
	}
	of, to, err := h.afterLogout(ctx, in.ClientID, in.PostLogoutRedirectURI, in.State)
	if err != nil {
		return nil, err
	}
	if at.viewer == nil {
		return op.NewRedirect(to), nil
	}
	if hint != nil {
		name, err := h.app.SessionName(of.Vendor, at.viewer.Session)
		if err != nil {
			return nil, err
		}
		if hint.SessionID == name {
			return op.NewRedirect(to), h.logOut(at.w, at.r)
		}
	}
	ask := url.Values{}
	for name, value := range map[string]string{"client_id": in.ClientID, "post_logout_redirect_uri": in.PostLogoutRedirectURI, "state": in.State} {
		if value != "" {
			ask.Set(name, value)
		}
	}
	return op.NewRedirect(withQuery(leavePath, ask)), nil
}

// hint reads an ID token that a site shows again: one that we gave to this client, or to
// any where none is named, however long ago. Without a hint it returns nil.
func (h *Handler) hint(ctx context.Context, text, clientID string) (*oidc.IDTokenClaims, error) {
	if text == "" {
		return nil, nil
	}
	verifier := op.NewIDTokenHintVerifier(h.issuer, ownKeys{h.app}, op.WithSupportedIDTokenHintSigningAlgorithms(algorithm))
	claims, err := op.VerifyIDTokenHint[*oidc.IDTokenClaims](ctx, text, verifier)
	if err != nil && !errors.As(err, &op.IDTokenHintExpiredError{}) || len(claims.Audience) != 1 {
		return nil, oidc.ErrInvalidRequest().WithDescription("the id_token_hint is not one of ours")
	}
	if clientID != "" && clientID != claims.Audience[0] {
		return nil, oidc.ErrInvalidRequest().WithDescription("the id_token_hint is another client's")
	}
	return claims, nil
}

// afterLogout returns the client and where the browser goes after a logout: to an
// address that the client has registered, character by character, or to our front page.
func (h *Handler) afterLogout(ctx context.Context, clientID, uri, state string) (of grant.Client, to string, err error) {
	if clientID != "" {
		if of, err = h.app.Client(ctx, clientID); err != nil {
			return of, "", protocolError(err)
		}
	}
	if uri == "" {
		return of, "/", nil
	}
	if !slices.Contains(of.AfterLogout, uri) {
		return of, "", oidc.ErrInvalidRequest().WithDescription("the post_logout_redirect_uri is not registered")
	}
	if state == "" {
		return of, uri, nil
	}
	return of, withQuery(uri, url.Values{"state": {state}}), nil
}

// logOut ends the browser's login. The sites are told by EndLogins of the application.
func (h *Handler) logOut(w http.ResponseWriter, r *http.Request) error {
	if secret := h.site.Session(r); secret != "" {
		if err := h.app.LogOut(r.Context(), secret); err != nil {
			return err
		}
	}
	h.site.EndSession(w)
	return nil
}

// leaveView asks whether to log out.
type leaveView struct {
	Vendor string // who asks, "" where that is not known
	Client string
	URI    string
	State  string
	Back   string // where she goes who stays logged in
}

// leaving reads a logout that was asked for, as it came through the browser.
func (h *Handler) leaving(ctx context.Context, form url.Values) (view leaveView, to string, err error) {
	view = leaveView{Client: form.Get("client_id"), URI: form.Get("post_logout_redirect_uri"), State: form.Get("state"), Back: "/wallet"}
	of, to, err := h.afterLogout(ctx, view.Client, view.URI, view.State)
	if err != nil {
		return view, "", token.Refuse(token.Malformed, "url_not_registered.logout_link")
	}
	if view.Client != "" {
		view.Vendor = h.app.VendorName(ctx, of.Vendor)
	}
	if view.URI != "" {
		view.Back = to
	}
	return view, to, nil
}

func (h *Handler) showLeave(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	view, to, err := h.leaving(r.Context(), r.URL.Query())
	if err != nil {
		return err
	}
	if v == nil {
		web.LeaveTo(w, r, to)
		return nil
	}
	web.AllowFormsTo(w, web.Origin(to))
	return h.pages.Render(w, r, http.StatusOK, "leave.html", web.Page{Title: "Log out", Reader: web.Reader(v), Quiet: true, Body: view})
}

func (h *Handler) leave(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	_, to, err := h.leaving(r.Context(), r.PostForm)
	if err != nil {
		return err
	}
	if err := h.logOut(w, r); err != nil {
		return err
	}
	web.LeaveTo(w, r, to)
	return nil
}

// TellLogout tells a site that a login ended (Back-Channel Logout 1.0). The site says by
// 200 or 204 that it did what it had to do. The token has the same jti on every try.
func (h *Handler) TellLogout(ctx context.Context, l oauth.Logout) error {
	signed, err := h.logoutToken(ctx, l)
	if err != nil {
		return err
	}
	form := strings.NewReader(url.Values{"logout_token": {signed}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.Backchannel, form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := h.outbound.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusOK, code == http.StatusNoContent:
		return nil
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooManyRequests:
		return fmt.Errorf("the site answered %d", code)
	default:
		return fmt.Errorf("%w: the site answered %d", delivery.ErrThisOne, code)
	}
}

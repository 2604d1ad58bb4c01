package openid

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// askedParameter is our own: it comes back from the login page and says since when the
// reader was to prove who she is.
const askedParameter = "asked"

// authorize is the authorization endpoint (OpenID Connect Core 1.0, 3.1.2).
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	return h.run(w, r, v)
}

// VerifyAuthRequest finds the client. The library checks the redirect URI after it, before
// anything is answered to that.
func (s *server) VerifyAuthRequest(ctx context.Context, r *op.Request[oidc.AuthRequest]) (*op.ClientRequest[oidc.AuthRequest], error) {
	found, err := s.handler.app.Client(ctx, r.Data.ClientID)
	if err != nil {
		return nil, protocolError(err)
	}
	return &op.ClientRequest[oidc.AuthRequest]{Request: r, Client: client{found}}, nil
}

// Authorize answers a request whose redirect URI is the client's own: what it refuses
// goes there.
func (s *server) Authorize(ctx context.Context, r *op.ClientRequest[oidc.AuthRequest]) (*op.Redirect, error) {
	of, h := r.Client.(client), s.handler
	if err := h.checkLogin(ctx, of, r); err != nil {
		return nil, err
	}
	if err := h.expected(ctx, visitOf(ctx).viewer, of, r.Data.IDTokenHint); err != nil {
		return nil, err
	}
	elsewhere, err := h.passed(ctx, visitOf(ctx), of, r)
	if err != nil {
		return nil, err
	}
	if elsewhere != "" {
		if has(r.Data.Prompt, oidc.PromptNone) {
			if strings.HasPrefix(elsewhere, consentPath) {
				return nil, oidc.ErrInteractionRequired()
			}
			return nil, oidc.ErrLoginRequired()
		}
		return op.NewRedirect(elsewhere), nil
	}
	code, err := h.app.IssueCode(ctx, *visitOf(ctx).viewer, oauth.LoginInput{
		Client: of.Client, Redirect: r.Data.RedirectURI, Challenge: r.Data.CodeChallenge, Nonce: r.Data.Nonce,
		Offline: has(r.Data.Scopes, oidc.ScopeOfflineAccess), TellAuth: r.Data.MaxAge != nil,
	})
	if err != nil {
		return nil, oidc.ErrServerError().WithDescription("try again").WithParent(err)
	}
	response := url.Values{"code": {code}, "iss": {h.issuer}} // iss: RFC 9207
	if r.Data.State != "" {
		response.Set("state", r.Data.State)
	}
	return op.NewRedirect(withQuery(r.Data.RedirectURI, response)), nil
}

// checkLogin refuses what there is no reason to ask for.
func (h *Handler) checkLogin(ctx context.Context, of client, r *op.ClientRequest[oidc.AuthRequest]) error {
	in := r.Data
	switch {
	case in.RequestParam != "" || r.Form.Has("request_uri"):
		return oidc.ErrRequestNotSupported()
	case in.ResponseMode != "" && in.ResponseMode != oidc.ResponseModeQuery:
		return oidc.ErrInvalidRequest().WithDescription("the only response_mode is query")
	case !has(in.Scopes, oidc.ScopeOpenID):
		return oidc.ErrInvalidScope().WithDescription("the scope openid is missing")
	case in.CodeChallengeMethod != oidc.CodeChallengeMethodS256 || !grant.IsChallenge(in.CodeChallenge):
		h.app.Record(ctx, activity.Event{Code: token.CodeGrantInvalid, Vendor: of.Vendor, Detail: "A login at " + of.Name + " was asked for without PKCE by S256."})
		return oidc.ErrInvalidRequest().WithDescription("send a code_challenge with code_challenge_method=S256")
	}
	return nil
}

// expected refuses where the site shows by an ID token whom it means, and somebody else
// is logged in here: the site would take one for the other (OpenID Connect Core 1.0,
// 3.1.2.1, id_token_hint).
func (h *Handler) expected(ctx context.Context, v *caller.Viewer, of client, text string) error {
	hint, err := h.hint(ctx, text, of.GetID())
	if err != nil || hint == nil || v == nil {
		return err
	}
	reader, err := h.app.ReaderAt(of.Vendor, v.User)
	if err == nil && hint.Subject != reader.String() {
		err = oidc.ErrLoginRequired().WithDescription("somebody else is logged in")
	}
	return err
}

// passed returns where the reader must go before the site learns of her, or "".
func (h *Handler) passed(ctx context.Context, at visit, of client, r *op.ClientRequest[oidc.AuthRequest]) (elsewhere string, err error) {
	asked := r.Form.Get(askedParameter)
	query := url.Values{}
	for name, values := range r.Form {
		if name != askedParameter {
			query[name] = values
		}
	}
	request := query.Encode()
	login := func(parameters url.Values) (string, error) {
		if r.Data.MaxAge != nil {
			sealed, err := h.app.AskedAgain(request)
			if err != nil {
				return "", err
			}
			query.Set(askedParameter, sealed)
		}
		parameters.Set("next", authorizePath+"?"+query.Encode())
		return "/login?" + parameters.Encode(), nil
	}
	if at.viewer == nil {
		return login(url.Values{})
	}
	fresh, err := h.fresh(*at.viewer, r.Data.MaxAge, asked, request)
	if err != nil {
		return "", err
	}
	if !fresh {
		return login(url.Values{"again": {"1"}})
	}
	known, err := h.app.Consented(ctx, *at.viewer, of.Vendor)
	if err != nil || known {
		return "", err
	}
	return consentPath + "?" + url.Values{"next": {at.r.URL.RequestURI()}}.Encode(), nil
}

// fresh reports whether the reader proved who she is within so many seconds, or since
// she was asked to. The library has made a maximum of zero of prompt=login.
func (h *Handler) fresh(v caller.Viewer, maxAge *uint, asked, request string) (bool, error) {
	if maxAge == nil || *maxAge > 0 && h.clock.Now().Sub(time.UnixMilli(v.AuthAt)) <= time.Duration(min(*maxAge, 1<<30))*time.Second {
		return true, nil
	}
	if asked == "" {
		return false, nil
	}
	return h.app.AnsweredAgain(v, asked, request)
}

// pending is a login that waits for the reader to do something first.
type pending struct {
	client   grant.Client
	redirect string
	state    string
	next     string // where it goes on
}

// waiting reads where a login goes on, as it came through the browser: only a login
// for a registered address is one.
func (h *Handler) waiting(ctx context.Context, next string) (pending, bool) {
	address, err := url.Parse(web.LocalPath(next, ""))
	if err != nil || address.Path != authorizePath {
		return pending{}, false
	}
	query := address.Query()
	of, err := h.app.Client(ctx, query.Get("client_id"))
	if err != nil || !slices.Contains(of.Redirects, query.Get("redirect_uri")) {
		return pending{}, false
	}
	return pending{client: of, redirect: query.Get("redirect_uri"), state: query.Get("state"), next: next}, true
}

// LoginFor returns which vendor's site a login is for whose way goes on at next, and at
// which origin its form may end: there the reader comes out (see web.AllowFormsTo). Both
// are "" where it is for no site, or for what the site has not registered.
func (h *Handler) LoginFor(ctx context.Context, next string) (vendor, origin string) {
	login, ok := h.waiting(ctx, next)
	if !ok {
		return "", ""
	}
	return h.app.VendorName(ctx, login.client.Vendor), web.Origin(login.redirect)
}

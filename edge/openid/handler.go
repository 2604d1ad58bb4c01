package openid

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

//go:embed templates
var templates embed.FS

// App is what the package needs of the application.
type App interface {
	web.Identifier
	Vendor(ctx context.Context, v caller.Viewer, id token.VendorID) (directory.VendorView, error)
	VendorName(ctx context.Context, id token.VendorID) string
	LogOut(ctx context.Context, secret string) error
	SigningKeys(ctx context.Context, use keyring.Use) ([]keys.SigningKey, error)
	Record(ctx context.Context, e activity.Event)

	Client(ctx context.Context, id string) (grant.Client, error)
	ProveClient(ctx context.Context, id, secret string) (grant.Client, error)
	Consented(ctx context.Context, v caller.Viewer, vendor token.VendorID) (bool, error)
	Consent(ctx context.Context, v caller.Viewer, vendor token.VendorID) error
	AskedAgain(request string) (string, error)
	AnsweredAgain(v caller.Viewer, sealed, request string) (bool, error)
	IssueCode(ctx context.Context, v caller.Viewer, in oauth.LoginInput) (code string, err error)
	ChangeCode(ctx context.Context, client grant.Client, code, redirect, verifier string) (oauth.Issued, error)
	RefreshLogin(ctx context.Context, client grant.Client, refresh string) (oauth.Issued, error)
	Bearer(ctx context.Context, access string) (oauth.Who, error)
	GiveBack(ctx context.Context, client grant.Client, secret string) error
	ReaderAt(vendor token.VendorID, user token.UserID) (token.ReaderID, error)
	SessionName(vendor token.VendorID, session token.SessionID) (string, error)

	Clients(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]oauth.ClientView, error)
	AddClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, in oauth.ClientInput) (secret string, view oauth.ClientView, err error)
	RotateClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.ClientID) (secret string, err error)
	RemoveClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.ClientID) error
}

// The addresses of the endpoints. Discovery names them to clients.
const (
	discoveryPath = "/.well-known/openid-configuration"
	authorizePath = "/oidc/authorize"
	consentPath   = "/oidc/consent"
	tokenPath     = "/oidc/token"
	userinfoPath  = "/oidc/userinfo"
	revokePath    = "/oidc/revoke"
	logoutPath    = "/oidc/logout"
	leavePath     = "/oidc/logout/confirm"
)

// Config is what a Handler is made of.
type Config struct {
	Site   *web.Site
	App    App
	Clock  token.Clock
	Issuer string // the provider's base URL, without a slash at the end
	Keys   string // where the keys are published, on this host

	Outbound *http.Client // reaches addresses that vendors named, and no others
}

// Handler is the OpenID provider.
type Handler struct {
	site     *web.Site
	app      App
	clock    token.Clock
	issuer   string
	keys     string
	outbound *http.Client
	pages    *web.Pages
	protocol http.Handler
}

// New reads the templates and returns a Handler.
func New(c Config) (*Handler, error) {
	folder, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	pages, err := c.Site.Pages(folder)
	if err != nil {
		return nil, err
	}
	h := &Handler{site: c.Site, app: c.App, clock: c.Clock, issuer: strings.TrimSuffix(c.Issuer, "/"), keys: c.Keys,
		outbound: c.Outbound, pages: pages}
	h.protocol = op.RegisterServer(&server{handler: h}, op.Endpoints{
		Authorization: op.NewEndpoint(authorizePath), Token: op.NewEndpoint(tokenPath), Userinfo: op.NewEndpoint(userinfoPath),
		Revocation: op.NewEndpoint(revokePath), EndSession: op.NewEndpoint(logoutPath),
	}, op.WithEncoder(encoder{h.issuer}), op.WithServerCORSOptions(&cors.Options{
		// Scripts of public clients get tokens from their own pages. No cookie comes with
		// such a request, and none would count.
		AllowedOrigins: []string{"*"}, AllowedMethods: []string{http.MethodGet, http.MethodPost}, AllowedHeaders: []string{"Authorization", "Content-Type"},
	}))
	return h, nil
}

// encoder writes authorization responses that are refusals. Like all of them they say
// who they are from (RFC 9207).
type encoder struct{ issuer string }

// Encode implements the library's Encoder.
func (e encoder) Encode(from any, into map[string][]string) error {
	into["iss"] = []string{e.issuer}
	return oidc.NewEncoder().Encode(from, into)
}

// Register adds the pages, which belong behind the guards of web.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+authorizePath, h.site.Public(h.app, h.authorize))
	mux.HandleFunc("GET "+consentPath, h.site.Member(h.app, "/wallet", h.showConsent))
	mux.HandleFunc("POST "+consentPath, h.site.Member(h.app, "/wallet", h.consent))
	mux.HandleFunc("GET "+logoutPath, h.site.Public(h.app, h.endSession))
	mux.HandleFunc("GET "+leavePath, h.site.Public(h.app, h.showLeave))
	mux.HandleFunc("POST "+leavePath, h.site.Public(h.app, h.leave))
	h.registerConsole(mux)
}

// RegisterProtocol adds what programs ask, and the two addresses that other sites'
// forms may be sent to. None of it looks at cookies, so the guards of web would only be
// in the way.
func (h *Handler) RegisterProtocol(mux *http.ServeMux) {
	for _, path := range []string{discoveryPath, tokenPath, userinfoPath, revokePath} {
		mux.Handle(path, http.HandlerFunc(h.serve))
	}
	mux.HandleFunc("POST "+authorizePath, fromForm)
	mux.HandleFunc("POST "+logoutPath, fromForm)
}

// serve answers a request of the protocol.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, web.MaxBody)
	if err := single(r); err != nil {
		op.WriteError(w, r, err, nil)
		return
	}
	switch secret := r.URL.Path != discoveryPath; {
	case r.Method == http.MethodOptions:
	case secret && r.URL.RawQuery != "", r.URL.Path == tokenPath && r.Method != http.MethodPost:
		op.WriteError(w, r, oidc.ErrInvalidRequest().WithDescription("send a form by POST, with nothing in the address, which is kept in logs"), nil)
		return
	}
	h.protocol.ServeHTTP(&challenger{w}, r)
}

// challenger says how to authenticate where a client did not (RFC 6749, 5.2; RFC 6750, 3).
type challenger struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (c *challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized && c.Header().Get("WWW-Authenticate") == "" {
		c.Header().Set("WWW-Authenticate", `Basic realm="farthing", Bearer realm="farthing", error="invalid_token"`)
	}
	c.ResponseWriter.WriteHeader(status)
}

// single refuses parameters that come more than once (RFC 6749, 3.1 and 3.2).
func single(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return oidc.ErrInvalidRequest().WithDescription("the form cannot be read")
	}
	for name, values := range r.Form {
		if len(values) > 1 {
			return oidc.ErrInvalidRequest().WithDescription("a parameter came more than once").WithParent(errors.New(name))
		}
	}
	return nil
}

// fromForm turns another site's form into a visit of our own page with the same
// parameters: it is the visit that brings the reader's cookie.
func fromForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, web.MaxBody)
	if err := single(r); err != nil {
		op.WriteError(w, r, err, nil)
		return
	}
	web.LeaveTo(w, r, r.URL.Path+"?"+r.Form.Encode())
}

// withQuery adds parameters to an address, which stays as it was registered.
func withQuery(address string, more url.Values) string {
	switch {
	case len(more) == 0:
		return address
	case strings.Contains(address, "?"):
		return address + "&" + more.Encode()
	}
	return address + "?" + more.Encode()
}

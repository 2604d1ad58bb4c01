package openid

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/token"
)

// server answers the requests that the library has read.
type server struct {
	op.UnimplementedServer
	handler *Handler
}

var _ op.Server = (*server)(nil)

// metadata is what clients configure themselves by.
type metadata struct {
	oidc.DiscoveryConfiguration
	IssParameter bool `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// Discovery answers with the metadata (OpenID Connect Discovery 1.0, RFC 8414).
func (s *server) Discovery(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	issuer := s.handler.issuer
	methods := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodNone}
	return op.NewResponse(metadata{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer: issuer, AuthorizationEndpoint: issuer + authorizePath, TokenEndpoint: issuer + tokenPath,
			UserinfoEndpoint: issuer + userinfoPath, RevocationEndpoint: issuer + revokePath, EndSessionEndpoint: issuer + logoutPath,
			JwksURI: issuer + s.handler.keys, ServiceDocumentation: issuer + "/docs",
			ScopesSupported:        []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess},
			ResponseTypesSupported: []string{string(oidc.ResponseTypeCode)}, ResponseModesSupported: []string{string(oidc.ResponseModeQuery)},
			GrantTypesSupported:   []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken},
			SubjectTypesSupported: []string{"pairwise"}, IDTokenSigningAlgValuesSupported: []string{algorithm},
			TokenEndpointAuthMethodsSupported: methods, RevocationEndpointAuthMethodsSupported: methods,
			ClaimsSupported:               []string{"iss", "sub", "aud", "exp", "iat", "nonce", "sid", "auth_time", "at_hash"},
			CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
			BackChannelLogoutSupported:    true, BackChannelLogoutSessionSupported: true,
		},
		IssParameter: true,
	}), nil
}

// VerifyClient authenticates a client: by its secret, or as a public one by its id.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	if r.Data.ClientAssertion != "" {
		return nil, refused(oidc.ErrInvalidClient().WithDescription("authenticate by client_secret_basic or client_secret_post"), http.StatusUnauthorized)
	}
	found, err := s.handler.app.ProveClient(ctx, r.Data.ClientID, r.Data.ClientSecret)
	if err != nil {
		return nil, protocolError(err)
	}
	return client{found}, nil
}

// CodeExchange changes a code into tokens.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	of := r.Client.(client)
	if err := s.canSign(ctx); err != nil {
		return nil, err
	}
	issued, err := s.handler.app.ChangeCode(ctx, of.Client, r.Data.Code, r.Data.RedirectURI, r.Data.CodeVerifier)
	if err != nil {
		return nil, protocolError(err)
	}
	return s.tokens(ctx, of, issued)
}

// RefreshToken changes a refresh token into new tokens.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	for _, scope := range r.Data.Scopes {
		if scope != oidc.ScopeOpenID && scope != oidc.ScopeOfflineAccess {
			return nil, oidc.ErrInvalidScope().WithDescription("the login has only the scopes openid and offline_access")
		}
	}
	of := r.Client.(client)
	if err := s.canSign(ctx); err != nil {
		return nil, err
	}
	issued, err := s.handler.app.RefreshLogin(ctx, of.Client, r.Data.RefreshToken)
	if err != nil {
		return nil, protocolError(err)
	}
	return s.tokens(ctx, of, issued)
}

// canSign refuses where there is no key to sign an ID token with: before anything is taken
// that could not be answered then.
func (s *server) canSign(ctx context.Context) error {
	if _, err := s.handler.app.SigningKeys(ctx, keyring.Login); err != nil {
		return protocolError(err)
	}
	return nil
}

// tokens answers with what was issued.
func (s *server) tokens(ctx context.Context, of client, issued oauth.Issued) (*op.Response, error) {
	idToken, err := s.handler.idToken(ctx, of, issued)
	if err != nil {
		return nil, protocolError(err)
	}
	scopes := []string{oidc.ScopeOpenID}
	if issued.Refresh != "" {
		scopes = append(scopes, oidc.ScopeOfflineAccess)
	}
	response := op.NewResponse(&oidc.AccessTokenResponse{
		AccessToken: issued.Access, TokenType: oidc.BearerToken, RefreshToken: issued.Refresh, ExpiresIn: uint64(issued.Life.Seconds()),
		IDToken: idToken, Scope: scopes,
	})
	response.Header.Set("Pragma", "no-cache")
	return response, nil
}

// UserInfo answers with the pseudonym, which is all there is to know.
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	who, err := s.handler.app.Bearer(ctx, r.Data.AccessToken)
	if err != nil {
		return nil, protocolError(err)
	}
	return op.NewResponse(map[string]string{"sub": who.Reader.String()}), nil
}

// Revocation ends the login that a token belongs to (RFC 7009).
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	if err := s.handler.app.GiveBack(ctx, r.Client.(client).Client, r.Data.Token); err != nil {
		return nil, protocolError(err)
	}
	return op.NewResponse(nil), nil
}

// protocolError turns an error of the application into one of the protocol. What is not
// a refusal tells nothing.
func protocolError(err error) error {
	refusal, ok := err.(*token.Error)
	if !ok {
		return refused(oidc.ErrServerError().WithDescription("something went wrong on our side").WithParent(err), http.StatusInternalServerError)
	}
	said := text.English().Error(refusal) // an error_description is ASCII (RFC 6749, 5.2)
	switch refusal.Kind {
	case token.Malformed:
		return oidc.ErrInvalidGrant().WithDescription("%s", said)
	case token.Unauthorised:
		if refusal.Code == token.CodeClientUnknown {
			return refused(oidc.ErrInvalidClient().WithDescription("%s", said), http.StatusUnauthorized)
		}
		return refused(oidc.ErrAccessDenied().WithDescription("%s", said), http.StatusUnauthorized)
	case token.Throttled:
		return refused(oidc.ErrSlowDown().WithDescription("%s", said), http.StatusTooManyRequests)
	case token.Unavailable:
		return refused(oidc.ErrServerError().WithDescription("%s", said), http.StatusServiceUnavailable)
	}
	return refused(oidc.ErrServerError().WithDescription("something went wrong on our side").WithParent(err), http.StatusInternalServerError)
}

func refused(err *oidc.Error, status int) error { return op.NewStatusError(err, status) }

// has reports whether a list of words has one of them.
func has(list []string, word string) bool {
	return slices.ContainsFunc(list, func(w string) bool { return strings.TrimSpace(w) == word })
}

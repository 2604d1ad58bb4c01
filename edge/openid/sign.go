package openid

import (
	"context"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/crypto"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/keyring"
)

// algorithm signs ID tokens and logout tokens (RFC 7518): every client can check it.
const algorithm = string(jose.RS256)

// idTokenType is the type of ID tokens (RFC 7519, 5.1).
const idTokenType = "JWT"

// sign writes claims as a JWS of a type (RFC 7515).
func (h *Handler) sign(ctx context.Context, kind string, claims any) (string, error) {
	keys, err := h.app.SigningKeys(ctx, keyring.Login)
	if err != nil {
		return "", err
	}
	if len(keys) == 0 || keys[0].Private == nil {
		return "", errors.New("openid: there is no key to sign with")
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(kind))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: keys[0].Private, KeyID: keys[0].ID}}, options)
	if err != nil {
		return "", err
	}
	return crypto.Sign(claims, signer)
}

// idToken says to a client who logged in.
func (h *Handler) idToken(ctx context.Context, to client, issued oauth.Issued) (string, error) {
	now := h.clock.Now()
	hash, err := oidc.ClaimHash(issued.Access, jose.RS256)
	if err != nil {
		return "", err
	}
	return h.sign(ctx, idTokenType, &oidc.IDTokenClaims{
		TokenClaims: oidc.TokenClaims{
			Issuer: h.issuer, Subject: issued.Reader.String(), Audience: oidc.Audience{to.GetID()}, IssuedAt: oidc.FromTime(now),
			Expiration: oidc.FromTime(now.Add(idTokenLife)), Nonce: issued.Nonce, AuthTime: oidc.FromTime(issued.AuthAt),
		},
		SessionID: issued.Session, AccessTokenHash: hash,
	})
}

// logoutToken says to a client that a login ended (Back-Channel Logout 1.0, 2.4).
func (h *Handler) logoutToken(ctx context.Context, l oauth.Logout) (string, error) {
	now := h.clock.Now()
	return h.sign(ctx, "logout+jwt", &oidc.LogoutTokenClaims{
		Issuer: h.issuer, Subject: l.Reader.String(), Audience: oidc.Audience{l.Client.String()}, IssuedAt: oidc.FromTime(now),
		Expiration: oidc.FromTime(now.Add(2 * time.Minute)), JWTID: l.ID, SessionID: l.Session,
		Events: map[string]any{"http://schemas.openid.net/event/backchannel-logout": struct{}{}},
	})
}

// ownKeys checks signatures of ID tokens by the keys that are published.
type ownKeys struct{ app App }

// VerifySignature implements oidc.KeySet. Logout tokens are signed by the same keys, and are no
// ID tokens.
func (k ownKeys) VerifySignature(ctx context.Context, signed *jose.JSONWebSignature) ([]byte, error) {
	if len(signed.Signatures) != 1 || signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType] != idTokenType {
		return nil, errors.New("openid: this is no ID token")
	}
	keys, err := k.app.SigningKeys(ctx, keyring.Login)
	if err != nil {
		return nil, err
	}
	id, _ := oidc.GetKeyIDAndAlg(signed)
	for _, key := range keys {
		if key.ID == id {
			return signed.Verify(key.Public)
		}
	}
	return nil, oidc.ErrKeyNone
}

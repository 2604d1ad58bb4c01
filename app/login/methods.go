package login

import (
	"context"
	"encoding/base32"
	"net/url"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// LoginMethods is how a user logs in, beside the password.
type LoginMethods struct {
	Passkeys      []PasskeyView
	CanPasskey    bool      // this provider's address permits passkeys
	Authenticator time.Time // when it was set up; zero for none
	RecoveryLeft  int       // recovery codes not used yet
}

// PasskeyView is a passkey as its owner sees it.
type PasskeyView struct {
	ID        []byte
	Name      string
	BackedUp  bool
	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}

// NewAuthenticator is what an authenticator is set up with. It is shown until the first
// code proves that it arrived.
type NewAuthenticator struct {
	Secret string // in base 32, for typing
	URL    string // otpauth://, for a QR code
}

// LoginMethods returns how the viewer logs in.
func (a *Methods) LoginMethods(ctx context.Context, v caller.Viewer) (LoginMethods, error) {
	m := LoginMethods{CanPasskey: a.party != nil}
	passkeys, err := a.catalog.Passkeys(ctx, v.User)
	if err != nil {
		return m, err
	}
	for _, p := range passkeys {
		view := PasskeyView{ID: p.ID, Name: p.Name, BackedUp: p.BackedUp, CreatedAt: token.TimeAt(p.CreatedAt)}
		if p.UsedAt != 0 {
			view.UsedAt = token.TimeAt(p.UsedAt)
		}
		m.Passkeys = append(m.Passkeys, view)
	}
	authenticator, err := a.catalog.Authenticator(ctx, v.User)
	if token.CodeOf(err) == token.CodeNotFound {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.Authenticator = token.TimeAt(authenticator.CreatedAt)
	m.RecoveryLeft, err = a.catalog.RecoveryCodesLeft(ctx, v.User)
	return m, err
}

// BeginAuthenticator makes the secret of a new authenticator and returns the secret of
// the attempt, for the browser to keep until ConfirmAuthenticator.
func (a *Methods) BeginAuthenticator(ctx context.Context, v caller.Viewer) (attempt string, err error) {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return "", err
	}
	secret := make([]byte, 20)
	if err := a.random.Fill(secret); err != nil {
		return "", err
	}
	sealed, err := a.sealSecret(secret, v.User)
	if err != nil {
		return "", err
	}
	return a.begin(ctx, credential.Attempt{Kind: credential.NewSecrets, User: v.User, State: sealed})
}

// pendingSecret returns the secret of the authenticator that is being set up.
func (a *shared) pendingSecret(ctx context.Context, v caller.Viewer, d caller.Browser) (credential.Attempt, []byte, error) {
	attempt, err := a.attempt(ctx, d, credential.NewSecrets)
	if err != nil {
		return attempt, nil, err
	}
	if attempt.User != v.User {
		return attempt, nil, loginOver()
	}
	secret, err := a.openSecret(attempt.State, v.User)
	return attempt, secret, err
}

// PendingAuthenticator returns what the authenticator that is being set up needs.
func (a *Methods) PendingAuthenticator(ctx context.Context, v caller.Viewer, d caller.Browser) (NewAuthenticator, error) {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return NewAuthenticator{}, err
	}
	_, secret, err := a.pendingSecret(ctx, v, d)
	if err != nil {
		return NewAuthenticator{}, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	issuer := a.baseURL
	if base, err := url.Parse(a.baseURL); err == nil {
		issuer = base.Hostname()
	}
	query := url.Values{"secret": {text}, "issuer": {issuer}}
	link := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + v.Email, RawQuery: query.Encode()}
	return NewAuthenticator{Secret: text, URL: link.String()}, nil
}

// ConfirmAuthenticator puts a new authenticator to use after its first code, and returns
// the recovery codes, which nobody sees again.
func (a *Methods) ConfirmAuthenticator(ctx context.Context, v caller.Viewer, d caller.Browser, code string) (recovery []string, err error) {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return nil, err
	}
	attempt, secret, err := a.pendingSecret(ctx, v, d)
	if err != nil {
		return nil, err
	}
	if err := a.try(ctx, attempt); err != nil {
		return nil, err
	}
	step, ok, err := matchingStep(secret, credential.Typed(code), a.clock.Now())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, token.Refuse(token.Unprocessable, "field_invalid.authenticator_code")
	}
	shown, kept, err := a.newRecoveryCodes()
	if err != nil {
		return nil, err
	}
	err = a.catalog.SetAuthenticator(ctx, credential.Authenticator{User: v.User, Sealed: attempt.State, Step: step, CreatedAt: a.clock.Now().UnixMilli()}, kept,
		credential.Spent{Attempt: attempt.Hash})
	if err != nil {
		return nil, err
	}
	a.tellOwner(ctx, v.User, v.Email, "an authenticator was set up as the second step of your login")
	return shown, nil
}

// DropAuthenticator takes the second factor off the viewer's login.
func (a *Methods) DropAuthenticator(ctx context.Context, v caller.Viewer) error {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return err
	}
	if err := a.catalog.DropAuthenticator(ctx, v.User); err != nil {
		return err
	}
	a.tellOwner(ctx, v.User, v.Email, "the authenticator and the recovery codes were removed from your login")
	return nil
}

// NewRecoveryCodes replaces the viewer's recovery codes, and returns the new ones, which
// nobody sees again.
func (a *Methods) NewRecoveryCodes(ctx context.Context, v caller.Viewer) ([]string, error) {
	if err := v.NeedFresh(a.clock.Now()); err != nil {
		return nil, err
	}
	needed, err := a.hasSecond(ctx, v.User)
	if err != nil {
		return nil, err
	}
	if !needed {
		return nil, token.Refuse(token.Conflict, "field_invalid.recovery_alone")
	}
	shown, kept, err := a.newRecoveryCodes()
	if err != nil {
		return nil, err
	}
	if err := a.catalog.SetRecoveryCodes(ctx, v.User, kept); err != nil {
		return nil, err
	}
	a.tellOwner(ctx, v.User, v.Email, "new recovery codes were made; the ones before do not work any more")
	return shown, nil
}

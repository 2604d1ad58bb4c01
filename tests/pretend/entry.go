package pretend

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/token"
)

// Code is the right answer wherever a code is asked for.
const Code = "123456"

// Careful has a second factor and two passkeys.
const Careful = "careful@example.org"

// LoginByPassword lets everybody in by the one password; Careful gets to the second step.
func (a *App) LoginByPassword(_ context.Context, _ caller.Browser, email, password string) (login.Step, error) {
	if password != Password {
		return login.Step{}, token.Refuse(token.Unauthorised, "login_invalid.password")
	}
	if email == Careful {
		return login.Step{Attempt: Careful}, nil
	}
	return a.enter(email), nil
}

func (a *App) enter(email string) login.Step {
	a.did("login %s", email)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.gone, "session_"+email)
	return login.Step{Session: "session_" + email, Known: "known", Viewer: viewer(a, email)}
}

// CanMail says that codes can be sent.
func (a *App) CanMail() bool { return true }

// SendLoginCode sends nothing.
func (a *App) SendLoginCode(_ context.Context, _ caller.Browser, email string) (string, error) {
	a.did("code %s", email)
	return email, nil
}

// LoginByMailCode takes Code.
func (a *App) LoginByMailCode(ctx context.Context, d caller.Browser, code string) (login.Step, error) {
	return a.LoginBySecond(ctx, d, code)
}

// LoginBySecond takes Code.
func (a *App) LoginBySecond(_ context.Context, d caller.Browser, code string) (login.Step, error) {
	switch {
	case d.Attempt == "":
		return login.Step{}, token.Refuse(token.Unauthorised, "login_over.too_long")
	case code != Code:
		return login.Step{}, token.Refuse(token.Unauthorised, "login_invalid.code_used")
	}
	return a.enter(d.Attempt), nil
}

// CanPasskey says that there can be passkeys.
func (a *App) CanPasskey() bool { return true }

// BeginPasskeyLogin asks for nothing real.
func (a *App) BeginPasskeyLogin(context.Context, caller.Browser) ([]byte, string, error) {
	return []byte(`{"challenge":"AAAA"}`), Careful, nil
}

// LoginByPasskey takes Code for an answer.
func (a *App) LoginByPasskey(_ context.Context, d caller.Browser, answer string) (login.Step, error) {
	if answer != Code {
		return login.Step{}, token.Refuse(token.Unauthorised, "passkey_invalid.not_accepted")
	}
	return a.enter(d.Attempt), nil
}

// LoginMethods are none, but for Careful.
func (a *App) LoginMethods(_ context.Context, v caller.Viewer) (login.LoginMethods, error) {
	if v.Email != Careful {
		return login.LoginMethods{CanPasskey: true}, nil
	}
	return login.LoginMethods{
		CanPasskey: true, Authenticator: Now().AddDate(0, -2, 0), RecoveryLeft: 9,
		Passkeys: []login.PasskeyView{
			{ID: []byte{1}, Name: "Telephone", BackedUp: true, CreatedAt: Now().AddDate(0, -1, 0), UsedAt: Now()},
			{ID: []byte{2}, Name: "The little blue key that hangs with the keys of the boat house", CreatedAt: Now().AddDate(-1, 0, 0)},
		},
	}, nil
}

// BeginPasskey asks for nothing real.
func (a *App) BeginPasskey(ctx context.Context, _ caller.Viewer) ([]byte, string, error) {
	return a.BeginPasskeyLogin(ctx, caller.Browser{})
}

// AddPasskey takes Code for an answer.
func (a *App) AddPasskey(_ context.Context, v caller.Viewer, _ caller.Browser, name, answer string) error {
	if answer != Code {
		return token.Refuse(token.Unprocessable, "passkey_invalid.not_added")
	}
	a.did("passkey %s %s", v.Email, name)
	return nil
}

// RenamePasskey knows Careful's two.
func (a *App) RenamePasskey(_ context.Context, v caller.Viewer, passkey []byte, name string) error {
	if v.Email != Careful || passkey[0] > 2 {
		return token.Refuse(token.NotFound, "not_found.passkey")
	}
	a.did("rename %x %s", passkey, name)
	return nil
}

// DropPasskey knows Careful's two.
func (a *App) DropPasskey(ctx context.Context, v caller.Viewer, passkey []byte) error {
	return a.RenamePasskey(ctx, v, passkey, "")
}

// BeginAuthenticator begins.
func (a *App) BeginAuthenticator(context.Context, caller.Viewer) (string, error) {
	return "secret", nil
}

// PendingAuthenticator always has the same secret.
func (a *App) PendingAuthenticator(_ context.Context, _ caller.Viewer, d caller.Browser) (login.NewAuthenticator, error) {
	if d.Attempt == "" {
		return login.NewAuthenticator{}, token.Refuse(token.Unauthorised, "login_over.too_long")
	}
	return login.NewAuthenticator{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URL: "otpauth://totp/localhost:careful@example.org?issuer=localhost&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}, nil
}

// ConfirmAuthenticator takes Code.
func (a *App) ConfirmAuthenticator(ctx context.Context, v caller.Viewer, _ caller.Browser, code string) ([]string, error) {
	if code != Code {
		return nil, token.Refuse(token.Unprocessable, "field_invalid.authenticator_code")
	}
	return a.NewRecoveryCodes(ctx, v)
}

// DropAuthenticator drops it.
func (a *App) DropAuthenticator(_ context.Context, v caller.Viewer) error {
	a.did("drop authenticator %s", v.Email)
	return nil
}

// NewRecoveryCodes are two.
func (a *App) NewRecoveryCodes(_ context.Context, v caller.Viewer) ([]string, error) {
	a.did("recovery %s", v.Email)
	return []string{"0123-4567-89AB-CDEF", "GHJK-MNPQ-RSTV-WXYZ"}, nil
}

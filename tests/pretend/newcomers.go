package pretend

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/token"
)

// AskSignUp refuses the password "short".
func (a *App) AskSignUp(_ context.Context, _ caller.Browser, in login.SignUp, next string) (string, error) {
	if in.Password == "short" {
		return "", token.Refuse(token.Unprocessable, "field_invalid.password_short", token.Number("least", 8))
	}
	a.did("asksignup %s vendor=%s next=%s", in.Email, in.VendorRef, next)
	return "pending_" + in.Email, nil
}

// ConfirmSignUp knows nobody who waits.
func (a *App) ConfirmSignUp(context.Context, caller.Browser, string, string) (secret, next string, err error) {
	return "", "", token.Refuse(token.Gone, "signup_over.code")
}

// ReturnTo knows no address to return to.
func (a *App) ReturnTo(context.Context, token.VendorID, string) error {
	return token.Refuse(token.Unprocessable, "url_not_registered.way_back")
}

// AskReset answers alike for all.
func (a *App) AskReset(_ context.Context, _ caller.Browser, email string) error {
	a.did("reset %s", email)
	return nil
}

// ResetPassword knows nobody who asked.
func (a *App) ResetPassword(context.Context, caller.Browser, string, string) error {
	return token.Refuse(token.Gone, "reset_over.link")
}

package pretend

import (
	"context"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/token"
)

// StaleForm is the form of a page that does not stand any more.
const StaleForm = "stale"

// BindSession records that a login ended up in a browser.
func (a *App) BindSession(ctx context.Context, secret, before, _ string) error {
	if before == "" || before == secret {
		return nil
	}
	return a.LogOut(ctx, before)
}

// CheckConfirmation refuses StaleForm.
func (a *App) CheckConfirmation(_ context.Context, _ caller.Viewer, _ buying.Checkout, form string) error {
	if form == StaleForm {
		return token.Refuse(token.Conflict, "form_stale.logged_in_again")
	}
	return nil
}

// Devices are three, one of them with everything long.
func (a *App) Devices(_ context.Context, v caller.Viewer) ([]session.DeviceView, error) {
	devices := []session.DeviceView{
		{Session: id[token.SessionKind](1), Device: "Firefox on Linux", LoginAt: Now().Add(-26 * time.Hour), SeenAt: Now(), Present: true},
		{Session: id[token.SessionKind](2), Device: "Safari on iPhone", LoginAt: Now().AddDate(0, 0, -12), SeenAt: Now().Add(-3 * time.Hour)},
		{Session: id[token.SessionKind](3), Device: "Samsung Internet on Android", LoginAt: Now().AddDate(0, 0, -29), SeenAt: Now().AddDate(0, 0, -20)},
	}
	for n := byte(4); v.Email == Careful && n <= 100; n++ { // she logs in everywhere
		devices = append(devices, session.DeviceView{Session: id[token.SessionKind](n), Device: "Donaudampfschifffahrtsgesellschaftsbrowser on Linux", LoginAt: Now().AddDate(0, 0, -29), SeenAt: Now().AddDate(0, 0, -28)})
	}
	return devices, nil
}

// SignOut ends the second or third.
func (a *App) SignOut(_ context.Context, v caller.Viewer, session token.SessionID) error {
	if session != id[token.SessionKind](2) && session != id[token.SessionKind](3) {
		return token.Refuse(token.NotFound, "not_found.session")
	}
	a.did("signout %s %s", v.Email, session)
	return nil
}

// Consents are two, one of them to a shop with a long name.
func (a *App) Consents(_ context.Context, v caller.Viewer) ([]oauth.ConsentView, error) {
	shops := []oauth.ConsentView{{Vendor: id[token.VendorKind](1), Name: "The Harbour Gazette", Since: Now().AddDate(0, 0, -3)}}
	if v.Email == Careful {
		shops = append(shops, oauth.ConsentView{Vendor: id[token.VendorKind](2), Name: "Donaudampfschifffahrtsgesellschaftskapitänsmützenhandlung am Alten Hafen", Since: Now().AddDate(0, 0, -9)})
	}
	return shops, nil
}

// Withdraw ends the logins at the first shop.
func (a *App) Withdraw(_ context.Context, v caller.Viewer, vendor token.VendorID) error {
	if vendor != id[token.VendorKind](1) {
		return token.Refuse(token.NotFound, "not_found.consent")
	}
	a.did("withdraw %s %s", v.Email, vendor)
	return nil
}

// SignOutOthers ends both.
func (a *App) SignOutOthers(_ context.Context, v caller.Viewer) error {
	a.did("signout %s others", v.Email)
	return nil
}

// ChangePassword wants the present password.
func (a *App) ChangePassword(_ context.Context, v caller.Viewer, before, _ string) (string, error) {
	if before != Password {
		return "", token.Refuse(token.Forbidden, "login_invalid.present_password")
	}
	a.did("password %s", v.Email)
	return "session_" + v.Email, nil
}

// Window is the usual one.
func (a *App) Window(context.Context, caller.Viewer) (session.Window, error) {
	return session.Window{Now: 30 * time.Minute, Usual: 30 * time.Minute, Longest: 30 * time.Minute}, nil
}

// SetWindow takes up to half an hour.
func (a *App) SetWindow(_ context.Context, v caller.Viewer, window time.Duration) error {
	if window > 30*time.Minute {
		return token.Refuse(token.Unprocessable, "field_invalid.window", token.Number("least", 1), token.Number("most", 30))
	}
	a.did("window %s %s", v.Email, window)
	return nil
}

package session

import (
	"context"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// shortestWindow is the least for which a person can want to be able to buy.
const shortestWindow = time.Minute

// Window is for how long after a login a person can buy.
type Window struct {
	Now     time.Duration // that counts for her
	Own     time.Duration // what she chose; zero where she left it to the provider
	Usual   time.Duration // the provider's
	Longest time.Duration // that she may choose
}

// Window returns the viewer's purchase window.
func (a *Sessions) Window(ctx context.Context, v caller.Viewer) (Window, error) {
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return Window{}, err
	}
	return Window{Now: a.windowOf(user), Own: time.Duration(user.Window) * time.Millisecond, Usual: a.window, Longest: a.windowMost}, nil
}

// SetWindow sets for how long after a login the viewer can buy; zero leaves it to the
// provider. It counts at once, for all her sessions. A longer one than now needs the
// present one to be open, as buying does.
func (a *Sessions) SetWindow(ctx context.Context, v caller.Viewer, window time.Duration) error {
	if window != 0 && (window < shortestWindow || window > a.windowMost) {
		return token.Refuse(token.Unprocessable, "field_invalid.window", token.Number("least", int64(shortestWindow/time.Minute)), token.Number("most", int64(a.windowMost/time.Minute)))
	}
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return err
	}
	before := a.windowOf(user)
	user.Window = window.Milliseconds()
	if a.windowOf(user) > before {
		if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.window"); err != nil {
			return err
		}
	}
	if err := a.catalog.SetWindow(ctx, v.User, user.Window); err != nil {
		return err
	}
	a.sessions.DropAll()
	a.activity.Record(ctx, activity.Event{Code: "purchase_window_changed", User: v.User, Detail: "The time after a login in which you can buy was changed."})
	return nil
}

// windowOf is for how long after a login a user can buy.
func (a *Sessions) windowOf(user account.User) time.Duration {
	if user.Window > 0 {
		return min(time.Duration(user.Window)*time.Millisecond, a.windowMost)
	}
	return a.window
}

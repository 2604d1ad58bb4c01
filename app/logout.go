package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// The bounds of telling vendors' sites that a login ended.
const (
	loginsPerGo  = 1000 // looked at in one round
	logoutsPerGo = 32   // told in one round
	logoutAgain  = time.Minute
	maxTries     = 15
	keepGrants   = 7 * 24 * time.Hour // after their end, so that a replay is known for one
	dropGrants   = time.Hour          // how often older ones are looked for
)

// siteLogouts is how far the logins at vendors' sites have been looked through.
type siteLogouts struct {
	looking   sync.Mutex
	lastLogin token.GrantID
	dropped   time.Time // when grants that ended long ago were forgotten
}

// Logout is what a site is to be told: that a login of a reader ended.
type Logout struct {
	Who
	Client      token.ClientID
	Backchannel string
}

// Logouts finds logins at vendors' sites whose session is over, and has tell send word
// to those who asked for it. Where tell fails it is tried again a minute later, a few
// times. Call it every second; replicas share the work.
func (a *App) Logouts(ctx context.Context, tell func(context.Context, Logout) error) error {
	a.looking.Lock()
	defer a.looking.Unlock()
	now := a.clock.Now()
	last, err := a.catalog.EndLogins(ctx, a.lastLogin, now.UnixMilli(), loginsPerGo)
	if err != nil {
		return err
	}
	a.lastLogin = last
	due, err := a.catalog.DueLogouts(ctx, now.UnixMilli(), now.Add(logoutAgain).UnixMilli(), logoutsPerGo)
	if err != nil {
		return err
	}
	failed := make([]error, len(due))
	var wait sync.WaitGroup
	for i, d := range due { // at once: a slow site keeps nobody waiting but itself
		wait.Go(func() { failed[i] = a.tellLogout(ctx, d, tell) })
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if now.Sub(a.dropped) < dropGrants {
		return nil
	}
	a.dropped = now
	return a.catalog.DropGrants(ctx, now.Add(-keepGrants).UnixMilli())
}

func (a *App) tellLogout(ctx context.Context, d grant.Logout, tell func(context.Context, Logout) error) error {
	who, err := a.who(grant.Grant{Vendor: d.Vendor, User: d.User, Session: d.Session})
	if err != nil {
		return err
	}
	err = tell(ctx, Logout{Who: who, Client: d.Client, Backchannel: d.Backchannel})
	if err != nil {
		a.log.WarnContext(ctx, "a logout could not be told", "client", d.Client.String(), "try", d.Tries, "error", err)
		if d.Tries < maxTries {
			return nil
		}
		a.Note(ctx, SecurityEvent{Code: token.CodeLogoutUntold, Vendor: d.Vendor, Detail: "Your site could not be told of a logout, and it is not tried any more."})
	}
	return a.catalog.LogoutTold(ctx, d.Grant)
}

package oauth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// The bounds of looking for logins at vendors' sites that are over.
const (
	loginsPerGo = 1000               // looked at in one round
	keepGrants  = 7 * 24 * time.Hour // after their end, so that a replay is known for one
	dropGrants  = time.Hour          // how often older ones are looked for
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
	ID          string // names what is told, the same on every try
	Client      token.ClientID
	Backchannel string
}

// EndLogins finds logins at vendors' sites whose session is over, ends them, and enqueues that
// the sites be told who asked for it. Call it every second; replicas share the work.
func (a *OAuth) EndLogins(ctx context.Context) error {
	a.looking.Lock()
	defer a.looking.Unlock()
	now := a.clock.Now()
	last, err := a.catalog.EndLogins(ctx, a.lastLogin, now.UnixMilli(), loginsPerGo)
	if err != nil {
		return err
	}
	a.lastLogin = last
	a.queued(ctx)
	if now.Sub(a.dropped) < dropGrants {
		return nil
	}
	a.dropped = now
	return a.catalog.DropGrants(ctx, now.Add(-keepGrants).UnixMilli())
}

// LogoutSender has tell send word of the logouts in the queue.
func (a *OAuth) LogoutSender(tell func(context.Context, Logout) error) delivery.Sender {
	return delivery.Sender{
		Kind: delivery.Logout, Lost: a.logoutLost, Receivers: 32, Each: 4, Attempts: 15, Patience: 15 * time.Second,
		Backoff: delivery.Backoff{First: 10 * time.Second, Most: 15 * time.Minute},
		Send:    func(ctx context.Context, d delivery.Message) error { return a.deliverLogout(ctx, d, tell) },
	}
}

// deliverLogout has tell send word of one logout. Where the site is not registered any more,
// there is nobody to be told.
func (a *OAuth) deliverLogout(ctx context.Context, d delivery.Message, tell func(context.Context, Logout) error) error {
	l, err := a.catalog.Logout(ctx, token.GrantID(d.ID))
	if token.CodeOf(err) == token.CodeNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", delivery.ErrThisOne, err) // not the site's fault
	}
	who, err := a.who(grant.Grant{Vendor: l.Vendor, User: l.User, Session: l.Session})
	if err != nil {
		return fmt.Errorf("%w: %w", delivery.ErrThisOne, err)
	}
	return tell(ctx, Logout{ID: d.ID.String(), Who: who, Client: l.Client, Backchannel: l.Backchannel})
}

// logoutLost tells a vendor of a logout that its site will not be told of.
func (a *OAuth) logoutLost(ctx context.Context, d delivery.Message) {
	l, err := a.catalog.Logout(ctx, token.GrantID(d.ID))
	if err != nil {
		return // the site is not registered any more
	}
	a.activity.Record(ctx, activity.Event{Code: token.CodeLogoutUntold, Vendor: l.Vendor, Detail: "Your site could not be told of a logout, and it is not tried any more."})
}

package login

import (
	"context"
	"log/slog"

	"github.com/go-webauthn/webauthn/webauthn"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// Deps is what a Login and Methods are made of.
type Deps struct {
	Catalog    Catalog
	Clock      token.Clock
	IDs        *token.Maker
	Log        *slog.Logger
	Deriver    *keys.Deriver
	Random     *keys.Random
	Hasher     *account.Hasher // of passwords
	Pace       *pace.Pace
	Activity   *activity.Log
	Directory  *directory.Directory
	Incentives *incentive.Incentives
	Sessions   *session.Sessions
	Queued     func(ctx context.Context) // called when something was put into the queue of deliveries
	Mailer     Mailer                    // nil where no e-mail can be sent
	Name       string                    // the provider's, as readers see it
	BaseURL    string                    // where browsers find the provider, without a slash at the end
}

// Login is the ways in: opening a wallet, and showing who one is. It is safe for concurrent
// use.
type Login struct{ *shared }

// Methods is how somebody who is logged in changes her ways in. It is safe for concurrent use.
type Methods struct{ *shared }

// shared is what both are made of.
type shared struct {
	catalog    Catalog
	clock      token.Clock
	ids        *token.Maker
	log        *slog.Logger
	deriver    *keys.Deriver
	random     *keys.Random
	hasher     *account.Hasher
	pace       *pace.Pace
	activity   *activity.Log
	directory  *directory.Directory
	incentives *incentive.Incentives
	sessions   *session.Sessions
	mailer     Mailer
	queued     func(ctx context.Context)
	name       string
	baseURL    string
	party      *webauthn.WebAuthn // nil where the address permits no passkeys
}

// New makes both.
func New(d Deps) (*Login, *Methods) {
	s := &shared{
		catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log, deriver: d.Deriver, random: d.Random, hasher: d.Hasher, pace: d.Pace,
		activity: d.Activity, directory: d.Directory, incentives: d.Incentives, sessions: d.Sessions, mailer: d.Mailer, queued: d.Queued, name: d.Name, baseURL: d.BaseURL,
		party: newParty(d.BaseURL),
	}
	return &Login{s}, &Methods{s}
}

package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/due"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Engine is what all rooms together need of the journal's engine.
type Engine interface {
	selling.Engine
	buying.Engine
	incentive.Engine
	directory.Engine
	funding.Engine
	operating.Engine
	approving.Engine
	due.Engine
}

// Catalog is what all rooms together need of the tables of who is who and what is for sale.
type Catalog interface {
	keys.SecretRecords
	cache.Changes
	account.Tries
	delivery.Store
	activity.Catalog
	directory.Catalog
	offering.Catalog
	incentive.Catalog
	funding.Catalog
	session.Catalog
	login.Catalog
	oauth.Catalog
	operating.Catalog
	approving.Catalog
}

// Deps is everything that Rooms are made of. Zero values of the settings stand for their
// defaults.
type Deps struct {
	Engine  Engine
	Catalog Catalog
	Clock   token.Clock
	IDs     *token.Maker
	Log     *slog.Logger
	Random  io.Reader       // for session tokens, keys and tickets; the system's where nil
	Hasher  *account.Hasher // of passwords; one at RecommendedCost where nil

	Secret  [32]byte                                   // keys in the database are encrypted under it; prove it (keys.ProveSecret) before
	Lasting [32]byte                                   // pseudonyms derive from it, so it never changes: keys.Proof.Lasting; Secret where it is zero
	Fetch   directory.Fetch                            // for looking at vendors' sites; where nil, none can be shown to be a vendor's
	Name    string                                     // the provider's, as readers see it
	BaseURL string                                     // where browsers find the provider, without a slash at the end
	Mailer  login.Mailer                               // nil where no e-mail can be sent
	Queued  func(ctx context.Context)                  // called when something was put into the queue of deliveries; nil for nobody
	Health  func(ctx context.Context) operating.Health // for operators; nil for nothing to say

	PurchaseWindow time.Duration    // after login, buying is allowed for so long; 30 minutes
	LongestWindow  time.Duration    // what people may lengthen that to for themselves; PurchaseWindow, and not less
	SessionLife    time.Duration    // after login, reading is allowed for so long; 30 days
	SessionIdle    time.Duration    // a session that is not used for so long ends; 7 days
	Currencies     []token.Currency // what the provider deals in; DefaultCurrencies where empty
	Fee            royalty.FeeRule  // the provider's fee for vendors who open from now on
	Demo           bool             // AddDemoFunds hands out tokens for nothing
	Alone          bool             // no other process changes the catalogue
}

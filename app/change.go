package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/catalog"
)

// followed is how far this replica knows what others changed in the catalogue. What is
// remembered of it is good as long as they were asked lately.
type followed struct {
	life  time.Duration // of what is remembered, however well it is followed
	until atomic.Int64  // in nanoseconds since 1970

	mu   sync.Mutex // one asks at a time
	upto uint64     // the number of the last change that is known
}

// FollowChanges asks what other replicas changed in the catalogue, and forgets it here. To
// be called every second: what was not asked after for five is not taken from memory.
func (a *App) FollowChanges(ctx context.Context) error {
	if a.followed.until.Load() == always { // there are none
		return nil
	}
	a.followed.mu.Lock()
	defer a.followed.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, revocable) // a connection that hangs would keep the next ones from asking
	defer stop()
	for {
		asked := a.clock.Now()
		more, err := a.follow(ctx)
		if err != nil {
			return err
		}
		if !more {
			a.followed.until.Store(asked.Add(revocable).UnixNano())
			return nil
		}
	}
}

// ForgetDatabase forgets what is remembered of the catalogue and the journal. Call it when the
// database turned out to be another one: a server took over that lacks what this one remembers.
func (a *App) ForgetDatabase() {
	a.dues.forgotten.Store(true)
	a.followed.mu.Lock()
	defer a.followed.mu.Unlock()
	if a.followed.until.Load() != always {
		a.followed.until.Store(0) // and remember nothing before FollowChanges has asked anew
	}
	a.forgetFollowed()
}

// forgetFollowed forgets all that changes are followed of.
func (a *App) forgetFollowed() {
	a.newestOffer.dropAll()
	a.newestSplit.dropAll()
	a.vendors.dropAll()
	a.sites.dropAll()
	a.apiKeys.dropAll()
}

// follow forgets the next changes, and reports whether there are more.
func (a *App) follow(ctx context.Context) (more bool, err error) {
	newest, err := a.catalog.NewestChange(ctx)
	if err != nil {
		return false, err
	}
	if a.followed.until.Load() == 0 || newest < a.followed.upto { // for the first time, or the database lost some
		a.followed.upto = newest
		a.forgetFollowed()
		return false, nil
	}
	if newest == a.followed.upto {
		return false, nil
	}
	changes, err := a.catalog.Changes(ctx, a.followed.upto)
	if err != nil {
		return false, err
	}
	for _, id := range changes.Offers {
		a.newestOffer.drop(id)
	}
	for _, id := range changes.Splits {
		a.newestSplit.drop(id)
	}
	for _, id := range changes.Vendors {
		a.vendors.drop(id)
		a.sites.drop(id)
		a.apiKeys.dropWhere(func(key catalog.APIKey) bool { return key.Vendor == id })
	}
	a.followed.upto = changes.Upto
	return changes.More, nil
}

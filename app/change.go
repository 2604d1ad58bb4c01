package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// changes is where the catalogue tells what was changed in it.
type changes interface {
	NewestChange(ctx context.Context) (uint64, error)
	Changes(ctx context.Context, after uint64) (catalog.Changes, error)
}

// follower is how far this replica knows what others changed in the catalogue. What is
// remembered of it is good as long as they were asked lately.
type follower struct {
	store changes
	clock token.Clock
	life  time.Duration // of what is remembered, however well it is followed
	until atomic.Int64  // in nanoseconds since 1970

	mu     sync.Mutex // one asks at a time
	upto   uint64     // the number of the last change that is known
	forget []func(*catalog.Changes)
}

// newFollower returns a follower that knows nothing yet. Where alone, no other process changes
// the catalogue, and there is nothing to follow.
func newFollower(store changes, clock token.Clock, alone bool) *follower {
	f := &follower{store: store, clock: clock, life: unfollowed}
	if alone {
		f.life = forever
		f.until.Store(always)
	}
	return f
}

// onChange has forget be called with what others changed, or with nil: then all that is
// remembered of the catalogue is to be forgotten. Call it before the first FollowChanges.
func (f *follower) onChange(forget func(*catalog.Changes)) { f.forget = append(f.forget, forget) }

// FollowChanges asks what other replicas changed in the catalogue, and forgets it here. To
// be called every second: what was not asked after for five is not taken from memory.
func (f *follower) FollowChanges(ctx context.Context) error {
	if f.until.Load() == always { // there are none
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, revocable) // a connection that hangs would keep the next ones from asking
	defer stop()
	for {
		asked := f.clock.Now()
		more, err := f.follow(ctx)
		if err != nil {
			return err
		}
		if !more {
			f.until.Store(asked.Add(revocable).UnixNano())
			return nil
		}
	}
}

// ForgetDatabase forgets what is remembered of the catalogue. Call it when the database
// turned out to be another one: a server took over that lacks what this one remembers.
func (f *follower) ForgetDatabase() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.until.Load() != always {
		f.until.Store(0) // and remember nothing before FollowChanges has asked anew
	}
	f.tell(nil)
}

func (f *follower) tell(changed *catalog.Changes) {
	for _, forget := range f.forget {
		forget(changed)
	}
}

// follow forgets the next changes, and reports whether there are more.
func (f *follower) follow(ctx context.Context) (more bool, err error) {
	newest, err := f.store.NewestChange(ctx)
	if err != nil {
		return false, err
	}
	if f.until.Load() == 0 || newest < f.upto { // for the first time, or the database lost some
		f.upto = newest
		f.tell(nil)
		return false, nil
	}
	if newest == f.upto {
		return false, nil
	}
	changed, err := f.store.Changes(ctx, f.upto)
	if err != nil {
		return false, err
	}
	f.tell(&changed)
	f.upto = changed.Upto
	return changed.More, nil
}

// FollowChanges follows.
func (a *App) FollowChanges(ctx context.Context) error { return a.followed.FollowChanges(ctx) }

// ForgetDatabase forgets.
func (a *App) ForgetDatabase() {
	a.ForgetJournal()
	a.followed.ForgetDatabase()
}

// forgetOffers forgets offers and splits that others changed; with nil, all of them.
func (a *App) forgetOffers(changed *catalog.Changes) {
	if changed == nil {
		a.newestOffer.dropAll()
		a.newestSplit.dropAll()
		return
	}
	for _, id := range changed.Offers {
		a.newestOffer.drop(id)
	}
	for _, id := range changed.Splits {
		a.newestSplit.drop(id)
	}
}

// forgetVendors forgets vendors that others changed, their sites and keys; with nil, all of them.
func (a *App) forgetVendors(changed *catalog.Changes) {
	if changed == nil {
		a.vendors.dropAll()
		a.sites.dropAll()
		a.apiKeys.dropAll()
		return
	}
	for _, id := range changed.Vendors {
		a.vendors.drop(id)
		a.sites.drop(id)
		a.apiKeys.dropWhere(func(key catalog.APIKey) bool { return key.Vendor == id })
	}
}

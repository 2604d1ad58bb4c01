package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// Changes is where the catalogue tells what was changed in it.
type Changes interface {
	NewestChange(ctx context.Context) (uint64, error)
	Changes(ctx context.Context, after uint64) (catalog.Changes, error)
}

// Follower is how far this replica knows what others changed in the catalogue. What is
// remembered of it is good as long as they were asked lately.
type Follower struct {
	store Changes
	clock token.Clock
	life  time.Duration // of what is remembered, however well it is followed
	until atomic.Int64  // in nanoseconds since 1970

	mu     sync.Mutex // one asks at a time
	upto   uint64     // the number of the last change that is known
	forget []func(*catalog.Changes)
}

// NewFollower returns a follower that knows nothing yet. Where alone, no other process changes
// the catalogue, and there is nothing to follow.
func NewFollower(store Changes, clock token.Clock, alone bool) *Follower {
	f := &Follower{store: store, clock: clock, life: unfollowed}
	if alone {
		f.life = Forever
		f.until.Store(always)
	}
	return f
}

// OnChange has forget be called with what others changed, or with nil: then all that is
// remembered of the catalogue is to be forgotten. Call it before the first FollowChanges.
func (f *Follower) OnChange(forget func(*catalog.Changes)) { f.forget = append(f.forget, forget) }

// FollowChanges asks what other replicas changed in the catalogue, and forgets it here. To
// be called every second: what was not asked after for five is not taken from memory.
func (f *Follower) FollowChanges(ctx context.Context) error {
	if f.until.Load() == always { // there are none
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, Revocable) // a connection that hangs would keep the next ones from asking
	defer stop()
	for {
		asked := f.clock.Now()
		more, err := f.follow(ctx)
		if err != nil {
			return err
		}
		if !more {
			f.until.Store(asked.Add(Revocable).UnixNano())
			return nil
		}
	}
}

// ForgetDatabase forgets what is remembered of the catalogue. Call it when the database
// turned out to be another one: a server took over that lacks what this one remembers.
func (f *Follower) ForgetDatabase() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.until.Load() != always {
		f.until.Store(0) // and remember nothing before FollowChanges has asked anew
	}
	f.tell(nil)
}

func (f *Follower) tell(changed *catalog.Changes) {
	for _, forget := range f.forget {
		forget(changed)
	}
}

// follow forgets the next changes, and reports whether there are more.
func (f *Follower) follow(ctx context.Context) (more bool, err error) {
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

// What can be changed or revoked is remembered for so long at most: that is how late
// another replica can learn of it.
const Revocable = 5 * time.Second

// unfollowed is how long something is remembered at most where changes are followed: an
// earlier version of this program, beside which this one runs for a while, does not tell of
// them.
const unfollowed = 5 * time.Minute

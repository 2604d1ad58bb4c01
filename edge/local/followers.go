package local

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/domain/staff"
)

// Follower is who follows the journal, and how far.
type Follower struct {
	Name    string `json:"name"`
	Entry   uint64 `json:"entry"` // the last one that it has seen
	Lag     uint64 `json:"lag_entries"`
	Stopped string `json:"stopped,omitempty"` // why it does not go on
}

// Broken is an invariant that the watchdog found not to hold.
type Broken struct {
	Invariant int       `json:"invariant"` // its number in docs/invariants.md
	Entry     uint64    `json:"entry"`
	Detail    string    `json:"detail"`
	At        time.Time `json:"at"` // when it was found
}

// followers tells who follows the journal, and what the watchdog among them found.
func followers(ctx context.Context, a App, r Request) (Answer, error) {
	switch r.Do {
	case ClearWatchdog:
		cleared, err := a.ClearBroken(ctx, caller.ByCommand(), r.Reason)
		if err != nil {
			return Answer{}, err
		}
		return Answer{Cleared: broken(cleared)}, nil
	case LookAtWatchdog:
		found, there, err := a.Broken(ctx)
		if err != nil || !there {
			return Answer{}, err
		}
		return Answer{Broken: broken(found)}, nil
	}
	return Answer{Followers: each(a.Followers(ctx), func(s operating.Follower) Follower {
		return Follower{Name: s.Name, Entry: s.Seq, Lag: s.Lag, Stopped: s.Stopped}
	})}, nil
}

func broken(b staff.BrokenInvariant) *Broken {
	return &Broken{Invariant: b.Invariant, Entry: b.Entry, Detail: b.Detail, At: time.UnixMilli(b.At).UTC()}
}

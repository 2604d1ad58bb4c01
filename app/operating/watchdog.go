package operating

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Follower is somebody who follows the journal.
type Follower struct {
	Name    string
	Seq     uint64 // the last entry that it has seen
	Lag     uint64 // how many were appended since
	Stopped string // why it does not go on; "" where it does
}

// Followers returns who follows the journal, and how far.
func (a *Operating) Followers(ctx context.Context) []Follower {
	if a.health == nil {
		return nil
	}
	return a.health(ctx).Followers
}

// maxReason bounds a reason, in bytes.
const maxReason = 200

// Broken returns the invariant that the watchdog found not to hold, false where there is none.
func (a *Operating) Broken(ctx context.Context) (staff.BrokenInvariant, bool, error) {
	return a.catalog.Broken(ctx)
}

// ClearBroken says that the invariant that the watchdog found broken has been looked into, and
// why selling may go on. Every server goes on within seconds. It is CodeNotFound where none is broken.
func (a *Operating) ClearBroken(ctx context.Context, by caller.Actor, reason string) (staff.BrokenInvariant, error) {
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return staff.BrokenInvariant{}, err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxReason || !utf8.ValidString(reason) {
		return staff.BrokenInvariant{}, token.Refuse(token.Malformed, "field_invalid.reason_to_sell", token.Number("most", maxReason))
	}
	broken, found, err := a.catalog.Broken(ctx)
	if err != nil {
		return broken, err
	}
	if !found {
		return broken, token.Refuse(token.NotFound, "not_found.broken_invariant")
	}
	detail := fmt.Sprintf("invariant %d at entry %d: %s", broken.Invariant, broken.Entry, reason)
	if err := a.catalog.ClearBroken(ctx, broken, by.Act(a.ids, a.clock.Now(), staff.InvariantCleared, "", detail)); err != nil {
		return broken, err
	}
	a.activity.Record(ctx, activity.Event{Code: staff.InvariantCleared, Detail: detail})
	return broken, nil
}

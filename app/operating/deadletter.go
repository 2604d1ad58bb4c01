package operating

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// DeadLetter is a message that was given up, as operators see it: not what it said, nor
// the person it was for.
type DeadLetter struct {
	ID        token.DeliveryID
	Kind      delivery.Kind
	Receiver  string // a mail domain, or the address of a vendor's site
	MadeAt    time.Time
	DeadAt    time.Time
	Attempts  int64
	Why       string
	CanRetry  bool
	DeletedAt time.Time // it will be, unless it is dropped before
}

// DeadLetters returns a page of the messages that were given up, those made last first.
func (a *Operating) DeadLetters(ctx context.Context, by caller.Actor, before string, limit int) ([]DeadLetter, string, error) {
	if err := caller.NeedRole(by, staff.Deliveries); err != nil {
		return nil, "", err
	}
	dead, next, err := paging.Of(before, limit, func(from token.DeliveryID, limit int) ([]delivery.Dead, error) {
		return a.catalog.DeadDeliveries(ctx, from, limit)
	}, func(d delivery.Dead) token.DeliveryID { return d.ID })
	now := a.clock.Now().UnixMilli()
	letters := make([]DeadLetter, 0, len(dead))
	for _, d := range dead {
		letters = append(letters, DeadLetter{
			ID: d.ID, Kind: d.Kind, Receiver: d.Receiver, MadeAt: token.TimeAt(d.CreatedAt), DeadAt: token.TimeAt(d.At), Attempts: d.Attempts, Why: d.Why,
			CanRetry: d.Expires > now, DeletedAt: token.TimeAt(d.At).Add(delivery.KeepDead),
		})
	}
	return letters, next, err
}

// RetryDelivery has a message that was given up be tried again, from the first attempt on. It
// answers CodeNotFound where there is none, and CodeStale for one that cannot be delivered any
// more.
func (a *Operating) RetryDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error {
	if err := caller.NeedRole(by, staff.Deliveries); err != nil {
		return err
	}
	now := a.clock.Now().UnixMilli()
	err := a.catalog.RetryDelivery(ctx, id, now, by.Act(a.ids, a.clock.Now(), staff.DeliveryRetried, id.String(), "had a message that was given up be tried again"))
	if err == nil {
		a.queued(ctx)
	}
	return err
}

// DropDelivery deletes a message that was given up, or answers CodeNotFound.
func (a *Operating) DropDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error {
	if err := caller.NeedRole(by, staff.Deliveries); err != nil {
		return err
	}
	return a.catalog.DropDelivery(ctx, id, by.Act(a.ids, a.clock.Now(), staff.DeliveryDropped, id.String(), "dropped a message that was given up"))
}

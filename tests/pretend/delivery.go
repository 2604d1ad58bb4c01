package pretend

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// DeadLetters returns one of each kind.
func (a *App) DeadLetters(context.Context, caller.Actor, string, int) ([]operating.DeadLetter, string, error) {
	at := Now().Add(-time.Hour)
	return []operating.DeadLetter{
		{ID: token.DeliveryID{2}, Kind: delivery.Logout, Receiver: "https://daily.example/logout", MadeAt: at, DeadAt: at, Attempts: 15, Why: "the site answered 503", CanRetry: true},
		{ID: token.DeliveryID{1}, Kind: delivery.Mail, Receiver: "reader.example", MadeAt: at, DeadAt: at, Attempts: 3, Why: delivery.Expired},
	}, "", nil
}

// RetryDelivery does nothing.
func (a *App) RetryDelivery(context.Context, caller.Actor, token.DeliveryID) error { return nil }

// DropDelivery does nothing.
func (a *App) DropDelivery(context.Context, caller.Actor, token.DeliveryID) error { return nil }

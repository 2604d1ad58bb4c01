package local

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/token"
)

// Delivery is a message that was given up.
type Delivery struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind,omitempty"`
	Receiver string     `json:"receiver,omitempty"`
	MadeAt   *time.Time `json:"made_at,omitempty"`
	DeadAt   *time.Time `json:"dead_at,omitempty"`
	Attempts int64      `json:"attempts,omitempty"`
	Why      string     `json:"why,omitempty"`
	CanRetry bool       `json:"can_retry,omitempty"`
	Retried  bool       `json:"retried,omitempty"`
	Dropped  bool       `json:"dropped,omitempty"`
}

// mostDeliveries is how many messages the command lists.
const mostDeliveries = 100

// deliveries lists the messages that were given up, or has one be tried again or dropped.
func deliveries(ctx context.Context, a App, r Request) (Answer, error) {
	by := caller.ByCommand()
	if r.Do == ListDeliveries {
		found, next, err := a.DeadLetters(ctx, by, r.Before, mostDeliveries)
		return Answer{Deliveries: each(found, deadLetter), Next: next}, err
	}
	id, err := token.ParseID[token.DeliveryKind](r.Delivery)
	if err != nil {
		return Answer{}, err
	}
	done := Delivery{ID: r.Delivery, Retried: r.Do == RetryDelivery, Dropped: r.Do == DropDelivery}
	if done.Retried {
		err = a.RetryDelivery(ctx, by, id)
	} else {
		err = a.DropDelivery(ctx, by, id)
	}
	return Answer{Deliveries: []Delivery{done}}, err
}

func deadLetter(d operating.DeadLetter) Delivery {
	return Delivery{
		ID: d.ID.String(), Kind: string(d.Kind), Receiver: d.Receiver, MadeAt: moment(d.MadeAt), DeadAt: moment(d.DeadAt),
		Attempts: d.Attempts, Why: d.Why, CanRetry: d.CanRetry,
	}
}

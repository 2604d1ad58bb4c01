package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/token"
)

type deliveries interface {
	DeadLetters(ctx context.Context, by caller.Actor, before string, limit int) ([]operating.DeadLetter, string, error)
	RetryDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
	DropDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
}

// deadLetter is a message that was given up, as it travels.
type deadLetter struct {
	ID       token.DeliveryID `json:"id"`
	Kind     string           `json:"kind" enum:"mail,logout"`
	Receiver string           `json:"receiver" doc:"The domain of an e-mail address, or the address of a vendor's site"`
	MadeAt   time.Time        `json:"made_at"`
	DeadAt   time.Time        `json:"dead_at" doc:"When it was given up; it is deleted a week later"`
	Attempts int64            `json:"attempts"`
	Why      string           `json:"why"`
	CanRetry bool             `json:"can_retry" doc:"False for what was refused for good, or has expired"`
}

// delivery is what became of a message that was given up, as it travels.
type delivery struct {
	ID token.DeliveryID `json:"id"`
}

func deadLetterOf(d operating.DeadLetter) deadLetter {
	return deadLetter{d.ID, string(d.Kind), d.Receiver, d.MadeAt, d.DeadAt, d.Attempts, d.Why, d.CanRetry}
}

func (a *api) addDeliveries() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/deliveries", id: "listOperatorDeliveries", tag: "Operator", summary: "List messages that were given up", operator: true, list: true,
		explain: "E-mail and logouts that could not be delivered, those made last first, without what they said and to whom.",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[deadLetter]], error) {
		found, next, err := a.app.DeadLetters(ctx, c.actor, c.cursor, c.limit)
		return page(found, next, deadLetterOf), err
	})
	change := func(word, id, summary string, do func(context.Context, caller.Actor, token.DeliveryID) error, refuses ...token.Code) {
		route(a, operation{
			method: http.MethodPost, path: "/v1/operator/deliveries/{id}/" + word, id: id, tag: "Operator", summary: summary, operator: true, keyless: true,
			explain: "No idempotency key is needed: what was done already is answered with not_found.", refuses: append(refuses, token.CodeNotFound),
		}, func(ctx context.Context, c *call, _ *none) (answer[delivery], error) {
			id, err := pathID[token.DeliveryKind](c)
			if err != nil {
				return answer[delivery]{}, err
			}
			return answer[delivery]{body: delivery{id}}, do(ctx, c.actor, id)
		})
	}
	change("retry", "retryOperatorDelivery", "Try a message again that was given up", a.app.RetryDelivery, token.CodeStale)
	change("drop", "dropOperatorDelivery", "Delete a message that was given up", a.app.DropDelivery)
}

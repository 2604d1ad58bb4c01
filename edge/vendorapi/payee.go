package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

type payees interface {
	CreatePayee(ctx context.Context, s caller.Seller, name string, key string, digest []byte) (catalog.Payee, bool, error)
	Payees(ctx context.Context, s caller.Seller, before string, limit int) ([]catalog.Payee, string, error)
}

type newPayee struct {
	Name string `json:"name" minLength:"1" maxLength:"100" example:"Ada Lovelace"`
}

// payee is who earns royalties, as it travels.
type payee struct {
	ID        token.PayeeID `json:"id"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"created_at"`
}

func payeeOf(p catalog.Payee) payee {
	return payee{ID: p.ID, Name: p.Name, CreatedAt: moment(p.CreatedAt)}
}

func (a *api) addPayees() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/payees", id: "createPayee", tag: "Payees", status: http.StatusCreated,
		summary: "Create a payee: an author, a publisher", refuses: []token.Code{token.CodeFieldInvalid},
	}, func(ctx context.Context, c *call, in *newPayee) (answer[payee], error) {
		made, replayed, err := a.app.CreatePayee(ctx, c.seller, in.Name, c.key, c.digest)
		return answer[payee]{body: payeeOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/payees", id: "listPayees", tag: "Payees", list: true, summary: "List your payees, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[payee]], error) {
		found, next, err := a.app.Payees(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, payeeOf), err
	})
}

package vendorapi

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

type tickets interface {
	RedeemAt(ctx context.Context, s caller.Seller, in selling.Arrival) (selling.Redemption, error)
}

// ticket is what the reader's browser brought back.
type ticket struct {
	Ticket  string `json:"ticket" minLength:"1" doc:"The parameter ticket of the return URL"`
	View    bool   `json:"view,omitzero" doc:"Also count a view of the item"`
	URL     string `json:"url,omitzero" maxLength:"2000" doc:"The return_url that you give to orders for the page at which the browser arrived; a ticket for another is refused"`
	Session string `json:"session,omitzero" maxLength:"200" doc:"The browser's session, where the order named one"`
}

// redemption is what a ticket stood for.
type redemption struct {
	Order  order          `json:"order" doc:"Check that its item is the one that you are about to serve"`
	Reader token.ReaderID `json:"reader"`
}

func (a *api) addTickets() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/tickets/redeem", id: "redeemTicket", tag: "Tickets", keyless: true,
		summary: "Redeem a ticket",
		explain: "Uses the ticket up: it is good for two minutes and for one use. Say the page and the browser's session that it came with, and a copied link opens nothing. No idempotency key is needed.",
		refuses: []token.Code{token.CodeTicketInvalid, token.CodeTicketElsewhere, token.CodeTicketExpired, token.CodeTicketUsed, token.CodeEntitlementUsed, token.CodeEntitlementOver, token.CodeEntitlementGone},
	}, func(ctx context.Context, c *call, in *ticket) (answer[redemption], error) {
		if in.Ticket == "" {
			return answer[redemption]{}, token.Refuse(token.Unprocessable, "field_invalid.ticket_missing").In("/ticket")
		}
		redeemed, err := a.app.RedeemAt(ctx, c.seller, selling.Arrival{Ticket: in.Ticket, URL: in.URL, Session: in.Session, CountView: in.View})
		if err != nil {
			return answer[redemption]{}, err
		}
		out := redemption{Order: orderOf(redeemed.Order), Reader: redeemed.Reader}
		e := entitledOf(&redeemed.Entitlement)
		out.Order.Entitlement = &e
		return answer[redemption]{body: out}, nil
	})
}

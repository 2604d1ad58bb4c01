package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

type orders interface {
	CreateOrder(ctx context.Context, s caller.Seller, in selling.OrderInput, key string, digest []byte) (selling.OrderView, bool, error)
	Order(ctx context.Context, s caller.Seller, id token.OrderID) (selling.OrderView, error)
	Orders(ctx context.Context, s caller.Seller, before string, limit int) ([]selling.OrderView, string, error)
	Capture(ctx context.Context, s caller.Seller, id token.OrderID, in selling.CaptureInput, key string, digest []byte) (selling.OrderView, bool, error)
	Release(ctx context.Context, s caller.Seller, id token.OrderID, key string, digest []byte) (selling.OrderView, bool, error)
	Refund(ctx context.Context, s caller.Seller, id token.OrderID, in selling.RefundInput, key string, digest []byte) (selling.OrderView, bool, error)
	View(ctx context.Context, s caller.Seller, id token.OrderID, key string) (selling.EntitlementView, bool, error)
}

// newOrder asks for an order.
type newOrder struct {
	Item      *item          `json:"item,omitzero" doc:"What is sold; or give offer"`
	Offer     token.OfferID  `json:"offer,omitzero" doc:"One of your offers, instead of item, price, currency and split"`
	Price     string         `json:"price,omitzero" doc:"In major units, with at most six decimals" example:"0.25"`
	Currency  token.Currency `json:"currency,omitzero" pattern:"^[A-Z]{3}$" example:"USD"`
	Split     token.SplitID  `json:"split,omitzero" doc:"How the price is divided; absent: you get all but the fee"`
	Capture   string         `json:"capture,omitzero" enum:"automatic,manual" doc:"manual: paying places a hold, which you capture or release"`
	HoldHours int64          `json:"hold_hours,omitzero" minimum:"1" maximum:"168" doc:"With manual: how long the hold lasts; 24 where absent"`
	ExpiresIn int64          `json:"expires_in,omitzero" minimum:"60" maximum:"604800" doc:"Seconds in which it must be paid; 1800 where absent"`
	ReturnURL string         `json:"return_url,omitzero" maxLength:"2000" doc:"Where the browser comes back to, on one of your sites, with the parameters order, ticket and post" example:"https://example.org/essay"`
	CancelURL string         `json:"cancel_url,omitzero" maxLength:"2000" doc:"Where a link on the page leads who does not want to pay, on one of your sites"`
	Post      string         `json:"post,omitzero" maxLength:"500" doc:"Given back on return"`
	Tracking  string         `json:"tracking,omitzero" maxLength:"500" doc:"Your own data, kept with the order"`
	Login     string         `json:"login,omitzero" maxLength:"100" doc:"Which of your logins sells; the key's where absent"`
	Session   string         `json:"session,omitzero" maxLength:"200" doc:"Names the browser's session at your site, as a hash of your session cookie does: tickets of this order are good with the same session only. We keep a hash of it"`
}

func (n *newOrder) app() (selling.OrderInput, error) {
	in := selling.OrderInput{
		Offer: n.Offer, Currency: n.Currency, Split: n.Split, Manual: n.Capture == "manual",
		ReturnURL: n.ReturnURL, CancelURL: n.CancelURL, Post: n.Post, Tracking: n.Tracking, Login: n.Login,
		Session: n.Session,
	}
	var err error
	if in.Price, err = positiveOf("/price", n.Price); err != nil {
		return in, err
	}
	if n.Capture != "" && n.Capture != "automatic" && n.Capture != "manual" {
		return in, token.Refuse(token.Unprocessable, "field_invalid.capture", token.Given("got", n.Capture)).In("/capture")
	}
	if in.HoldHours, err = count("/hold_hours", n.HoldHours, 168); err != nil {
		return in, err
	}
	seconds, err := count("/expires_in", n.ExpiresIn, 7*24*60*60)
	if err != nil {
		return in, err
	}
	in.ExpiresIn = time.Duration(seconds) * time.Second
	if n.Item != nil {
		item, err := n.Item.domain()
		if err != nil {
			return in, token.In("/item", err)
		}
		in.Item = &item
	}
	return in, nil
}

// order is a transaction, as it travels.
type order struct {
	ID            token.OrderID    `json:"id"`
	Status        string           `json:"status" enum:"open,expired,held,paid,released,refunded,covered"`
	PayURL        string           `json:"pay_url,omitzero" doc:"Send the reader's browser here"`
	Price         string           `json:"price"`
	Currency      token.Currency   `json:"currency"`
	Item          item             `json:"item"`
	Offer         token.OfferID    `json:"offer,omitzero"`
	Split         token.SplitID    `json:"split,omitzero"`
	SplitVersion  uint32           `json:"split_version,omitzero" doc:"The version by which the price is divided"`
	Capture       string           `json:"capture" enum:"automatic,manual"`
	HoldHours     uint32           `json:"hold_hours,omitzero"`
	ReturnURL     string           `json:"return_url,omitzero"`
	CancelURL     string           `json:"cancel_url,omitzero"`
	Post          string           `json:"post,omitzero"`
	Tracking      string           `json:"tracking,omitzero"`
	Login         string           `json:"login,omitzero"`
	Authorisation string           `json:"authorisation,omitzero" doc:"The provider's authorising answer, once paid or held"`
	Reader        token.ReaderID   `json:"reader,omitzero" doc:"Your pseudonym for who paid; no other vendor has the same one"`
	Test          bool             `json:"test" doc:"In the sandbox: paid by test tokens, which are worth nothing"`
	CreatedAt     time.Time        `json:"created_at"`
	ExpiresAt     time.Time        `json:"expires_at,omitzero" doc:"Not payable from then on"`
	PaidAt        time.Time        `json:"paid_at,omitzero"`
	HoldUntil     time.Time        `json:"hold_until,omitzero" doc:"Capture before"`
	Charged       string           `json:"charged,omitzero" doc:"What was paid or is held; less than the price after a capture of a part"`
	Refunded      string           `json:"refunded,omitzero"`
	Net           string           `json:"net,omitzero" doc:"What you keep: net + fee + royalties = charged - refunded"`
	Fee           string           `json:"fee,omitzero"`
	Royalties     []royaltyOfOrder `json:"royalties,omitzero" nullable:"false"`
	Entitlement   *entitled        `json:"entitlement,omitzero" doc:"What the reader may do with it, once paid, held or covered"`
	CoveredBy     token.OrderID    `json:"covered_by,omitzero" doc:"The purchase that made a charge unnecessary"`
}

var _ written = (*order)(nil)

func (o *order) write(w *writer) {
	w.begin("")
	writeAnyID(w, "id", o.ID)
	w.anyText("status", o.Status)
	w.text("pay_url", o.PayURL)
	w.anyText("price", o.Price)
	w.anyText("currency", o.Currency.String())
	o.Item.write(w)
	writeID(w, "offer", o.Offer)
	writeID(w, "split", o.Split)
	w.number("split_version", int64(o.SplitVersion))
	w.anyText("capture", o.Capture)
	w.number("hold_hours", int64(o.HoldHours))
	w.text("return_url", o.ReturnURL)
	w.text("cancel_url", o.CancelURL)
	w.text("post", o.Post)
	w.text("tracking", o.Tracking)
	w.text("login", o.Login)
	w.text("authorisation", o.Authorisation)
	writeID(w, "reader", o.Reader)
	w.anyBool("test", o.Test)
	w.anyTime("created_at", o.CreatedAt)
	w.time("expires_at", o.ExpiresAt)
	w.time("paid_at", o.PaidAt)
	w.time("hold_until", o.HoldUntil)
	w.text("charged", o.Charged)
	w.text("refunded", o.Refunded)
	w.text("net", o.Net)
	w.text("fee", o.Fee)
	if o.Royalties != nil {
		w.name("royalties")
		w.b = append(w.b, '[')
		for i := range o.Royalties {
			w.comma('[')
			w.begin("")
			writeAnyID(w, "payee", o.Royalties[i].Payee)
			w.anyText("amount", o.Royalties[i].Amount)
			w.end()
		}
		w.b = append(w.b, ']')
	}
	if o.Entitlement != nil {
		o.Entitlement.write(w)
	}
	writeID(w, "covered_by", o.CoveredBy)
	w.end()
}

// write writes the field "entitlement".
func (e *entitled) write(w *writer) {
	w.begin("entitlement")
	w.anyNumber("views_used", int64(e.ViewsUsed))
	if e.ViewsLeft != nil {
		w.anyNumber("views_left", int64(*e.ViewsLeft))
	}
	w.time("first_view_at", e.FirstViewAt)
	w.time("ends_at", e.EndsAt)
	w.anyBool("usable", e.Usable)
	w.text("not_usable", string(e.NotUsable))
	w.end()
}

// royaltyOfOrder is what one payee keeps of an order.
type royaltyOfOrder struct {
	Payee  token.PayeeID `json:"payee"`
	Amount string        `json:"amount"`
}

// entitled is how far what was bought has been used.
type entitled struct {
	ViewsUsed   uint32     `json:"views_used"`
	ViewsLeft   *uint32    `json:"views_left,omitempty" doc:"Absent where views are not bounded"`
	FirstViewAt time.Time  `json:"first_view_at,omitzero"`
	EndsAt      time.Time  `json:"ends_at,omitzero" doc:"Absent where time is not bounded, or not until the first view"`
	Usable      bool       `json:"usable" doc:"One more view is allowed now"`
	NotUsable   token.Code `json:"not_usable,omitzero" doc:"The code of why not"`
}

// viewing is the answer to a counted view.
type viewing struct {
	Order       token.OrderID `json:"order" doc:"The purchase that was viewed: the one that covers the order, where there is one"`
	Entitlement entitled      `json:"entitlement"`
}

func orderOf(v selling.OrderView) order {
	due := !v.PaidAt.IsZero()
	o := order{
		ID: v.ID, Status: v.Status, PayURL: v.PayURL, Price: money(v.Price, v.Currency), Currency: v.Currency, Item: itemOf(&v.Item),
		Offer: v.Offer, Split: v.Split, SplitVersion: v.SplitVersion, Capture: "automatic", HoldHours: v.HoldHours,
		ReturnURL: v.ReturnURL, CancelURL: v.CancelURL, Post: v.Post, Tracking: v.Tracking, Login: v.Login,
		Authorisation: v.Authorisation, Reader: v.Reader, Test: v.Test,
		CreatedAt: v.CreatedAt, ExpiresAt: v.ExpiresAt, PaidAt: v.PaidAt, HoldUntil: v.HoldUntil,
		Charged: earned(due, v.Charged, v.Currency), Refunded: earned(v.Refunded > 0, v.Refunded, v.Currency),
		Net: earned(due, v.Net, v.Currency), Fee: earned(due, v.Fee, v.Currency), CoveredBy: v.CoveredBy,
	}
	if v.Manual {
		o.Capture = "manual"
	}
	for _, line := range v.Royalties {
		o.Royalties = append(o.Royalties, royaltyOfOrder{Payee: line.Payee, Amount: money(line.Amount, v.Currency)})
	}
	if v.Entitlement != nil {
		e := entitledOf(v.Entitlement)
		o.Entitlement = &e
	}
	return o
}

func entitledOf(v *selling.EntitlementView) entitled {
	e := entitled{ViewsUsed: v.ViewsUsed, FirstViewAt: v.FirstView, EndsAt: v.EndsAt, Usable: v.Usable, NotUsable: v.NotUsable}
	if v.Terms.Times > 0 {
		e.ViewsLeft = &v.ViewsLeft
	}
	return e
}

// orderAnswer is the answer of every operation that changes an order.
func orderAnswer(view selling.OrderView, replayed bool, err error) (answer[order], error) {
	if err != nil {
		return answer[order]{}, err
	}
	return answer[order]{body: orderOf(view), replayed: replayed}, nil
}

// capture and refund say how much.
type capture struct {
	Amount string `json:"amount,omitzero" doc:"In major units; absent: all that is held" example:"0.20"`
}

type refund struct {
	Amount string `json:"amount,omitzero" doc:"In major units; absent: all that is left" example:"0.10"`
	Reason string `json:"reason,omitzero" maxLength:"200" doc:"The reader sees it"`
}

func (a *api) addOrders() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/orders", id: "createOrder", tag: "Orders", status: http.StatusCreated,
		summary: "Create an order",
		explain: "Then send the reader's browser to pay_url. The price stands from now on; nothing else ever travels through the browser.",
		refuses: []token.Code{token.CodeAmountInvalid, token.CodeOverflow, token.CodeCurrencyInvalid, token.CodeFieldInvalid, token.CodeURLNotAllowed, token.CodeSiteUnproved, token.CodeNotFound},
	}, func(ctx context.Context, c *call, in *newOrder) (answer[order], error) {
		input, err := in.app()
		if err != nil {
			return answer[order]{}, err
		}
		return orderAnswer(a.app.CreateOrder(ctx, c.seller, input, c.key, c.digest))
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/orders", id: "listOrders", tag: "Orders", list: true,
		summary: "List your orders, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[order]], error) {
		views, next, err := a.app.Orders(ctx, c.seller, c.cursor, c.limit)
		return page(views, next, orderOf), err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/orders/{id}", id: "getOrder", tag: "Orders",
		summary: "Get an order", refuses: []token.Code{token.CodeNotFound},
	}, func(ctx context.Context, c *call, _ *none) (answer[order], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[order]{}, err
		}
		view, err := a.app.Order(ctx, c.seller, id)
		return orderAnswer(view, false, err)
	})
	a.addOrderActions()
}

func (a *api) addOrderActions() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/orders/{id}/capture", id: "captureOrder", tag: "Orders",
		summary: "Capture a hold", explain: "Turns what is held into a sale of the amount; the rest goes back to the reader.",
		refuses: []token.Code{token.CodeNotFound, token.CodeOrderState, token.CodeOrderExpired, token.CodeHoldTooSmall, token.CodeIncentiveDebt, token.CodeAmountInvalid},
	}, func(ctx context.Context, c *call, in *capture) (answer[order], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[order]{}, err
		}
		amount, err := positiveOf("/amount", in.Amount)
		if err != nil {
			return answer[order]{}, err
		}
		return orderAnswer(a.app.Capture(ctx, c.seller, id, selling.CaptureInput{Amount: amount}, c.key, c.digest))
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/orders/{id}/release", id: "releaseOrder", tag: "Orders",
		summary: "Release a hold", explain: "Gives all that is held back to the reader.",
		refuses: []token.Code{token.CodeNotFound, token.CodeOrderState},
	}, func(ctx context.Context, c *call, _ *none) (answer[order], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[order]{}, err
		}
		return orderAnswer(a.app.Release(ctx, c.seller, id, c.key, c.digest))
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/orders/{id}/refund", id: "refundOrder", tag: "Orders",
		summary: "Refund a sale, wholly or in part", explain: "Fee and royalties go back in proportion. A full refund ends what the reader may do with the item.",
		refuses: []token.Code{token.CodeNotFound, token.CodeOrderState, token.CodeRefundTooLarge, token.CodeAmountInvalid},
	}, func(ctx context.Context, c *call, in *refund) (answer[order], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[order]{}, err
		}
		amount, err := positiveOf("/amount", in.Amount)
		if err != nil {
			return answer[order]{}, err
		}
		return orderAnswer(a.app.Refund(ctx, c.seller, id, selling.RefundInput{Amount: amount, Reason: in.Reason}, c.key, c.digest))
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/orders/{id}/views", id: "viewOrder", tag: "Orders",
		summary: "Count a view", explain: "Counts one opening of what the order entitles to, and refuses it where none is left.",
		refuses: []token.Code{token.CodeNotFound, token.CodeOrderState, token.CodeEntitlementUsed, token.CodeEntitlementOver, token.CodeEntitlementGone},
	}, func(ctx context.Context, c *call, _ *none) (answer[viewing], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[viewing]{}, err
		}
		view, replayed, err := a.app.View(ctx, c.seller, id, c.key)
		if err != nil {
			return answer[viewing]{}, err
		}
		return answer[viewing]{body: viewing{Order: view.Order, Entitlement: entitledOf(&view)}, replayed: replayed}, nil
	})
}

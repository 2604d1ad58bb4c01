package vendorapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

type splits interface {
	CreateSplit(ctx context.Context, s caller.Seller, in offering.SplitInput, key string, digest []byte) (catalog.Split, bool, error)
	ChangeSplit(ctx context.Context, s caller.Seller, id token.SplitID, in offering.SplitInput, key string, digest []byte) (catalog.Split, bool, error)
	Splits(ctx context.Context, s caller.Seller, before string, limit int) ([]catalog.Split, string, error)
}

// share is what one payee earns of each sale.
type share struct {
	Payee   token.PayeeID `json:"payee"`
	Percent string        `json:"percent,omitzero" doc:"Of the price, or of the share that of names; at most four decimals" example:"12.5"`
	Fixed   string        `json:"fixed,omitzero" doc:"Major units per sale, added to the percentage" example:"0.01"`
	Minimum string        `json:"minimum,omitzero" doc:"The least that the share comes to, in major units" example:"0.02"`
	Of      int64         `json:"of,omitzero" minimum:"0" maximum:"16" doc:"The number (from 1) of the earlier share that this one is a part of; absent: of the price"`
}

// newSplit is a rule for dividing a price.
type newSplit struct {
	Name   string  `json:"name" minLength:"1" maxLength:"100"`
	Shares []share `json:"shares" minItems:"1" maxItems:"16" nullable:"false" doc:"They take their part in this order; you get what remains"`
}

// split is a version of such a rule, as it travels.
type split struct {
	ID        token.SplitID `json:"id"`
	Version   uint32        `json:"version"`
	Name      string        `json:"name"`
	Shares    []share       `json:"shares" nullable:"false"`
	CreatedAt time.Time     `json:"created_at"`
}

func (n *newSplit) app() (offering.SplitInput, error) {
	in := offering.SplitInput{Name: n.Name}
	if len(n.Shares) > royalty.MaxShares {
		return in, token.Refuse(token.Unprocessable, "split_invalid.too_many", token.Number("most", royalty.MaxShares), token.Number("got", int64(len(n.Shares)))).In("/shares")
	}
	for i := range n.Shares {
		s := &n.Shares[i]
		where := "/shares/" + strconv.Itoa(i) + "/"
		ppm, err := percentOf(where+"percent", s.Percent)
		if err != nil {
			return in, err
		}
		fixed, err := amountOf(where+"fixed", s.Fixed)
		if err != nil {
			return in, err
		}
		least, err := amountOf(where+"minimum", s.Minimum)
		if err != nil {
			return in, err
		}
		of, err := count(where+"of", s.Of, royalty.MaxShares)
		if err != nil {
			return in, err
		}
		in.Shares = append(in.Shares, offering.ShareInput{Payee: s.Payee, PPM: ppm, Fixed: fixed, Minimum: least, Of: int(of)})
	}
	return in, nil
}

func splitOf(s catalog.Split) split {
	out := split{ID: s.ID, Version: s.Version, Name: s.Name, Shares: make([]share, len(s.Shares)), CreatedAt: moment(s.CreatedAt)}
	for i, sh := range s.Shares {
		out.Shares[i] = share{Payee: sh.Payee, Of: int64(sh.Of)}
		if sh.PPM > 0 {
			out.Shares[i].Percent = percent(sh.PPM)
		}
		if sh.Fixed > 0 {
			out.Shares[i].Fixed = sh.Fixed.Decimal(0)
		}
		if sh.Minimum > 0 {
			out.Shares[i].Minimum = sh.Minimum.Decimal(0)
		}
	}
	return out
}

func (a *api) addSplits() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/splits", id: "createSplit", tag: "Splits", status: http.StatusCreated,
		summary: "Create a split", refuses: []token.Code{token.CodeSplitInvalid, token.CodeFieldInvalid, token.CodeAmountInvalid, token.CodeNotFound},
	}, func(ctx context.Context, c *call, in *newSplit) (answer[split], error) {
		input, err := in.app()
		if err != nil {
			return answer[split]{}, err
		}
		made, replayed, err := a.app.CreateSplit(ctx, c.seller, input, c.key, c.digest)
		return answer[split]{body: splitOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/splits/{id}", id: "reviseSplit", tag: "Splits", status: http.StatusCreated,
		summary: "Make a new version of a split", explain: "It divides the price of sales from now on; what was sold stays as it was divided.",
		refuses: []token.Code{token.CodeSplitInvalid, token.CodeFieldInvalid, token.CodeAmountInvalid, token.CodeNotFound},
	}, func(ctx context.Context, c *call, in *newSplit) (answer[split], error) {
		id, err := pathID[token.SplitKind](c)
		if err != nil {
			return answer[split]{}, err
		}
		input, err := in.app()
		if err != nil {
			return answer[split]{}, err
		}
		made, replayed, err := a.app.ChangeSplit(ctx, c.seller, id, input, c.key, c.digest)
		return answer[split]{body: splitOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/splits", id: "listSplits", tag: "Splits", list: true, summary: "List your splits in their newest versions",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[split]], error) {
		found, next, err := a.app.Splits(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, splitOf), err
	})
}

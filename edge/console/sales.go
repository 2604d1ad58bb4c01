package console

import (
	"net/http"

	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// The lengths of the pages' lists.
const (
	pageSize    = 50
	recentSales = 10
	listSize    = 200
)

// overviewPart is a vendor at a glance.
type overviewPart struct {
	Earnings []funding.Balance
	Tests    []funding.Balance // what the sandbox earned, worth nothing
	Sales    []selling.OrderView
}

func (h *Handler) overview(v visit) error {
	earned, err := h.app.VendorEarnings(v.r.Context(), v.viewer, v.vendor.ID)
	if err != nil {
		return err
	}
	part := overviewPart{}
	for _, balance := range earned {
		if balance.Class.Kind == token.Test {
			part.Tests = append(part.Tests, balance)
		} else {
			part.Earnings = append(part.Earnings, balance)
		}
	}
	if part.Sales, _, err = h.app.Sales(v.r.Context(), v.viewer, v.vendor.ID, "", recentSales); err != nil {
		return err
	}
	return h.show(v, http.StatusOK, "overview.html", "Overview", frame{Tab: "overview", Part: part})
}

// page is where a list stands.
type page struct {
	Path string
	Next string
	Back bool
}

// salesPart is a page of sales, newest first.
type salesPart struct {
	page
	Sales []selling.OrderView
}

func (h *Handler) sales(v visit) error {
	before := v.r.URL.Query().Get("before")
	found, next, err := h.app.Sales(v.r.Context(), v.viewer, v.vendor.ID, before, pageSize)
	if err != nil {
		return err
	}
	part := salesPart{Sales: found, page: page{Path: v.r.URL.Path, Next: next, Back: before != ""}}
	return h.show(v, http.StatusOK, "sales.html", "Sales", frame{Tab: "sales", Part: part})
}

// royaltiesPart is a page of royalty transactions, newest first.
type royaltiesPart struct {
	page
	Royalties []selling.RoyaltyView
}

func (h *Handler) royalties(v visit) error {
	before := v.r.URL.Query().Get("before")
	found, next, err := h.app.VendorRoyalties(v.r.Context(), v.viewer, v.vendor.ID, before, pageSize)
	if err != nil {
		return err
	}
	part := royaltiesPart{Royalties: found, page: page{Path: v.r.URL.Path, Next: next, Back: before != ""}}
	return h.show(v, http.StatusOK, "royalties.html", "Royalties", frame{Tab: "royalties", Part: part})
}

// cataloguePart is what the vendor sells and how prices are shared.
type cataloguePart struct {
	Offers []catalog.Offer
	Splits []splitLine
	Payees []catalog.Payee
	More   bool // a list was cut
}

// splitLine is a split with its shares in words.
type splitLine struct {
	catalog.Split
	Lines []shareLine
}

type shareLine struct {
	Payee   string
	Percent string // "" where the share is fixed
	Of      string // whose share it is a part of, "" for the price
	royalty.Share
}

func (h *Handler) catalogue(v visit) error {
	seller, err := h.app.ActFor(v.r.Context(), v.viewer, v.vendor.ID, false)
	if err != nil {
		return err
	}
	part := cataloguePart{}
	var more [3]string
	if part.Offers, more[0], err = h.app.Offers(v.r.Context(), seller, "", listSize); err != nil {
		return err
	}
	if part.Payees, more[1], err = h.app.Payees(v.r.Context(), seller, "", listSize); err != nil {
		return err
	}
	splits, next, err := h.app.Splits(v.r.Context(), seller, "", listSize)
	if err != nil {
		return err
	}
	more[2] = next
	part.More = more != [3]string{}
	names := map[token.PayeeID]string{}
	for _, payee := range part.Payees {
		names[payee.ID] = payee.Name
	}
	for _, split := range splits {
		part.Splits = append(part.Splits, describe(split, names))
	}
	return h.show(v, http.StatusOK, "catalogue.html", "Catalogue", frame{Tab: "catalogue", Part: part})
}

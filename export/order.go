package export

import (
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// order is what became of one in the time that is exported: the fold of its entries in it, and
// of such folds. It is stored in runs.
type order struct {
	_         struct{} `cbor:",toarray"`
	ID        token.OrderID
	Account   token.AccountID
	Vendor    token.VendorID
	By        token.OrderID
	First     uint64 // its first entry
	Status    core.Status
	Opened    int64 // when, in milliseconds since 1970; zero: not in the time
	Paid      int64
	Changed   int64
	SKU       string
	Title     string
	Currency  token.Currency
	Priced    bool
	Price     token.Amount
	Sold      bool
	Charged   token.Amount
	Refunded  token.Amount
	Net       token.Amount // of what was charged and not refunded, as Fee and Royalties
	Fee       token.Amount
	Royalties token.Amount
	Test      bool
}

// concerns reports whether an entry changes what is told of its order. A direct purchase that an
// earlier order covers makes none of its own: its entry names the earlier one twice.
func concerns(e *journal.Entry) bool {
	switch e.Kind {
	case journal.OrderOpened, journal.Purchased, journal.HoldPlaced, journal.Captured,
		journal.Released, journal.HoldExpired, journal.Refunded:
		return true
	case journal.Covered:
		return e.By != e.Order
	default:
		return false
	}
}

// orderOf is what one entry tells of its order.
func orderOf(e *journal.Entry) *order {
	o := &order{ID: e.Order, Account: e.Account, Vendor: e.Vendor, By: e.By, First: e.Seq, Changed: e.At, Test: isTest(e)}
	switch e.Kind {
	case journal.OrderOpened:
		o.Status, o.Opened, o.Currency, o.Price, o.Priced = core.Open, e.At, e.Opened.Currency, e.Opened.Price, true
		o.SKU, o.Title = e.Opened.Item.SKU, e.Opened.Item.Title
	case journal.HoldPlaced:
		o.Status, o.Currency, o.Price, o.Priced = core.OnHold, e.Sale.Currency, e.Sale.Price, true
	case journal.Purchased, journal.Captured:
		o.Status, o.Currency, o.Paid, o.Sold = core.Paid, e.Sale.Currency, e.At, true
		if e.Kind == journal.Purchased {
			o.Price, o.Priced = e.Sale.Price, true
		}
		o.Charged, o.Net, o.Fee, o.Royalties = e.Sale.Price, e.Sale.Net, e.Sale.Fee, sum(e.Sale.Lines)
	case journal.Released, journal.HoldExpired:
		o.Status, o.Currency = core.Freed, e.Back.Currency
	case journal.Refunded:
		r := e.Refund
		o.Currency, o.Refunded, o.Net, o.Fee, o.Royalties = r.Currency, r.Amount, -r.Net, -r.Fee, -sum(r.Lines)
	case journal.Covered:
		o.Status = core.Covers
	default:
	}
	return o
}

// fold adds what happened later.
func (o *order) fold(later *order) {
	if o.Account.IsZero() {
		o.Account = later.Account
	}
	if o.Vendor.IsZero() {
		o.Vendor = later.Vendor
	}
	if o.Currency.IsZero() {
		o.Currency = later.Currency
	}
	if !o.Priced {
		o.Price, o.Priced = later.Price, later.Priced
	}
	if o.Paid == 0 {
		o.Paid = later.Paid
	}
	if later.Status != 0 {
		o.Status = later.Status
	}
	if !later.By.IsZero() {
		o.By = later.By
	}
	o.Changed, o.Test = later.Changed, o.Test || later.Test
	o.Sold = o.Sold || later.Sold
	o.Charged += later.Charged
	o.Refunded += later.Refunded
	o.Net += later.Net
	o.Fee += later.Fee
	o.Royalties += later.Royalties
	if o.Sold && o.Refunded == o.Charged {
		o.Status = core.Reversed
	}
}

func orderColumns() []column {
	return []column{
		{"order_id", id, true},
		{"vendor_id", id, false},
		{"account_id", id, false},
		{"status", word, false},
		{"first_entry", number, true},
		{"opened_at", moment, false},
		{"paid_at", moment, false},
		{"changed_at", moment, true},
		{"sku", text, false},
		{"title", text, false},
		{"currency", word, false},
		{"price", amount, false},
		{"charged", amount, true},
		{"refunded", amount, true},
		{"net", amount, true},
		{"fee", amount, true},
		{"royalties", amount, true},
		{"covered_by", id, false},
		{"test", truth, true},
	}
}

// row appends the order's cells.
func (o *order) row(cells []cell) []cell {
	status, price := cell{}, cell{}
	if o.Status != 0 { // else only a refund lies in the time
		status = written(o.Status.String())
	}
	if o.Priced {
		price = tokens(o.Price)
	}
	return append(cells,
		written(o.ID.String()), written(o.Vendor.String()), written(o.Account.String()), status,
		whole(o.First), at(o.Opened), at(o.Paid), occurred(o.Changed), written(o.SKU), written(o.Title),
		written(o.Currency.String()), price, tokens(o.Charged), tokens(o.Refunded), tokens(o.Net), tokens(o.Fee), tokens(o.Royalties),
		written(o.By.String()), yes(o.Test))
}

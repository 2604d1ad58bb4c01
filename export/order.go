package export

import (
	"encoding"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Order is what became of one in the time that is exported: the fold of its entries in it, and
// of such folds. It is stored in runs.
type Order struct {
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

// Concerns reports whether an entry changes what is told of its order. A direct purchase that an
// earlier order covers makes none of its own: its entry names the earlier one twice.
func Concerns(e *journal.Entry) bool {
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

// OrderOf is what one entry tells of its order.
func OrderOf(e *journal.Entry) *Order {
	o := &Order{ID: e.Order, Account: e.Account, Vendor: e.Vendor, By: e.By, First: e.Seq, Changed: e.At, Test: isTest(e)}
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

// Fold adds what happened later.
func (o *Order) Fold(later *Order) {
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

func orderColumns() []Column {
	return []Column{
		{"order_id", ID, true},
		{"vendor_id", ID, false},
		{"account_id", ID, false},
		{"status", Word, false},
		{"first_entry", Number, true},
		{"opened_at", Moment, false},
		{"paid_at", Moment, false},
		{"changed_at", Moment, true},
		{"sku", Text, false},
		{"title", Text, false},
		{"currency", Word, false},
		{"price", Amount, false},
		{"charged", Amount, true},
		{"refunded", Amount, true},
		{"net", Amount, true},
		{"fee", Amount, true},
		{"royalties", Amount, true},
		{"covered_by", ID, false},
		{"test", Truth, true},
	}
}

// Row appends the order's cells.
func (o *Order) Row(cells []Cell) []Cell {
	status, price := Cell{}, Cell{}
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

// OrderFrom is the order of which Row makes these cells, so that what happens to it later can be
// folded into it.
func OrderFrom(cells []Cell) (*Order, error) {
	if len(cells) != len(orderColumns()) {
		return nil, fmt.Errorf("an order has %d cells, not %d", len(orderColumns()), len(cells))
	}
	o := &Order{
		First: uint64(cells[4].N), Opened: cells[5].N, Paid: cells[6].N, Changed: cells[7].N, SKU: cells[8].S, Title: cells[9].S,
		Priced: cells[11].Set, Price: token.Amount(cells[11].N), Sold: cells[6].Set,
		Charged: token.Amount(cells[12].N), Refunded: token.Amount(cells[13].N),
		Net: token.Amount(cells[14].N), Fee: token.Amount(cells[15].N), Royalties: token.Amount(cells[16].N), Test: cells[18].N != 0,
	}
	err := errors.Join(parse(&o.ID, cells[0]), parse(&o.Vendor, cells[1]), parse(&o.Account, cells[2]),
		parse(&o.Currency, cells[10]), parse(&o.By, cells[17]))
	for s := core.Open; cells[3].Set && s <= core.Covers; s++ {
		if s.String() == cells[3].S {
			o.Status = s
		}
	}
	if cells[3].Set && o.Status == 0 {
		err = errors.Join(err, fmt.Errorf("%q is no status of an order", cells[3].S))
	}
	return o, err
}

// parse reads what a cell says, where it says something.
func parse(into encoding.TextUnmarshaler, c Cell) error {
	if !c.Set {
		return nil
	}
	return into.UnmarshalText([]byte(c.S))
}

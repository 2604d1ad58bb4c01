package export

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// entries makes a row of each entry.
type entries struct{ cells []Cell }

var _ shaper = (*entries)(nil)

func (t *entries) columns() []Column { return entryColumns() }

func entryColumns() []Column {
	return []Column{
		{"entry", Number, true},
		{"occurred_at", Moment, true},
		{"kind", Word, true},
		{"order_id", ID, false},
		{"account_id", ID, false},
		{"vendor_id", ID, false},
		{"currency", Word, false},
		{"amount", Amount, false},
		{"net", Amount, false},
		{"fee", Amount, false},
		{"royalties", Amount, false},
		{"campaign_id", ID, false},
		{"method", Text, false},
		{"test", Truth, true},
	}
}

func (t *entries) add(to encoder, e *journal.Entry) error {
	t.cells = EntryRow(t.cells[:0], e)
	return to.row(t.cells)
}

// EntryRow appends the cells of a complete entry's row.
func EntryRow(cells []Cell, e *journal.Entry) []Cell {
	account := e.Account
	if journal.IsNobodys(account) { // what is bounded is the vendor's, or everybody's; requests are the provider's
		account = token.AccountID{}
	}
	what := tell(e)
	return append(cells,
		whole(e.Seq), occurred(e.At), written(e.Kind.String()), written(e.Order.String()),
		written(account.String()), written(e.Vendor.String()), written(what.currency.String()), what.amount,
		what.net, what.fee, what.royalties, written(what.campaign.String()), written(what.method), yes(isTest(e)))
}

func (t *entries) end(encoder) error { return nil }
func (t *entries) close() error      { return nil }

// occurred is the time of an entry, which is always there.
func occurred(millis int64) Cell { return Cell{Set: true, N: millis} }

// told is what an entry's part says, of whatever kind it is.
type told struct {
	currency                    token.Currency
	amount, net, fee, royalties Cell
	campaign                    token.CampaignID
	method                      string
}

// tell finds what the entry is about: what moved, or for a permission what it permits.
func tell(e *journal.Entry) (w told) {
	about := func(a token.Amount, c token.Currency) {
		if w.amount, w.currency = tokens(a), c; c.IsZero() && e.Bound == nil {
			w.amount = Cell{} // what was removed is named by its id alone
		}
	}
	divided := func(net, fee token.Amount, lines []royalty.Line) {
		w.net, w.fee, w.royalties = tokens(net), tokens(fee), tokens(sum(lines))
	}
	transfer := e.Transfer()
	switch { // a capture and a refund carry what they give back, too
	case e.Opened != nil:
		about(e.Opened.Price, e.Opened.Currency)
	case e.Sale != nil:
		about(e.Sale.Price, e.Sale.Currency)
		if e.Kind.Royalties() {
			divided(e.Sale.Net, e.Sale.Fee, e.Sale.Lines)
		}
	case e.Refund != nil:
		about(e.Refund.Amount, e.Refund.Currency)
		divided(e.Refund.Net, e.Refund.Fee, e.Refund.Lines)
	case e.Back != nil:
		about(e.Back.Amount, e.Back.Currency)
	case e.Fund != nil:
		about(e.Fund.Amount, e.Fund.Currency)
		w.method = e.Fund.Method
	case e.Grant != nil:
		about(e.Grant.Amount, e.Grant.Currency)
		w.campaign = e.Grant.Campaign
	case transfer != nil:
		about(transfer.Amount, transfer.Currency)
	case e.Limit != nil:
		about(e.Limit.Max, e.Limit.Currency)
	case e.Allowance != nil:
		about(e.Allowance.Max, e.Allowance.Currency)
	case e.Approval != nil:
		about(e.Approval.Max, e.Approval.Currency)
	case e.Credit != nil:
		about(e.Credit.Line, e.Credit.Currency)
	case e.Bound != nil:
		about(e.Bound.Max, e.Bound.Currency)
	}
	return w
}

func sum(lines []royalty.Line) (total token.Amount) {
	for i := range lines {
		total += lines[i].Amount
	}
	return total
}

// isTest reports whether the entry is a sandbox's.
func isTest(e *journal.Entry) bool {
	for i := range e.Legs {
		if e.Legs[i].Account.Class.Kind == token.Test {
			return true
		}
	}
	return e.Opened != nil && e.Opened.Test || e.Sale != nil && e.Sale.Test
}

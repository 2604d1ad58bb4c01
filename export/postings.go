package export

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// postings makes a row of each leg.
type postings struct{ cells []Cell }

var _ shaper = (*postings)(nil)

func (p *postings) columns() []Column { return postingColumns() }

func postingColumns() []Column {
	return []Column{
		{"entry", Number, true},
		{"leg", Number, true},
		{"occurred_at", Moment, true},
		{"kind", Word, true},
		{"order_id", ID, false},
		{"account", Word, true},
		{"owner_id", ID, false},
		{"currency", Word, true},
		{"class", Word, true},
		{"campaign_id", ID, false},
		{"amount", Amount, true},
	}
}

func (p *postings) add(to encoder, e *journal.Entry) error {
	for i := range e.Legs {
		p.cells = PostingRow(p.cells[:0], e, i)
		if err := to.row(p.cells); err != nil {
			return err
		}
	}
	return nil
}

// PostingRow appends the cells of the row of an entry's leg, counted from zero.
func PostingRow(cells []Cell, e *journal.Entry, leg int) []Cell {
	a := &e.Legs[leg].Account
	return append(cells,
		whole(e.Seq), whole(uint64(leg+1)), occurred(e.At), written(e.Kind.String()), written(e.Order.String()),
		written(a.Code.String()), written(owner(a)), written(a.Currency.String()),
		written(a.Class.Kind.String()), written(a.Class.Campaign.String()), tokens(e.Legs[leg].Amount))
}

func (p *postings) end(encoder) error { return nil }
func (p *postings) close() error      { return nil }

// owner writes the id of a ledger account's owner; "" where that is the provider.
func owner(a *ledger.Account) string {
	switch a.Code {
	case ledger.Wallet, ledger.Held:
		return token.AccountID(a.Owner).String()
	case ledger.VendorPayable:
		return token.VendorID(a.Owner).String()
	case ledger.PayeePayable:
		return token.PayeeID(a.Owner).String()
	case ledger.IncentiveIssued:
		return token.CampaignID(a.Owner).String()
	default:
		return ""
	}
}

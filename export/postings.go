package export

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// postings makes a row of each leg.
type postings struct{ cells []cell }

var _ shaper = (*postings)(nil)

func (p *postings) columns() []column {
	return []column{
		{"entry", number, true},
		{"leg", number, true},
		{"occurred_at", moment, true},
		{"kind", word, true},
		{"order_id", id, false},
		{"account", word, true},
		{"owner_id", id, false},
		{"currency", word, true},
		{"class", word, true},
		{"campaign_id", id, false},
		{"amount", amount, true},
	}
}

func (p *postings) add(to encoder, e *journal.Entry) error {
	if len(e.Legs) == 0 {
		return nil
	}
	order, kind := written(e.Order.String()), written(e.Kind.String())
	for i := range e.Legs {
		a := &e.Legs[i].Account
		p.cells = append(p.cells[:0],
			whole(e.Seq), whole(uint64(i+1)), occurred(e.At), kind, order,
			written(a.Code.String()), written(owner(a)), written(a.Currency.String()),
			written(a.Class.Kind.String()), written(a.Class.Campaign.String()), tokens(e.Legs[i].Amount))
		if err := to.row(p.cells); err != nil {
			return err
		}
	}
	return nil
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

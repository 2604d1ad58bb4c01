package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Vendors, payees, campaigns and the provider have accounts too (journal.OwnerAccount): what the
// ledger owes them, row by row of the chart of accounts, is folded like the wallets of payers. So a
// command can ask for a balance (Facts.Balance) and refuse where it does not suffice
// (State.CheckBalance). Purchases ask for none, whoever earns by them: what they post is added.

// Balance is what the ledger owes an owner on one row of the chart of accounts; negative: what
// the provider holds or has spent.
type Balance struct {
	Code     ledger.Code    `cbor:"1,keyasint"`
	Currency token.Currency `cbor:"2,keyasint"`
	Class    token.Class    `cbor:"3,keyasint,omitzero"`
	Amount   token.Amount   `cbor:"4,keyasint,omitzero"`
}

// Turnover is what a vendor sold in one currency, or all vendors; tests apart.
type Turnover struct {
	Currency token.Currency `cbor:"1,keyasint"`
	Sold     token.Amount   `cbor:"2,keyasint,omitzero"` // prices, before refunds
	Sales    int64          `cbor:"3,keyasint,omitzero"`
	Refunded token.Amount   `cbor:"4,keyasint,omitzero"`
	Refunds  int64          `cbor:"5,keyasint,omitzero"`
}

// mostOwed bounds every balance, and the negative of each, in tokens: a million times the largest
// amount that an entry may name, so that the legs of one more entry can always be added.
const mostOwed = token.Amount(1) << 62

// Balance returns what stands on a row for the owner, zero where nothing ever did.
func (a *Account) Balance(code ledger.Code, currency token.Currency, class token.Class) token.Amount {
	if i := a.findBalance(code, currency, class); i >= 0 {
		return a.Balances[i].Amount
	}
	return 0
}

func (a *Account) findBalance(code ledger.Code, currency token.Currency, class token.Class) int {
	for i := range a.Balances {
		if b := &a.Balances[i]; b.Code == code && b.Currency == currency && b.Class == class {
			return i
		}
	}
	return -1
}

// Balance asks for what stands on an account of the ledger.
func (f *Facts) Balance(of ledger.Account) { f.Accounts = append(f.Accounts, holder(of)) }

// holder returns the account that knows what stands on an account of the ledger.
func holder(of ledger.Account) token.AccountID {
	if of.Owner != [16]byte{} && !of.Code.Owned() {
		return of.Owner
	}
	return journal.OwnerAccount(of.Owner)
}

// Balance returns what stands on an account of the ledger; Need asked for it (Facts.Balance).
// Without an owner, a row that has owners stands for all of them, in all campaigns together.
func (s *State) Balance(of ledger.Account) token.Amount {
	a := s.Accounts[holder(of)]
	switch {
	case a == nil:
		return 0
	case of.Code.Owned() || of.Owner == [16]byte{}:
		return a.Balance(of.Code, of.Currency, of.Class)
	}
	w := a.Wallet(of.Currency, of.Class)
	switch {
	case w == nil:
		return 0
	case of.Code == ledger.Held:
		return w.Held
	}
	return w.Balance
}

// CheckBalance refuses with CodeFundsMissing where less than amount stands on an account of the
// ledger.
func (s *State) CheckBalance(of ledger.Account, amount token.Amount) error {
	if s.Balance(of) < amount {
		return token.Refuse(token.Unfunded, "insufficient_funds.owner")
	}
	return nil
}

// posting is a leg on its way to one of an owner's balances.
type posting struct {
	to  *Account
	at  int // which balance; -1 where nothing was posted on the row before
	leg *ledger.Leg
}

// postings appends where the legs go that are posted to the owner: to the provider all but those of
// tests.
func (a *Account) postings(list []posting, legs []ledger.Leg) []posting {
	if a.ID == journal.Provider {
		for i := range legs {
			if kind := legs[i].Account.Class.Kind; kind != token.Test {
				list = append(list, posting{a, a.findBalance(legs[i].Account.Code, legs[i].Account.Currency, token.Class{Kind: kind}), &legs[i]})
			}
		}
		return list
	}
	for i := range legs {
		if of := &legs[i].Account; of.Code.Owned() && journal.OwnerAccount(of.Owner) == a.ID {
			list = append(list, posting{a, a.findBalance(of.Code, of.Currency, of.Class), &legs[i]})
		}
	}
	return list
}

// fits reports whether the balance has room.
func (p *posting) fits() bool {
	sum := p.leg.Amount
	if p.at >= 0 {
		sum += p.to.Balances[p.at].Amount
	}
	return sum <= mostOwed && sum >= -mostOwed
}

// post adds the leg, of the entry with a number, unless the account stands for that already. On
// the provider's account all campaigns stand together.
func (p *posting) post(seq uint64) {
	if seq <= p.to.Seq {
		return
	}
	if p.at < 0 {
		of := p.leg.Account
		if p.to.ID == journal.Provider {
			of.Class.Campaign = token.CampaignID{}
		}
		if p.at = p.to.findBalance(of.Code, of.Currency, of.Class); p.at < 0 {
			p.at = len(p.to.Balances)
			p.to.Balances = append(p.to.Balances, Balance{Code: of.Code, Currency: of.Currency, Class: of.Class})
		}
	}
	p.to.Balances[p.at].Amount += p.leg.Amount
}

// turnOver counts a sale or refund: its vendor's, and on the provider's account everybody's.
func (a *Account) turnOver(e *journal.Entry) {
	if a.ID != journal.Provider && a.ID != journal.OwnerAccount(e.Vendor) {
		return
	}
	switch {
	case (e.Kind == journal.Purchased || e.Kind == journal.Captured) && !e.Sale.Test:
		t := a.turnover(e.Sale.Currency)
		t.Sold += e.Sale.Price
		t.Sales++
	case e.Kind == journal.Refunded && len(e.Legs) > 0 && e.Legs[0].Account.Class.Kind != token.Test:
		t := a.turnover(e.Refund.Currency)
		t.Refunded += e.Refund.Amount
		t.Refunds++
	}
}

// turnover returns the sales of a currency, made if they are not there.
func (a *Account) turnover(currency token.Currency) *Turnover {
	for i := range a.Sales {
		if a.Sales[i].Currency == currency {
			return &a.Sales[i]
		}
	}
	a.Sales = append(a.Sales, Turnover{Currency: currency})
	return &a.Sales[len(a.Sales)-1]
}

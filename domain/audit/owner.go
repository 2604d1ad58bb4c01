package audit

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Turnover is what a store says that a vendor sold in one currency, or all of them.
type Turnover struct {
	Currency token.Currency
	Sold     token.Amount
	Sales    int64
	Refunded token.Amount
	Refunds  int64
}

// owners are those whom the ledger owes: vendors, payees and campaigns by their ids, and under the
// zero id the provider, which stands for all. They are followed where a store is compared with the journal.
type owners struct {
	of      map[[16]byte]*owner
	follows bool
}

type owner struct {
	rows   []ledger.Account // those of its accounts that were ever posted to
	sales  []Turnover
	stored *Snapshot // to be compared where the fold reaches it
	last   uint64    // up to which entry it was stored
}

func (o *owners) at(id [16]byte) *owner {
	found := o.of[id]
	if found == nil {
		found = &owner{}
		o.of[id] = found
	}
	return found
}

// open takes down an account that is posted to for the first time.
func (o *owners) open(account *ledger.Account) {
	if o.follows && account.Owner != [16]byte{} {
		of := o.at(account.Owner)
		of.rows = append(of.rows, *account)
	}
}

// ownerSnapshot takes up an owner as stored.
func (a *Auditor) ownerSnapshot(s Snapshot) {
	id := [16]byte(s.Account)
	if id == [16]byte(journal.Provider) {
		id = [16]byte{}
	} else {
		id[0] ^= 0x40 // no account of a payer has the second bit
	}
	o := a.owners.at(id)
	if o.stored != nil {
		a.report.Fault(OwnerBalances, "owner %x is stored twice", id)
	}
	o.stored, o.last = &s, s.Seq
}

// meetOwners looks at each owner that an entry is about, before it is folded in.
func (a *Auditor) meetOwners(e *journal.Entry) {
	if !a.owners.follows {
		return
	}
	all := false
	for i := range e.Legs {
		account := &e.Legs[i].Account
		all = all || account.Class.Kind != token.Test
		if account.Code != ledger.Wallet && account.Code != ledger.Held && account.Owner != [16]byte{} {
			a.meetOwner(e, account.Owner)
		}
	}
	if all {
		a.meetOwner(e, [16]byte{})
		if sells(e) {
			a.meetOwner(e, e.Vendor)
		}
	}
}

// meetOwner checks that the stored owner knows an entry that it should know, and compares it where
// the entry lies beyond it.
func (a *Auditor) meetOwner(e *journal.Entry, id [16]byte) {
	o := a.owners.at(id)
	if e.Seq <= a.storedTo && o.last < e.Seq {
		a.report.Fault(OwnerBalances, "owner %x is stored as it was before entry %d, although what is stored stands for entries up to %d", id, e.Seq, a.storedTo)
	}
	if o.stored != nil && e.Seq > o.stored.Seq {
		a.compareOwner(id, o)
	}
}

// sells reports whether the entry is a sale or a refund.
func sells(e *journal.Entry) bool {
	return e.Kind == journal.Purchased || e.Kind == journal.Captured || e.Kind == journal.Refunded
}

// countSale adds a sale or refund to the vendor's, unless it is a test.
func (a *Auditor) countSale(e *journal.Entry) {
	if !a.owners.follows || !sells(e) || len(e.Legs) == 0 || e.Legs[0].Account.Class.Kind == token.Test {
		return
	}
	o := a.owners.at(e.Vendor)
	switch {
	case e.Kind == journal.Refunded && e.Refund != nil:
		t := turnover(&o.sales, e.Refund.Currency)
		t.Refunded, t.Refunds = t.Refunded+e.Refund.Amount, t.Refunds+1
	case e.Kind != journal.Refunded && e.Sale != nil:
		t := turnover(&o.sales, e.Sale.Currency)
		t.Sold, t.Sales = t.Sold+e.Sale.Price, t.Sales+1
	}
}

func turnover(of *[]Turnover, currency token.Currency) *Turnover {
	for i := range *of {
		if (*of)[i].Currency == currency {
			return &(*of)[i]
		}
	}
	*of = append(*of, Turnover{Currency: currency})
	return &(*of)[len(*of)-1]
}

// compareOwner compares a stored owner with what was posted.
func (a *Auditor) compareOwner(id [16]byte, o *owner) {
	s := o.stored
	o.stored = nil
	a.report.Checked(OwnerBalances, len(s.Owed)+len(s.Sales))
	posted, sales := map[ledger.Account]int64{}, o.sales
	if id == [16]byte{} {
		posted, sales = a.together()
	}
	for _, account := range o.rows {
		amount := a.books[account]
		account.Owner = [16]byte{}
		posted[account] += amount
	}
	for _, row := range s.Owed {
		if posted[row.Account] != int64(row.Amount) {
			a.report.Fault(OwnerBalances, "owner %x is stored at entry %d with %d %s of %s %s; the postings come to %d",
				id, s.Seq, row.Amount, row.Account.Code, row.Account.Currency, row.Account.Class.Kind, posted[row.Account])
		}
		delete(posted, row.Account)
	}
	for account, amount := range posted {
		a.report.Fault(OwnerBalances, "owner %x is stored at entry %d without %s of %s %s; the postings come to %d",
			id, s.Seq, account.Code, account.Currency, account.Class.Kind, amount)
	}
	for _, stored := range s.Sales {
		if counted := *turnover(&sales, stored.Currency); counted != stored {
			a.report.Fault(OwnerBalances, "owner %x is stored at entry %d as having sold %d for %d %s, and refunded %d for %d; the entries come to %d for %d, and %d for %d",
				id, s.Seq, stored.Sales, stored.Sold, stored.Currency, stored.Refunds, stored.Refunded, counted.Sales, counted.Sold, counted.Refunds, counted.Refunded)
		}
	}
	if len(s.Sales) != len(sales) {
		a.report.Fault(OwnerBalances, "owner %x is stored at entry %d with sales in %d currencies; the entries have %d", id, s.Seq, len(s.Sales), len(sales))
	}
}

// together adds up what all owners and payers have, per row of the chart, and what all vendors sold;
// tests apart, and campaigns as one.
func (a *Auditor) together() (map[ledger.Account]int64, []Turnover) {
	posted := map[ledger.Account]int64{}
	for account, amount := range a.books {
		if account.Class.Kind != token.Test {
			posted[ledger.Account{Code: account.Code, Currency: account.Currency, Class: token.Class{Kind: account.Class.Kind}}] += amount
		}
	}
	for _, acc := range a.accounts {
		for i := range acc.wallets {
			w := &acc.wallets[i]
			if w.class.Kind == token.Test {
				continue
			}
			row := ledger.Account{Code: ledger.Wallet, Currency: w.currency, Class: token.Class{Kind: w.class.Kind}}
			posted[row] += w.balance
			row.Code = ledger.Held
			posted[row] += w.held
		}
	}
	for account, amount := range posted { // who was given a credit line has a wallet, and nothing may have been posted to it
		if amount == 0 && (account.Code == ledger.Wallet || account.Code == ledger.Held) {
			delete(posted, account)
		}
	}
	var sales []Turnover
	for _, o := range a.owners.of {
		for _, sold := range o.sales {
			t := turnover(&sales, sold.Currency)
			t.Sold, t.Sales, t.Refunded, t.Refunds = t.Sold+sold.Sold, t.Sales+sold.Sales, t.Refunded+sold.Refunded, t.Refunds+sold.Refunds
		}
	}
	return posted, sales
}

// ownersAtTheEnd compares the owners that were not reached on the way.
func (a *Auditor) ownersAtTheEnd() {
	for id, o := range a.owners.of {
		if o.stored == nil {
			continue
		}
		if o.stored.Seq > a.head.Seq {
			a.report.Fault(OwnerBalances, "owner %x is stored as of entry %d, beyond the journal's end", id, o.stored.Seq)
		}
		a.compareOwner(id, o)
	}
}

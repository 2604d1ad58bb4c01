package verify

import (
	"context"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// fault is one way to corrupt a database, and the invariant that must be named then.
type fault struct {
	invariant int
	what      string

	// entry corrupts the first entry of its kind that it accepts; the chain of hashes
	// is sealed anew behind it, so that nothing but this gives it away.
	entry func(e *journal.Entry, before []*journal.Entry) bool
	// block corrupts the last block after it was sealed, or the middle one, behind which
	// the chain stays as it was.
	block  func(b *journal.Block)
	middle bool
	// derived corrupts what was derived, and returns what puts it back.
	derived func(ctx context.Context, db store.Database) (restore func() error, err error)
	// outside corrupts what is known from outside the database.
	outside func(*Options)
}

// faults lists one fault for each invariant that has something to break. Settlements
// and payouts (8 and 9) have nothing yet.
func faults() []fault {
	return []fault{
		{invariant: audit.LegsBalance, what: "a leg of a purchase is one token larger", entry: largerLeg},
		{invariant: audit.StoredBalances, what: "a stored balance is one token larger", derived: stored(largerBalance)},
		{invariant: audit.StoredBalances, what: "a vendor is stored as owing less than it gave", derived: stored(smallerDebt)},
		{invariant: audit.CreditLines, what: "a credit line is smaller than what was drawn", entry: smallerCredit},
		{invariant: audit.OneDebit, what: "two purchases have one key", entry: secondKey},
		{invariant: audit.Division, what: "a token moves from the vendor's net to the fee", entry: movedToken},
		{invariant: audit.OneRoyalty, what: "a royalty goes to another payee", entry: otherPayee},
		{invariant: audit.Limits, what: "a limit is lower than what was spent under it", entry: lowerLimit},
		{invariant: audit.Reversals, what: "a refund comes to more than the purchase", entry: largerRefund},
		{invariant: audit.TokensOutstanding, what: "a campaign says that it gave more", entry: largerGrant},
		{invariant: audit.TokensOutstanding, what: "a transfer says that it went to somebody else", entry: otherReceiver},
		{invariant: audit.CreditLines, what: "more is transferred than there was", entry: largerTransfer},
		{invariant: audit.OutsideMoney, what: "one receipt is credited twice", entry: secondReceipt},
		{invariant: audit.OneCurrency, what: "a purchase in dollars moves euros too", entry: otherCurrency},
		{invariant: audit.HoldsAccounted, what: "a hold expires before its time", entry: earlyExpiry},
		{invariant: audit.Entitlements, what: "a third view of two", entry: extraView},
		{invariant: audit.SequenceWhole, what: "an entry number is left out", block: func(b *journal.Block) { b.First++; b.Hash = b.Sum() }},
		{invariant: audit.ChainWhole, what: "a byte of a block changes", block: func(b *journal.Block) { b.Body[len(b.Body)/2] ^= 1 }},
		{invariant: audit.ChainWhole, what: "a block in the middle is sealed anew", middle: true, block: func(b *journal.Block) { b.At++; b.Hash = b.Sum() }},
		{invariant: audit.PseudonymsApart, what: "a user has one name at all vendors", outside: func(o *Options) {
			o.Pseudonym = func(token.VendorID, token.UserID) (token.ReaderID, error) { return token.ReaderID{1}, nil }
		}},
		{invariant: audit.PseudonymsApart, what: "the secret has another fingerprint than the database's", outside: func(o *Options) { o.OtherSecret = true }},
		{invariant: audit.ChainWhole, what: "the head that is kept outside is beyond the journal", outside: func(o *Options) { o.Kept = journal.Head{Seq: 1 << 40} }},
		{invariant: audit.ChainWhole, what: "the head that is kept outside is of another journal", outside: func(o *Options) { o.Kept = journal.Head{Seq: 1, Hash: journal.Hash{1}} }},
		{invariant: audit.InPurchaseWindow, what: "a purchase lies after its login's window", entry: lateConsent},
		{invariant: audit.EntriesAreFindable, what: "the index forgets an entry", derived: forgottenEntry},
		{invariant: audit.EntriesAreFindable, what: "a filter does not know what its run holds", derived: blindFilter},
		{invariant: audit.EntriesAreFindable, what: "a bit of a chunk flips", derived: flippedBit},
		{invariant: audit.IncentiveDebts, what: "a vendor gives more than the bound of all", entry: lowerBound},
		{invariant: audit.IncentiveDebts, what: "tokens pay of which a vendor gave more than its bound", entry: lowerLastBound},
		{invariant: audit.IncentiveDebts, what: "what a vendor gives is not counted", entry: uncounted},
		{invariant: audit.IncentiveDebts, what: "the first bound says that a vendor gave less before", entry: lessBefore},
		{invariant: audit.IncentiveDebts, what: "the first bound leaves out what a vendor gave before", entry: nothingBefore},
		{invariant: audit.TokenIssuer, what: "the provider pays for tokens that a vendor gave", entry: otherIssuer},
		{invariant: audit.TokenExpiry, what: "incentive tokens are spent after their time", entry: earlierEnd},
		{invariant: audit.TokenExpiry, what: "tokens that expire later are spent first", entry: otherOrder},
		{invariant: audit.TokenScope, what: "incentive tokens are spent at a vendor for which they are not", entry: otherScope},
		{invariant: audit.TokenScope, what: "incentive tokens pay for an item that does not list them", entry: onlyListed},
		{invariant: audit.OwnedOnce, what: "an item that is owned is charged again", entry: chargedAgain},
		{invariant: audit.Lapses, what: "more lapses than there is", entry: largerLapse},
		{invariant: audit.OrderItem, what: "an order is paid for another item", entry: otherItem},
		{invariant: audit.OrderItem, what: "a sale gives other terms than its version of the offer", entry: otherTerms},
		{invariant: audit.HoldTime, what: "a hold lasts longer than its order says", entry: longerHold},
		{invariant: audit.HoldTime, what: "a hold that is over is not given back", entry: forgottenHold()},
		{invariant: audit.StoredTerms, what: "a limit is stored for one vendor, and was set for all", derived: stored(otherLimit)},
		{invariant: audit.StoredTerms, what: "an allowance is stored with a later end", derived: stored(longerAllowance)},
		{invariant: audit.SecondPerson, what: "who asked approves", entry: ownApproval},
		{invariant: audit.SecondPerson, what: "a command on the server approves", entry: approves(func(d *journal.Decision) { d.By.User = token.UserID{} })},
		{invariant: audit.SecondPerson, what: "a representative approves", entry: approves(func(d *journal.Decision) { d.By.Role = journal.Representative })},
		{invariant: audit.SecondPerson, what: "what was approved is not what was done", entry: otherSum},
		{invariant: audit.SecondPerson, what: "what was approved is not done", entry: approves(func(d *journal.Decision) { d.Left = 1 })},
		{invariant: audit.SecondPerson, what: "nobody approved what was done", entry: noApproval},
		{invariant: audit.SecondPerson, what: "a request was approved that does not wait", entry: approves(func(d *journal.Decision) { d.Request++ })},
		{invariant: audit.SecondPerson, what: "what was asked is not what its digest says", entry: asks(func(a *journal.Asked) { a.Instruction.Fund.Amount++ })},
		{invariant: audit.SecondPerson, what: "a request needs fewer than the policy says", entry: asks(func(a *journal.Asked) { a.Needs.Persons = 0 })},
		{invariant: audit.SecondPerson, what: "a request is approved after it lapsed", entry: asks(func(a *journal.Asked) { a.LapsesAt = 1 })},
		{invariant: audit.SecondPerson, what: "a request lapses before its time", entry: earlyLapse},
		{invariant: audit.SecondPerson, what: "a deposit above the sum was not asked for", entry: lowerSum},
		{invariant: audit.StoredBalances, what: "the policy is stored with another sum", derived: stored(otherPolicy)},
		{invariant: audit.StoredBalances, what: "a waiting request is stored with another sum", derived: stored(otherRequest)},
		{invariant: audit.StaffLog, what: "a line of the staff log says something else", derived: log(`UPDATE staff_log SET detail = 'nothing' WHERE number = 2`)},
		{invariant: audit.StaffLog, what: "a line of the staff log is taken out", derived: log(`DELETE FROM staff_log WHERE number = 2`)},
		{invariant: audit.StaffLog, what: "a line is put into the staff log", derived: log(`INSERT INTO staff_log SELECT number + 100, id || 'x', at, actor, action, subject, detail, prev, hash FROM staff_log WHERE number = 1`)},
		{invariant: audit.StaffLog, what: "the end of the staff log is cut off", derived: log(`DELETE FROM staff_log WHERE number = (SELECT MAX(number) FROM staff_log)`)},
		{invariant: audit.StaffLog, what: "two lines of the staff log change places", derived: log(`UPDATE staff_log SET number = 3 - number + 1000 WHERE number < 3`, `UPDATE staff_log SET number = number - 1000 WHERE number > 1000`)},
		{invariant: audit.StaffLog, what: "the staff log has no head", derived: log(`DELETE FROM staff_log_head`)},
		{invariant: audit.OwnerBalances, what: "a vendor is owed one token more", derived: stored(owedMore(ledger.VendorPayable))},
		{invariant: audit.OwnerBalances, what: "a payee is owed one token more", derived: stored(owedMore(ledger.PayeePayable))},
		{invariant: audit.OwnerBalances, what: "a campaign has given one token more", derived: stored(owedMore(ledger.IncentiveIssued))},
		{invariant: audit.OwnerBalances, what: "the fees of all come to one token more", derived: stored(owedMore(ledger.Fee))},
		{invariant: audit.OwnerBalances, what: "the wallets of all come to one token more", derived: stored(owedMore(ledger.Wallet))},
		{invariant: audit.OwnerBalances, what: "a row of the provider's is missing", derived: stored(lackingRow)},
		{invariant: audit.OwnerBalances, what: "a vendor is stored with a sale less", derived: stored(soldLess)},
		{invariant: audit.OwnerBalances, what: "a vendor is stored as it was before its last sale", derived: stored(soldBefore)},
	}
}

func largerBalance(a *core.Account) bool {
	if len(a.Wallets) == 0 {
		return false
	}
	a.Wallets[0].Balance++
	return true
}

// owedMore changes what stands on a row: the owner's, or for all of them where it has none.
func owedMore(code ledger.Code) func(*core.Account) bool {
	return func(a *core.Account) bool {
		for i := range a.Balances {
			owned := code == ledger.VendorPayable || code == ledger.PayeePayable || code == ledger.IncentiveIssued
			if a.Balances[i].Code == code && owned != (a.ID == journal.Provider) {
				a.Balances[i].Amount++
				return true
			}
		}
		return false
	}
}

func lackingRow(a *core.Account) bool {
	if a.ID != journal.Provider {
		return false
	}
	a.Balances = a.Balances[1:]
	return true
}

func soldLess(a *core.Account) bool {
	if len(a.Sales) == 0 || a.ID == journal.Provider {
		return false
	}
	a.Sales[0].Sales--
	return true
}

func soldBefore(a *core.Account) bool {
	if len(a.Sales) == 0 || a.ID == journal.Provider {
		return false
	}
	a.Seq--
	return true
}

func smallerDebt(a *core.Account) bool {
	if len(a.Debts) == 0 || a.ID == journal.AllIssuers {
		return false
	}
	a.Debts[0].Owed--
	return true
}

func lowerBound(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Bound == nil || !e.Vendor.IsZero() {
		return false
	}
	e.Bound.Max = 1
	return true
}

// lowerLastBound lowers the last bound of a vendor, after which nothing is given any more, and
// something is spent.
func lowerLastBound(e *journal.Entry, before []*journal.Entry) bool {
	of := func(e *journal.Entry) bool { return e.Bound != nil && !e.Vendor.IsZero() }
	earlier := 0
	for _, other := range before {
		if of(other) {
			earlier++
		}
	}
	if !of(e) || earlier < people-1 {
		return false
	}
	e.Bound.Max = 1
	return true
}

func uncounted(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Granted || !e.Grant.Owed {
		return false
	}
	e.Grant.Owed = false
	return true
}

func lessBefore(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Bound == nil || len(e.Bound.Debts) == 0 {
		return false
	}
	e.Bound.Debts[0].Amount--
	return true
}

func nothingBefore(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Bound == nil || len(e.Bound.Debts) == 0 {
		return false
	}
	e.Bound.Debts = nil
	return true
}

func largerLeg(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind == journal.Purchased {
		e.Legs[len(e.Legs)-1].Amount++
	}
	return e.Kind == journal.Purchased
}

func smallerCredit(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind == journal.CreditSet {
		e.Credit.Line = 1
	}
	return e.Kind == journal.CreditSet
}

func secondKey(e *journal.Entry, before []*journal.Entry) bool {
	for _, other := range before {
		if e.Kind == journal.Purchased && other.Kind == journal.Purchased && !other.Key.IsZero() && !e.Key.IsZero() {
			e.Key = other.Key
			return true
		}
	}
	return false
}

func movedToken(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased {
		return false
	}
	e.Sale.Net--
	e.Sale.Fee++
	for i := range e.Legs {
		switch e.Legs[i].Account.Code {
		case ledger.VendorPayable:
			e.Legs[i].Amount--
		case ledger.Fee:
			e.Legs[i].Amount++
		}
	}
	return true
}

func otherPayee(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || len(e.Sale.Lines) == 0 {
		return false
	}
	line := &e.Sale.Lines[0]
	for i := range e.Legs {
		if e.Legs[i].Account.Owner == line.Payee {
			e.Legs[i].Account.Owner[15] ^= 1
		}
	}
	line.Payee[15] ^= 1
	return true
}

func lowerLimit(e *journal.Entry, before []*journal.Entry) bool {
	// The first limit of a person is removed before it could bound anything.
	if e.Kind != journal.LimitSet || before[len(before)-1].Kind != journal.LimitRemoved {
		return false
	}
	e.Limit.Max = 1
	return true
}

func largerRefund(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Refunded {
		return false
	}
	const more = 10 * token.PerUnit
	e.Refund.Amount += more
	e.Refund.Total += more
	e.Refund.Net += more
	e.Back.Amount += more
	for i := range e.Legs {
		switch e.Legs[i].Account.Code {
		case ledger.VendorPayable:
			e.Legs[i].Amount -= more
		case ledger.Wallet:
			e.Legs[i].Amount += more
		}
	}
	return true
}

func largerGrant(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind == journal.Granted {
		e.Grant.Amount++
	}
	return e.Kind == journal.Granted
}

func secondReceipt(e *journal.Entry, before []*journal.Entry) bool {
	for _, other := range before {
		if e.Kind == journal.Funded && other.Kind == journal.Funded {
			e.Fund.Reference = other.Fund.Reference
			return true
		}
	}
	return false
}

func otherCurrency(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased {
		return false
	}
	leg := ledger.Leg{Account: ledger.Account{Code: ledger.Fee, Currency: token.MustCurrency("EUR")}, Amount: 5}
	e.Legs = append(e.Legs, leg)
	leg.Account.Code, leg.Amount = ledger.Promotion, -5
	e.Legs = append(e.Legs, leg)
	return true
}

func earlyExpiry(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Released {
		return false
	}
	e.Kind = journal.HoldExpired
	return true
}

func extraView(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Viewed || e.View != 2 {
		return false
	}
	e.View = 3
	return true
}

func lateConsent(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || e.Sale.Consent.Method != journal.ByClick {
		return false
	}
	e.Sale.Consent.Until = e.At
	return true
}

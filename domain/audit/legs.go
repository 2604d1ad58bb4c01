package audit

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// balanced checks that the legs of an entry sum to zero, that none is zero, and that
// they are all of one currency.
func (a *Auditor) balanced(e *journal.Entry) {
	if len(e.Legs) == 0 {
		return
	}
	a.report.Checked(LegsBalance, 1)
	a.report.Checked(OneCurrency, 1)
	type pot struct {
		currency token.Currency
		class    token.Class
		sum      token.Amount
	}
	pots := make([]pot, 0, 4)
	for i := range e.Legs {
		leg := &e.Legs[i]
		if leg.Amount == 0 {
			a.report.Fault(LegsBalance, "entry %d has a leg of zero", e.Seq)
		}
		if leg.Account.Currency != e.Legs[0].Account.Currency {
			a.report.Fault(OneCurrency, "entry %d moves %s and %s", e.Seq, e.Legs[0].Account.Currency, leg.Account.Currency)
		}
		at := 0
		for at < len(pots) && (pots[at].currency != leg.Account.Currency || pots[at].class != leg.Account.Class) {
			at++
		}
		if at == len(pots) {
			pots = append(pots, pot{currency: leg.Account.Currency, class: leg.Account.Class})
		}
		sum, err := pots[at].sum.Add(leg.Amount)
		if err != nil {
			a.report.Fault(LegsBalance, "the legs of entry %d overflow", e.Seq)
		}
		pots[at].sum = sum
	}
	for i := range pots {
		if pots[i].sum != 0 {
			a.report.Fault(LegsBalance, "the legs of entry %d sum to %d tokens of %s %s", e.Seq, pots[i].sum, pots[i].currency, pots[i].class.Kind)
		}
	}
}

// movers are the kinds whose entries carry legs.
var movers = []journal.Kind{journal.Purchased, journal.HoldPlaced, journal.Captured, journal.Released, journal.HoldExpired,
	journal.Refunded, journal.Funded, journal.Granted, journal.Lapsed, journal.Transferred}

// legless checks that nothing moves where nothing should.
func (a *Auditor) legless(e *journal.Entry) {
	if len(e.Legs) > 0 && !slices.Contains(movers, e.Kind) {
		a.report.Fault(OneDebit, "entry %d (%s) moves tokens", e.Seq, e.Kind)
	}
}

// sheet is the movement of an entry per ledger account, in no order that matters.
type sheet struct{ rows []ledger.Leg }

// add books an amount; zero books nothing.
func (s *sheet) add(code ledger.Code, owner [16]byte, currency token.Currency, class token.Class, amount int64) {
	s.leg(ledger.Leg{Account: ledger.Account{Code: code, Owner: owner, Currency: currency, Class: class}, Amount: token.Amount(amount)})
}

func (s *sheet) leg(leg ledger.Leg) {
	for i := range s.rows {
		if s.rows[i].Account == leg.Account {
			s.rows[i].Amount += leg.Amount
			return
		}
	}
	s.rows = append(s.rows, leg)
}

// of returns what is booked on an account.
func (s *sheet) of(account *ledger.Account) token.Amount {
	for i := range s.rows {
		if s.rows[i].Account == *account {
			return s.rows[i].Amount
		}
	}
	return 0
}

// compare checks that the legs of an entry move exactly what is expected of it. Which
// invariant is broken depends on whose tokens moved.
func (a *Auditor) compare(e *journal.Entry, payer int) {
	actual := &a.actual
	actual.rows = actual.rows[:0]
	for i := range e.Legs {
		actual.leg(e.Legs[i])
	}
	for i := range a.expected.rows {
		a.compareRow(e, payer, &a.expected.rows[i].Account)
	}
	for i := range actual.rows {
		if a.expected.of(&actual.rows[i].Account) == 0 {
			a.compareRow(e, payer, &actual.rows[i].Account)
		}
	}
}

func (a *Auditor) compareRow(e *journal.Entry, payer int, account *ledger.Account) {
	want, got := a.expected.of(account), a.actual.of(account)
	if want == got {
		return
	}
	number := TokensOutstanding
	switch account.Code {
	case ledger.Wallet, ledger.Held:
		number = payer
	case ledger.VendorPayable, ledger.Fee:
		number = Division
	case ledger.PayeePayable:
		number = OneRoyalty
	case ledger.Cash:
		number = OutsideMoney
	}
	a.report.Fault(number, "entry %d (%s) moves %d tokens at %s, not %d", e.Seq, e.Kind, got, account.Code, want)
}

// post adds the legs of an entry to the balances.
func (a *Auditor) post(e *journal.Entry) {
	for i := range e.Legs {
		leg := &e.Legs[i]
		switch leg.Account.Code {
		case ledger.Wallet:
			a.account(token.AccountID(leg.Account.Owner)).wallet(leg.Account.Currency, leg.Account.Class).balance += int64(leg.Amount)
		case ledger.Held:
			a.account(token.AccountID(leg.Account.Owner)).wallet(leg.Account.Currency, leg.Account.Class).held += int64(leg.Amount)
		default:
			if a.resumed != nil {
				continue
			}
			was, known := a.books[leg.Account]
			if !known {
				a.owners.open(&leg.Account)
			}
			a.books[leg.Account] = was + int64(leg.Amount)
		}
	}
}

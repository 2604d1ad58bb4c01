package audit

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// transferred checks that tokens went from one reader's wallet to another's, all of them, and
// that the sender had them. The sender's account is looked at like that of every entry; the
// receiver's here.
func (a *Auditor) transferred(e *journal.Entry, acc *account) {
	t := e.Transfer()
	a.report.Checked(TokensOutstanding, 1)
	if t == nil || t.Amount <= 0 || t.To == e.Account || e.Account.IsZero() || t.To.IsZero() {
		a.report.Fault(TokensOutstanding, "entry %d transfers nothing to anybody", e.Seq)
		return
	}
	a.expected.rows = a.expected.rows[:0]
	a.expected.add(ledger.Wallet, e.Account, t.Currency, token.PurchasedClass, -int64(t.Amount))
	a.expected.add(ledger.Wallet, t.To, t.Currency, token.PurchasedClass, int64(t.Amount))
	a.compare(e, TokensOutstanding)
	if acc.frozen || a.account(t.To).frozen {
		a.report.Fault(OneDebit, "entry %d transfers from or to an account that is frozen", e.Seq)
	}
	a.report.Checked(CreditLines, 1)
	if w := acc.wallet(t.Currency, token.PurchasedClass); w.balance < 0 {
		a.report.Fault(CreditLines, "entry %d transfers what account %s did not have: %d %s are left", e.Seq, e.Account, w.balance, t.Currency)
	}
}

// receives looks at the stored account of who receives a transfer, before anything is posted.
func (a *Auditor) receives(e *journal.Entry) {
	if t := e.Transfer(); t != nil && !t.To.IsZero() {
		acc := a.account(t.To)
		a.fresh(e, t.To, acc)
		a.reach(acc, e.Seq)
	}
}

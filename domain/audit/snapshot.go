package audit

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// Snapshot is an account as a store keeps it: the fold of its entries up to Seq.
type Snapshot struct {
	Account    token.AccountID
	Seq        uint64
	Wallets    []Balance
	Limits     []limit.Limit
	Allowances []limit.Allowance
	Approvals  []limit.Approval
	Standing   journal.Standing
	Debts      []StoredDebt // of a vendor's account
	Desk       *StoredDesk  // of the account of approvals
	Owed       []ledger.Leg // of an owner's account: what stands on each row of the chart, see owner.go
	Sales      []Turnover
}

// Balance is one stored wallet.
type Balance struct {
	Currency              token.Currency
	Class                 token.Class
	Balance, Held, Credit token.Amount
	Terms                 *journal.Grant // of incentive tokens; an Auditor that resumes believes them
}

// Snapshot takes up a stored account. All snapshots come before the first block; each
// is compared where the fold stands at its Seq.
func (a *Auditor) Snapshot(s Snapshot) {
	if len(s.Owed)+len(s.Sales) > 0 {
		a.ownerSnapshot(s)
		return
	}
	acc := a.account(s.Account)
	if acc.stored != nil {
		a.report.Fault(StoredBalances, "account %s is stored twice", s.Account)
	}
	acc.stored = &s
}

// SnapshotsTo says up to which entry the snapshots stand for the journal: a store
// starts from them and reads on behind it. So none of them may lack an entry up to there. Owners
// are compared only where it is called before the first block.
func (a *Auditor) SnapshotsTo(seq uint64) { a.storedTo, a.owners.follows = seq, true }

// fresh checks that the stored account knows an entry that it should know.
func (a *Auditor) fresh(e *journal.Entry, id token.AccountID, acc *account) {
	if e.Seq <= a.storedTo && (acc.stored == nil || acc.stored.Seq < e.Seq) {
		a.report.Fault(StoredBalances, "account %s is stored as it was before entry %d, although what is stored stands for entries up to %d", id, e.Seq, a.storedTo)
	}
}

// reach compares the stored account before an entry beyond it is folded in. At the
// end, seq is beyond everything.
func (a *Auditor) reach(acc *account, seq uint64) {
	s := acc.stored
	if s == nil || seq <= s.Seq {
		return
	}
	acc.stored = nil
	a.report.Checked(StoredBalances, 1)
	a.compareWallets(acc, s)
	if len(s.Debts) > 0 || len(a.debts.of[s.Account]) > 0 {
		a.compareDebts(s)
	}
	if s.Account == journal.Approvals {
		a.compareDesk(s)
	}
	if len(s.Limits) != len(acc.limits) || len(s.Allowances) != len(acc.allowances) || len(s.Approvals) != len(acc.approvals) ||
		(s.Standing == journal.Frozen) != acc.frozen {
		a.report.Fault(StoredBalances, "account %s is stored with other permissions than its entries gave it", s.Account)
		return
	}
	for i := range s.Limits {
		l := &s.Limits[i]
		a.compareBound(acc.limits, &l.Counter, s, bound{id: l.ID, user: a.ids.number(l.User), vendor: a.ids.number(l.Vendor),
			currency: l.Currency, period: l.Period, most: int64(l.Max)})
	}
	for i := range s.Allowances {
		p := &s.Allowances[i]
		a.compareBound(acc.allowances, &p.Counter, s, bound{id: p.ID, user: a.ids.number(p.User), vendor: a.ids.number(p.Vendor),
			currency: p.Currency, period: p.Period, most: int64(p.Max), each: int64(p.PerPurchase), until: p.Until})
	}
	for i := range s.Approvals {
		a.report.Checked(StoredTerms, 1)
		if !slices.Contains(acc.approvals, s.Approvals[i]) {
			a.report.Fault(StoredTerms, "account %s is stored at entry %d with an approval limit of %d that its entries did not give it", s.Account, s.Seq, s.Approvals[i].Max)
		}
	}
}

func (a *Auditor) compareWallets(acc *account, s *Snapshot) {
	var seen, kept int
	for i := range s.Wallets {
		stored := &s.Wallets[i]
		w := acc.wallet(stored.Currency, stored.Class)
		if token.Amount(w.balance) != stored.Balance || token.Amount(w.held) != stored.Held || token.Amount(w.credit) != stored.Credit {
			a.report.Fault(StoredBalances, "account %s is stored at entry %d with %d (held %d, credit %d) %s %s; its entries give %d (%d, %d)",
				s.Account, s.Seq, stored.Balance, stored.Held, stored.Credit, stored.Currency, stored.Class.Kind, w.balance, w.held, w.credit)
		}
		if stored.Balance != 0 || stored.Held != 0 {
			seen++
		}
	}
	for i := range acc.wallets {
		if acc.wallets[i].balance != 0 || acc.wallets[i].held != 0 {
			kept++
		}
	}
	if seen != kept {
		a.report.Fault(StoredBalances, "account %s is stored at entry %d with %d wallets that are not empty; its entries give %d", s.Account, s.Seq, seen, kept)
	}
}

// compareBound compares a stored limit or allowance, and what was spent under it, with the
// fold's.
func (a *Auditor) compareBound(bounds []bound, counter *limit.Counter, s *Snapshot, stored bound) {
	a.report.Checked(StoredTerms, 1)
	for i := range bounds {
		b := &bounds[i]
		if b.id != stored.id {
			continue
		}
		given := *b
		if given.from, given.to, given.spent = 0, 0, 0; given != stored {
			a.report.Fault(StoredTerms, "account %s is stored at entry %d with a limit or allowance of other terms than its entries gave it", s.Account, s.Seq)
		}
		if counted := int64(counter.At(a.head.At)); counted != b.within(day(a.head.At)) {
			a.report.Fault(StoredBalances, "account %s is stored at entry %d as having spent %d in a window; its entries give %d",
				s.Account, s.Seq, counted, b.within(day(a.head.At)))
		}
		return
	}
	a.report.Fault(StoredBalances, "account %s is stored with a limit or allowance that its entries did not give it", s.Account)
}

// stored compares what was not reached on the way.
func (a *Auditor) stored() {
	for id, acc := range a.accounts {
		if acc.stored == nil {
			continue
		}
		if acc.stored.Seq > a.head.Seq {
			a.report.Fault(StoredBalances, "account %s is stored as of entry %d, beyond the journal's end", id, acc.stored.Seq)
		}
		a.reach(acc, ^uint64(0))
	}
	a.ownersAtTheEnd()
}

package audit

import (
	"maps"
	"slices"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// snapshotOf is an account as a store hands it to the auditor.
func snapshotOf(a *core.Account) Snapshot {
	s := Snapshot{Account: a.ID, Seq: a.Seq, Limits: a.Limits, Allowances: a.Allowances, Approvals: a.Approvals, Standing: a.Standing}
	for _, d := range a.Debts {
		s.Debts = append(s.Debts, StoredDebt{Currency: d.Currency, Owed: d.Owed, Max: d.Max, Bounded: d.Bounded})
	}
	if a.Desk != nil {
		s.Desk = &StoredDesk{Policies: a.Desk.Policies}
		for _, r := range a.Desk.Requests {
			s.Desk.Requests = append(s.Desk.Requests, StoredRequest(r))
		}
	}
	for _, b := range a.Balances {
		s.Owed = append(s.Owed, ledger.Leg{Account: ledger.Account{Code: b.Code, Currency: b.Currency, Class: b.Class}, Amount: b.Amount})
	}
	for _, t := range a.Sales {
		s.Sales = append(s.Sales, Turnover{Currency: t.Currency, Sold: t.Sold, Sales: t.Sales, Refunded: t.Refunded, Refunds: t.Refunds})
	}
	for _, w := range a.Wallets {
		balance := Balance{Currency: w.Currency, Class: w.Class, Balance: w.Balance, Held: w.Held, Credit: w.Credit}
		if w.Class.Kind == token.Incentive {
			balance.Terms = &journal.Grant{Campaign: w.Class.Campaign, Currency: w.Currency, Issuer: w.Issuer, Vendors: w.Vendors, Listed: w.Listed, Expiry: w.Expiry}
		}
		s.Wallets = append(s.Wallets, balance)
	}
	return s
}

// rules knows the one split of the histories.
func rules(id token.SplitID, version uint32) (royalty.Split, bool) {
	return split, id == split.ID && version == split.Version
}

// offersOf knows the offers of a history.
func (h *history) offersOf(id token.OfferID, version uint32) (Offer, bool) {
	offer, ok := h.offers[id]
	return offer, ok && version == 1
}

// block is an entry in a block of its own, as it comes out of one.
func block(head journal.Head, e *journal.Entry) decoded {
	b := &journal.Block{First: e.Seq, Count: 1, At: e.At, Prev: head.Hash, Hash: journal.Hash{byte(e.Seq), byte(e.Seq >> 8), 1}}
	return decoded{block: b, sum: b.Hash, entries: []*journal.Entry{e}}
}

// audited folds entries into an auditor.
func audited(a *Auditor, entries []*journal.Entry) *Auditor {
	for _, e := range entries {
		a.fold(block(a.head, e))
	}
	return a
}

// past answers from a history; with stored, by the newest account that was stored.
type past struct {
	h      *history
	stored bool
	asked  int
}

func (p *past) Account(id token.AccountID, before uint64) (Earlier, error) {
	p.asked++
	var earlier Earlier
	var from uint64
	if p.stored {
		for seq, all := range p.h.stored {
			for i := range all {
				if s := &all[i]; s.Account == id && seq < before && s.Seq > from {
					earlier.Stored, from = s, s.Seq
				}
			}
		}
	}
	for _, e := range p.h.entries {
		if e.Seq > from && e.Seq < before && slices.Contains(e.Accounts(nil), id) {
			earlier.Entries = append(earlier.Entries, e)
		}
	}
	return earlier, nil
}

func (p *past) Order(id token.OrderID, before uint64) (entries []*journal.Entry, err error) {
	for _, e := range p.h.entries {
		if e.Order == id && e.Seq < before && (e.By != id) {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (p *past) Credited(event Event, before uint64) (bool, error) {
	return slices.ContainsFunc(p.h.entries, func(e *journal.Entry) bool {
		return e.Kind == journal.Funded && e.Fund != nil && e.Seq < before && e.Fund.Method == event.Method && e.Fund.Reference == event.Reference
	}), nil
}

func (h *history) head(seq uint64) journal.Head {
	if seq == 0 {
		return journal.Head{}
	}
	return block(journal.Head{}, h.entries[seq-1]).block.Head()
}

func (h *history) complain(t *testing.T, what string, r Report) {
	t.Helper()
	for _, check := range r.Checks {
		for _, fault := range check.Faults {
			t.Errorf("%s: %d: %s", what, check.Number, fault)
		}
	}
}

// What the core does holds, at every bound: for who audits all of it, who compares what is stored at
// any time, and who begins at any entry.
func TestHistoriesHold(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(histories)) {
		t.Run(name, func(t *testing.T) {
			h := newHistory(t)
			histories[name](h)
			h.store()
			a := New(rules)
			a.KnowOffers(h.offersOf)
			audited(a, h.entries)
			report := a.Report()
			h.complain(t, "from the first entry on", report)
			if n := uint64(len(h.entries)); report.Entries != n || report.Blocks != n || report.Head != h.head(n) {
				t.Errorf("%d entries in %d blocks up to %s, of %d", report.Entries, report.Blocks, report.Head, n)
			}
			for seq, snapshots := range h.stored {
				report := h.compared(seq, snapshots...)
				h.complain(t, "compared with what is stored", *report)
				for _, check := range report.Checks {
					if check.Number == StoredBalances && check.Rows == 0 {
						t.Errorf("nothing stored at %d is compared", seq)
					}
				}
			}
			for from := range uint64(len(h.entries)) {
				if from > 0 && h.entries[from-1].Kind == journal.ApprovalGiven {
					continue // what is approved is done in the same block
				}
				for _, stored := range []bool{false, true} {
					a := Resume(rules, &past{h: h, stored: stored}, h.head(from))
					a.KnowOffers(h.offersOf)
					audited(a, h.entries[from:])
					if f := a.Found(); f != nil || a.Err() != nil || a.Skipped() != 0 {
						t.Errorf("from entry %d on: %+v, %v, %d are skipped", from+1, f, a.Err(), a.Skipped())
					}
				}
			}
		})
	}
}

package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// shop is a vendor; of each price it gets all but what the provider takes, where it takes any.
func shop(n uint64) token.VendorID { return ID('v', n) }

// sell has a reader buy something of a vendor for so many cents.
func (w *world) sell(e *store.Engine, vendor, reader uint64, price int64) {
	w.Helper()
	o := w.order(fmt.Sprint("item", w.serial), price)
	w.serial++
	o.Vendor, o.Opened.Item.Repeatable = shop(vendor), true
	w.do(e, o)
	w.do(e, pay(o, reader))
}

// earned is how many cents vendors are owed.
type earned map[uint64]int64

// check compares what vendors are owed and sold with what they should, and what all are together;
// and everything that is stored with the journal.
func (c earned) check(w *world, e *store.Engine, paidOut int64) {
	w.Helper()
	usd, all := token.MustCurrency("USD"), int64(0)
	for n, want := range c {
		a, err := e.Owner(w.Context(), shop(n))
		w.must(err)
		if got := a.Balance(ledger.VendorPayable, usd, token.PurchasedClass); int64(got) != want*10_000 {
			w.Errorf("vendor %d is owed %d, want %d cents", n, got, want)
		}
		all += want
	}
	a, err := e.Owner(w.Context(), [16]byte{})
	w.must(err)
	if got := a.Balance(ledger.VendorPayable, usd, token.PurchasedClass); int64(got) != all*10_000 {
		w.Errorf("all vendors are owed %d, want %d cents", got, all)
	}
	if len(a.Sales) != 1 || int64(a.Sales[0].Sold) != (all+paidOut)*10_000 {
		w.Errorf("all vendors sold %+v, want %d cents", a.Sales, all+paidOut)
	}
	w.checkAccounts(e)
}

// payOut is what a payout will be: a vendor gets what it is owed, and no more.
type payOut struct {
	vendor uint64
	cents  int64
}

func (c *payOut) account() ledger.Account {
	return ledger.Account{Code: ledger.VendorPayable, Owner: shop(c.vendor), Currency: token.MustCurrency("USD")}
}

// Need asks for what the vendor is owed.
func (c *payOut) Need(_ *core.State, f *core.Facts) { f.Balance(c.account()) }

// Decide refuses where that does not suffice.
func (c *payOut) Decide(s *core.State, _ int64) (core.Outcome, error) {
	amount := token.Amount(c.cents) * 10_000
	if err := s.CheckBalance(c.account(), amount); err != nil {
		return core.Outcome{}, err
	}
	cash := ledger.Account{Code: ledger.Cash, Currency: token.MustCurrency("USD")}
	return core.Outcome{Entry: &journal.Entry{Legs: []ledger.Leg{{Account: c.account(), Amount: -amount}, {Account: cash, Amount: amount}}}}, nil
}

// testOwners: what vendors are owed is neither lost nor counted twice where they are far more than
// memory holds, where snapshots and runs were written, lost and made again, or by a stop that
// nobody expected.
func testOwners(t *testing.T, w *world) {
	const vendors = 60
	w.reopen(small)
	owed, paid := earned{}, int64(0)
	for n := range uint64(5) {
		w.do(w.Engine, w.fund(n, 10_000))
	}
	for i := range uint64(240) {
		vendor, price := i*7%vendors, int64(1+i%9)
		w.sell(w.Engine, vendor, i%5, price)
		owed[vendor] += price
	}
	owed.check(w, w.Engine, paid)
	if s := w.Stats(); s.Accounts > 100 {
		t.Errorf("%d accounts are in memory", s.Accounts)
	}
	for n := range uint64(vendors) {
		if _, err := w.Do(t.Context(), &payOut{n, owed[n] + 1}); token.CodeOf(err) != token.CodeFundsMissing {
			t.Errorf("vendor %d was paid more than it is owed: %v", n, err)
		}
	}
	w.do(w.Engine, &payOut{7, owed[7]})
	owed[7], paid = 0, owed[7]
	w.reopen(small)
	owed.check(w, w.Engine, paid)
	w.must(w.Close(t.Context()))
	crashed := w.crashing()
	w.sell(crashed, 8, 1, 5) // known to the tail alone
	w.sell(crashed, 999, 1, 5)
	owed[8], owed[999] = owed[8]+5, 5
	w.Engine = w.open(small)
	owed.check(w, w.Engine, paid)
	w.must(w.Close(t.Context()))
	w.lose(0) // as after an upgrade from a version that did not keep them
	w.Engine = w.open(small)
	owed.check(w, w.Engine, paid)
	deposits, err := w.Find(t.Context(), journal.TermDeposits(payer(3)), nil, 0, 10)
	w.must(err)
	if len(deposits) != 1 || deposits[0].Fund.Amount != 10_000*10_000 {
		t.Errorf("the deposits are %+v", deposits)
	}
	test := w.fund(3, 900)
	test.Fund.Test, test.Fund.Reference = true, ""
	w.do(w.Engine, test)
	if deposits, err := w.Find(t.Context(), journal.TermDeposits(payer(3)), nil, 0, 10); err != nil || len(deposits) != 1 {
		t.Errorf("test tokens are deposits: %+v, %v", deposits, err)
	}
	owed.check(w, w.Engine, paid)
}

// testOwnersCut takes the end of the journal away: what was sold there is not owed any more.
func testOwnersCut(t *testing.T, w *world) {
	for _, flushed := range []bool{false, true} {
		w.reopen(store.Options{})
		w.do(w.Engine, w.fund(1, 1000))
		before, err := w.Owner(t.Context(), shop(3))
		w.must(err)
		start := w.Head().Seq
		w.sell(w.Engine, 3, 1, 40)
		if flushed {
			w.must(w.Flush(t.Context()))
		}
		w.cutJournal(start)
		_, _ = w.Do(t.Context(), w.fund(1, 1)) // finds out, or was told
		w.do(w.Engine, w.fund(1, 1))
		after, err := w.Owner(t.Context(), shop(3))
		w.must(err)
		if len(after.Balances) != len(before.Balances) {
			t.Errorf("a sale that was lost is owed: %+v", after)
		}
		w.checkAccounts(w.Engine)
	}
}

// testOwnersAside looks at who is owed what while a commit waits: what it brings is not shown.
func testOwnersAside(t *testing.T, w *world) {
	held, goOn := make(chan struct{}), make(chan struct{})
	var hold atomic.Bool
	f := &faulty{Database: w.db, after: func(int64) error {
		if hold.Swap(false) {
			close(held)
			<-goOn
		}
		return nil
	}}
	w.do(w.Engine, w.fund(1, 100))
	w.sell(w.Engine, 1, 1, 7)
	w.reopen(store.Options{}) // the rest is known to a snapshot, and to a tail
	w.must(w.Close(t.Context()))
	e := w.openOn(f, store.Options{Moment: 20 * time.Millisecond, Answer: 200 * time.Millisecond})
	w.sell(e, 1, 1, 8)
	w.sell(e, 2, 1, 9)
	hold.Store(true)
	_, err := e.Do(t.Context(), w.fund(1, 50))
	<-held
	if token.CodeOf(err) != token.CodeCommitUnknown {
		t.Errorf("whose commit waits: %v", err)
	}
	of := func(owner [16]byte, code ledger.Code) token.Amount {
		t.Helper()
		a, err := e.Owner(t.Context(), owner)
		w.must(err)
		return a.Balance(code, token.MustCurrency("USD"), token.PurchasedClass)
	}
	if one, two, all, cash := of(shop(1), ledger.VendorPayable), of(shop(2), ledger.VendorPayable), of([16]byte{}, ledger.VendorPayable), of([16]byte{}, ledger.Cash); one != 150_000 || two != 90_000 || all != 240_000 || cash != -1_000_000 {
		t.Errorf("while a commit waits owed are %d, %d, in all %d, for %d", one, two, all, cash)
	}
	close(goOn)
	w.until("all is well", func() bool { return len(e.Problems()) == 0 })
	w.checkAccounts(e)
}

// testReplicasOwners: replicas sell, and pay out together no more than was owed; each knows what the
// others did.
func testReplicasOwners(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.Engine, w.open(small), w.open(small)}
	w.do(w.Engine, w.fund(1, 10_000))
	owed := earned{}
	for i := range uint64(60) {
		w.sell(replicas[i%3], i%20, 1, 10)
		owed[i%20] += 10
	}
	var next, paid atomic.Int64
	w.must(each(9, func() error {
		for i := next.Add(1) - 1; i < 90; i = next.Add(1) - 1 {
			switch _, err := replicas[i%3].Do(t.Context(), &payOut{5, 1}); {
			case err == nil:
				paid.Add(1)
			case token.CodeOf(err) != token.CodeFundsMissing:
				return err
			}
			if i%30 == 0 {
				if err := replicas[i%3].Flush(t.Context()); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	if paid.Load() != 30 {
		t.Errorf("%d cents were paid, of 30", paid.Load())
	}
	owed[5] -= 30
	for _, e := range replicas {
		owed.check(w, e, 30)
	}
}

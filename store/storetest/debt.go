package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// gift is a grant of cents by a vendor's campaign, good for a while.
func (w *world) gift(vendor, n uint64, cents int64, life time.Duration) *core.Grant {
	w.serial++
	return &core.Grant{Account: payer(n), Key: journal.NewKey(ID('v', vendor), "grant", fmt.Sprint(w.serial), nil), Grant: journal.Grant{
		Campaign: ID('g', vendor), Amount: token.Amount(cents) * 10_000, Currency: token.MustCurrency("USD"), Issuer: ID('v', vendor),
		Expiry: w.clock.millis.Load() + life.Milliseconds()}}
}

// owed is what a vendor's tokens come to, in cents, as an engine knows it.
func (w *world) owed(e *store.Engine, vendor uint64) int64 {
	w.Helper()
	a, err := e.Account(w.Context(), journal.IssuerAccount(ID('v', vendor)))
	w.must(err)
	return int64(a.Debt(token.MustCurrency("USD")).Owed) / 10_000
}

// bound lets every vendor give tokens of so many cents.
func (w *world) bound(e *store.Engine, cents int64) {
	w.Helper()
	w.do(e, &core.BoundIncentives{Max: token.Amount(cents) * 10_000, AsOf: e.Head().Seq})
}

// What vendors' incentive tokens come to is kept like a balance: in snapshots, and made again
// from the journal after a stop that nobody expected.
func testIncentiveDebt(t *testing.T, w *world) {
	w.reopen(small)
	w.bound(w.Engine, 100)
	want := map[uint64]int64{}
	for i := range uint64(120) {
		vendor, n := i%3, i%17
		switch _, err := w.Do(t.Context(), w.gift(vendor, n, 4, time.Hour)); {
		case err == nil:
			want[vendor] += 4
		case token.CodeOf(err) != token.CodeIncentiveDebt:
			t.Fatal(err)
		}
		w.do(w.Engine, w.fund(n+100, 1)) // others, so that runs are written and accounts leave memory
		w.do(w.Engine, w.fund(n+200, 1))
	}
	check := func(e *store.Engine) {
		t.Helper()
		for vendor := range uint64(3) {
			if got := w.owed(e, vendor); got != want[vendor] || got > 100 {
				t.Errorf("vendor %d owes %d, want %d, at most 100", vendor, got, want[vendor])
			}
			if _, err := e.Do(t.Context(), w.gift(vendor, 1, 101-want[vendor], time.Hour)); token.CodeOf(err) != token.CodeIncentiveDebt {
				t.Errorf("vendor %d gave more than it may: %v", vendor, err)
			}
		}
		w.checkAccounts(e)
	}
	check(w.Engine)
	w.reopen(small)
	check(w.Engine)
	w.clock.millis.Add(2 * time.Hour.Milliseconds())
	for n := range uint64(9) {
		for vendor := range uint64(3) {
			out := w.do(w.Engine, &core.Lapse{Account: payer(n), Campaign: ID('g', vendor), Currency: token.MustCurrency("USD")})
			if out.Entry != nil {
				want[vendor] -= int64(out.Entry.Grant.Amount) / 10_000
			}
		}
	}
	w.must(w.Close(t.Context()))
	crashed := w.crashing()
	w.do(crashed, w.gift(2, 1, 1, time.Hour)) // known to the tail alone
	want[2]++
	check(w.open(small))
}

// Replicas together give no more than one could.
func testReplicasDebt(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.Engine, w.open(small), w.open(small)}
	w.bound(w.Engine, 50)
	var next, given atomic.Int64
	gifts := make([]*core.Grant, 90)
	for i := range gifts {
		gifts[i] = w.gift(7, uint64(i%5), 1, time.Hour)
	}
	w.must(each(9, func() error {
		for i := next.Add(1) - 1; i < int64(len(gifts)); i = next.Add(1) - 1 {
			switch _, err := replicas[i%3].Do(t.Context(), gifts[i]); {
			case err == nil:
				given.Add(1)
			case token.CodeOf(err) != token.CodeIncentiveDebt:
				return err
			}
		}
		return nil
	}))
	for _, e := range replicas {
		if got := w.owed(e, 7); got != 50 || given.Load() != 50 {
			t.Errorf("%d cents were given, and %d are owed, of 50", given.Load(), got)
		}
		w.checkAccounts(e)
	}
}

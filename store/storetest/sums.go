package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// testSums has several followers count at the same time: each entry counts once, and the
// sums are those of the journal's legs.
func testSums(t *testing.T, w *world) {
	w.do(w.Engine, w.fund(1, 5000))
	orders := make([]*core.OpenOrder, 6)
	for i := range orders {
		orders[i] = w.order(fmt.Sprint("item", i), int64(10+i))
		w.do(w.Engine, orders[i])
		w.do(w.Engine, pay(orders[i], 1))
	}
	w.do(w.Engine, &core.Refund{Order: orders[0].ID, Vendor: orders[0].Vendor, Amount: 30_000, Key: journal.NewKey(orders[0].Vendor, "refund", "one", nil)})
	test := w.fund(2, 900)
	test.Fund.Test, test.Fund.Reference = true, ""
	w.do(w.Engine, test)
	w.followTo(t, 4)

	sums := store.NewSums(w.db, nil)
	head, err := sums.Head(t.Context())
	w.must(err)
	if head.Seq != w.Head().Seq || head.Hash != w.Head().Hash {
		t.Fatalf("counted up to %d, the journal ends at %d", head.Seq, w.Head().Seq)
	}
	want, vendor := map[string]token.Amount{ledger.SumSales: 750_000, ledger.SumRefunds: 30_000}, token.VendorID(ID('v', 1))
	for _, e := range w.checkChain(w.Engine) {
		for _, leg := range e.Legs {
			if leg.Account.Class.Kind != token.Test {
				want[leg.Account.Code.String()] += leg.Amount
			}
		}
	}
	got := map[string]token.Amount{}
	all, err := sums.All(t.Context())
	w.must(err)
	for _, one := range all {
		got[one.Name] += one.Amount
		if one.Name == ledger.SumSales && one.Count != int64(len(orders)) {
			t.Errorf("%d sales were counted", one.Count)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the sums are %v, want %v", got, want)
	}
	of, err := sums.Of(t.Context(), vendor)
	w.must(err)
	if len(of) != 3 || of[2].Name != "vendor_payable" || of[2].Amount != want["vendor_payable"] {
		t.Errorf("the vendor's sums are %+v", of)
	}
	deposits, err := sums.Deposits(t.Context(), payer(1), 10)
	w.must(err)
	if len(deposits) != 1 || deposits[0].Amount != 50_000_000 || deposits[0].Seq != 1 || deposits[0].Method != "card" {
		t.Errorf("the deposits are %+v", deposits)
	}
	if none, err := sums.Deposits(t.Context(), payer(2), 10); err != nil || len(none) != 0 {
		t.Errorf("test tokens are deposits: %+v, %v", none, err)
	}
}

// What was added up may wait, and is written with what came later; another follower's writing
// in between takes nothing twice.
func testSumsWait(t *testing.T, w *world) {
	patient, other := store.NewSums(w.db, w.Engine), store.NewSums(w.db, nil)
	want := int64(0)
	count := func(sums *store.Sums, now bool) int64 {
		t.Helper()
		for more := true; more; {
			var err error
			more, err = sums.Follow(t.Context(), now)
			w.must(err)
		}
		all, err := sums.All(t.Context())
		w.must(err)
		if len(all) == 0 {
			return 0
		}
		return all[len(all)-1].Count
	}
	for range 4 {
		for range 3 {
			w.do(w.Engine, w.fund(1, 100))
			want++
			count(patient, false)
		}
		if got := count(other, true); got != want {
			t.Errorf("%d entries are counted, want %d", got, want)
		}
		w.do(w.Engine, w.fund(1, 100))
		want++
		if got := count(patient, true); got != want {
			t.Errorf("%d entries are counted after another follower, want %d", got, want)
		}
	}
}

// testSumsTakenOver has another server take over before what was added up is written. Entries that
// it lacks are not counted.
func testSumsTakenOver(t *testing.T, w *world) {
	foreign := 0 // entries, which move nothing
	for after := range 4 {
		t.Run(fmt.Sprintf("%d entries more", after), func(t *testing.T) {
			w.reopen(store.Options{})
			start := w.Head().Seq
			for n := range uint64(4) {
				w.do(w.Engine, w.fund(n, 100))
			}
			sums := store.NewSums(w.db, w.Engine)
			for counted := false; !counted; {
				more, err := sums.Follow(t.Context(), false)
				w.must(err)
				counted = !more
			}
			w.cutJournal(start + 2)
			for range after {
				w.append(w.foreignEntry())
				foreign++
			}
			_, err := sums.Follow(t.Context(), true)
			w.must(err)
			head, err := sums.Head(t.Context())
			w.must(err)
			if head.Seq != 0 && (head.Seq > start+2+uint64(after) || w.blockHead(head.Seq).Hash != head.Hash) {
				t.Errorf("counted up to %s, which the journal does not hold", head)
			}
			w.do(w.Engine, w.fund(1, 100)) // finds out
			for more := true; more; {
				more, err = sums.Follow(t.Context(), true)
				w.must(err)
			}
			all, err := sums.All(t.Context())
			w.must(err)
			if want := int64(w.Head().Seq) - int64(foreign); len(all) != 2 || all[1].Count != want {
				t.Errorf("of %d entries the sums count %+v", want, all)
			}
		})
	}
}

// testSumsImpatient: who wants the sums waits for another follower, whose write waits for the
// database, no longer than she wants to.
func testSumsImpatient(t *testing.T, w *world) {
	l := &locked{Database: w.db, arrived: make(chan struct{}, 1)}
	l.held.Store(true)
	w.do(w.Engine, w.fund(1, 100))
	sums := store.NewSums(l, w.Engine)
	ctx, stop := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := sums.Follow(ctx, true)
		first <- err
	}()
	<-l.arrived
	over, end := context.WithCancel(t.Context())
	end()
	second := make(chan error, 1)
	go func() {
		_, err := sums.Follow(over, true)
		second <- err
	}()
	select {
	case err := <-second:
		if err == nil {
			t.Error("who was given up was answered")
		}
	case <-time.After(bound):
		t.Error("who was given up waits for another follower")
	}
	stop()
	if err := <-first; err == nil {
		t.Error("a write that was given up was done")
	}
}

// followTo lets so many followers count until nothing is left; every second one takes from
// the engine what it has in memory.
func (w *world) followTo(t *testing.T, followers int) {
	t.Helper()
	var number atomic.Int32
	w.must(each(followers, func() error {
		engine := w.Engine
		if number.Add(1)%2 == 0 {
			engine = nil
		}
		sums := store.NewSums(w.db, engine)
		for {
			if more, err := sums.Follow(t.Context(), true); err != nil || !more {
				return err
			}
		}
	}))
}

// testSumsBeginAgain: what was counted of another journal is forgotten.
func testSumsBeginAgain(t *testing.T, w *world) {
	for range 3 {
		w.do(w.Engine, w.fund(1, 100))
		w.followTo(t, 1)
	}
	for _, damage := range []string{
		`UPDATE ledger_sums_head SET seq = seq + 5`,                                            // the journal is shorter
		`UPDATE ledger_sums_head SET hash = (SELECT hash FROM block WHERE first = 1)`,          // it ends otherwise
		`UPDATE ledger_sums_head SET seq = 2, hash = (SELECT hash FROM block WHERE first = 1)`, // and goes on otherwise
	} {
		w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), damage)
			return err
		}))
		w.followTo(t, 2)
		all, err := store.NewSums(w.db, nil).All(t.Context())
		w.must(err)
		if len(all) != 2 || all[1].Name != "wallet" || all[1].Amount != 3_000_000 || all[1].Count != 3 {
			t.Errorf("after %s the sums are %+v", damage, all)
		}
	}
}

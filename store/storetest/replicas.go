package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// shared skips a test of several engines on one database where only one is allowed.
func (w *world) shared() {
	if !w.db.Shared() {
		w.Skip("one process has this database for itself")
	}
}

func testReplicas(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.Engine, w.open(small), w.open(small)}
	for round := range 5 {
		w.do(replicas[round%3], w.fund(1, 10))
		orders := make([]*core.OpenOrder, 48)
		for i := range orders {
			orders[i] = w.order(fmt.Sprint("item", round, i), 10)
			w.do(replicas[i%3], orders[i])
		}
		w.buyOnce(orders, func(i int) *store.Engine { return replicas[i%3] })
	}
	// One key handed to all of them does one thing.
	cmd := w.fund(2, 100)
	var next, fresh atomic.Int64
	w.must(each(12, func() error {
		out, err := replicas[next.Add(1)%3].Do(t.Context(), cmd)
		if err == nil && !out.Replayed {
			fresh.Add(1)
		}
		return err
	}))
	if fresh.Load() != 1 {
		t.Errorf("one key did something %d times", fresh.Load())
	}
	for _, e := range replicas {
		if got := w.balance(e, 1); got != 0 {
			t.Errorf("balance %d", got)
		}
		w.checkAccounts(e)
	}
}

func testReplicasRead(t *testing.T, w *world) {
	w.shared()
	other := w.open(small)
	for i := range 20 {
		out := w.do(w.Engine, w.fund(1, 100))
		if got := w.balance(other, 1); int64(got) != int64(i+1)*1_000_000 {
			t.Fatalf("the other replica reads %d after %d fundings", got, i+1)
		}
		out = w.do(w.Engine, w.fund(1, 0+100))
		found, err := other.Find(t.Context(), journal.TermAccount(payer(1)), nil, 0, 1)
		w.must(err)
		if len(found) != 1 || found[0].Seq != out.Entry.Seq {
			t.Fatalf("the other replica finds %+v", found)
		}
		o := w.order("x", 1)
		w.do(other, o)
		if got, err := w.Order(t.Context(), o.ID); err != nil || got.Status != core.Open {
			t.Fatalf("order at the other replica: %+v, %v", got, err)
		}
		w.do(w.Engine, w.fund(1, 1))
		w.do(other, &core.Fund{Account: payer(3), Fund: w.fund(3, 1).Fund})
		drain := w.balance(w.Engine, 1)
		if _, err := w.buy(other, 1, fmt.Sprint("all", i), int64(drain)/10_000); err != nil {
			t.Fatal(err)
		}
		w.do(w.Engine, w.fund(1, int64(i+1)*100))
	}
}

func testReplicasFlush(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.open(small), w.open(small), w.open(small)}
	var next atomic.Int64
	commands := make([]*core.Fund, 900)
	for i := range commands {
		commands[i] = w.fund(uint64(i%40), 100)
	}
	w.must(each(9, func() error {
		for i := next.Add(1) - 1; i < int64(len(commands)); i = next.Add(1) - 1 {
			if _, err := replicas[i%3].Do(t.Context(), commands[i]); err != nil {
				return err
			}
			if i%60 == 0 {
				if err := replicas[i%3].Flush(t.Context()); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	for _, e := range replicas {
		w.checkAccounts(e)
		for i, cmd := range commands {
			if out := w.do(e, cmd); !out.Replayed {
				t.Fatalf("command %d was done again", i)
			}
		}
		found, err := e.Find(t.Context(), journal.TermAccount(payer(3)), nil, 0, 1000)
		w.must(err)
		if want := 900/40 + 1; len(found) != want {
			t.Errorf("found %d entries, want %d", len(found), want)
		}
		for i := 1; i < len(found); i++ {
			if found[i].Seq >= found[i-1].Seq {
				t.Fatalf("found %d after %d", found[i].Seq, found[i-1].Seq)
			}
		}
	}
}

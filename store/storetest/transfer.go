package storetest

import (
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// transfer is a command that sends cents from one wallet to another.
func (w *world) transfer(from, to uint64, cents int64) *core.Transfer {
	c := &core.Transfer{From: payer(from), User: ID('u', from), Key: journal.NewKey(payer(from), "transfer", token.NewID[token.OrderKind](w.maker).String(), nil)}
	c.Transfer = journal.Transfer{To: payer(to), Amount: token.Amount(cents) * 10_000, Currency: token.MustCurrency("USD")}
	return c
}

// cents is what wallets hold that each were given so many.
type cents map[uint64]int64

// check compares all wallets with what they should hold, what is stored with the journal, and
// looks whether the receiver of the newest transfer finds it.
func (c cents) check(w *world, e *store.Engine, newest *core.Transfer) {
	w.Helper()
	for n, want := range c {
		if got := w.balance(e, n); int64(got) != want*10_000 {
			w.Errorf("wallet %d holds %d, want %d cents", n, got, want)
		}
	}
	w.checkAccounts(e)
	for _, id := range []token.AccountID{newest.From, newest.To} {
		found, err := e.Find(w.Context(), journal.TermAccount(id), func(entry *journal.Entry) bool { return entry.Key == newest.Key }, 0, 1)
		w.must(err)
		if len(found) != 1 {
			w.Errorf("account %s does not find the transfer", id)
		}
	}
}

// testTransfer: one entry changes two accounts. Neither change is lost where accounts have
// left the memory, where snapshots and runs were written, or by a stop that nobody expected.
func testTransfer(t *testing.T, w *world) {
	w.reopen(small)
	held := cents{}
	send := func(e *store.Engine, from, to uint64, amount int64) *core.Transfer {
		c := w.transfer(from, to, amount)
		w.do(e, c)
		held[from], held[to] = held[from]-amount, held[to]+amount
		return c
	}
	for n := range uint64(40) {
		w.do(w.Engine, w.fund(n, 100))
		held[n] += 100
	}
	var newest *core.Transfer
	for i := range uint64(90) {
		newest = send(w.Engine, i%20, 20+i%23, 1)
	}
	held.check(w, w.Engine, newest)
	if _, err := w.Do(t.Context(), w.transfer(1, 2, held[1]+1)); token.CodeOf(err) != token.CodeFundsMissing {
		t.Errorf("more was sent than there was: %v", err)
	}
	if out := w.do(w.Engine, newest); !out.Replayed {
		t.Error("a transfer was done twice")
	}
	w.reopen(small)
	held.check(w, w.Engine, newest)
	newest = send(w.Engine, 1, 77, 3) // an account that has no entry of its own
	w.must(w.Flush(t.Context()))
	w.reopen(small)
	held.check(w, w.Engine, newest)
	w.must(w.Close(t.Context()))
	crashed := w.crashing()
	send(crashed, 2, 3, 5)
	newest = send(crashed, 3, 78, 7) // known to the tail alone
	held.check(w, w.open(small), newest)
}

// testReplicasTransfer: replicas send to and fro, and each reads what the others did.
func testReplicasTransfer(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.Engine, w.open(small), w.open(small)}
	held := cents{}
	for n := range uint64(6) {
		w.do(w.Engine, w.fund(n, 50))
		held[n] = 50
	}
	commands := make([]*core.Transfer, 240)
	for i := range commands {
		from, to := uint64(i%6), uint64((i*5+1)%7)
		if from == to {
			to = 6
		}
		commands[i] = w.transfer(from, to, 1)
		held[from]--
		held[to]++
	}
	var next atomic.Int64
	w.must(each(9, func() error {
		for i := next.Add(1) - 1; i < int64(len(commands)); i = next.Add(1) - 1 {
			if _, err := replicas[i%3].Do(t.Context(), commands[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, e := range replicas {
		held.check(w, e, commands[len(commands)-1])
	}
}

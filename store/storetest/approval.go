package storetest

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// staffOf is one of the staff.
func staffOf(n uint64, role journal.Role) journal.Staff {
	return journal.Staff{User: ID('u', 1000+n), Role: role}
}

// ask is a request to credit cents to a wallet, by a representative.
func (w *world) ask(n uint64, cents int64) *core.Instruct {
	w.serial++
	reference := strconv.FormatUint(w.serial, 10)
	return &core.Instruct{By: staffOf(1, journal.Representative), LapsesAt: w.clock.millis.Load() + 3_600_000,
		Key: journal.NewKey([16]byte{1}, "ask", reference, nil),
		Instruction: journal.Instruction{Account: payer(n), Fund: &journal.Fund{
			Amount: token.Amount(cents) * 10_000, Currency: token.MustCurrency("USD"), Method: journal.ByOperator, Reference: reference}}}
}

// asked hands a request in, and returns an approval of it.
func (w *world) asked(e *store.Engine, c *core.Instruct) *core.Approve {
	w.Helper()
	out := w.do(e, c)
	if out.Entry == nil || out.Entry.Kind != journal.ApprovalAsked {
		w.Fatalf("nothing was asked: %+v", out.Entry)
	}
	return &core.Approve{Request: out.Entry.Seq, By: staffOf(2, journal.Supervisor), Digest: out.Entry.Asked().Digest}
}

// has compares a wallet with what it should hold.
func (w *world) has(e *store.Engine, n uint64, cents int64) {
	w.Helper()
	if got := w.balance(e, n); int64(got) != cents*10_000 {
		w.Errorf("wallet %d holds %d, want %d cents", n, got, cents)
	}
}

// testApproval: an approval and what it leads to are one step, whether what they change is in
// memory, in snapshots, or in the tail alone; and each is done once.
func testApproval(t *testing.T, w *world) {
	w.reopen(small)
	first := w.asked(w.Engine, w.ask(1, 100))
	refused := w.asked(w.Engine, w.ask(1, 7))
	late := w.ask(2, 9)
	late.LapsesAt = w.clock.millis.Load() + 1800_000
	lapses := w.asked(w.Engine, late)
	for n := range uint64(40) { // so that the requests are in snapshots
		w.do(w.Engine, w.fund(10+n, 1))
	}
	w.reopen(small)
	out := w.do(w.Engine, first)
	if out.Then == nil || out.Then.Seq != out.Entry.Seq+1 || out.Then.Kind != journal.Funded {
		t.Fatalf("approved, and then %+v", out.Then)
	}
	page, err := w.Entries(t.Context(), out.Entry.Seq, 2)
	w.must(err)
	if len(page) != 2 || page[1].Kind != journal.Funded {
		t.Errorf("the journal says %+v", page)
	}
	w.has(w.Engine, 1, 100)
	if again := w.do(w.Engine, first); !again.Replayed || again.Entry.Seq != out.Entry.Seq {
		t.Errorf("approved again: %+v", again)
	}
	other := *first
	other.By = staffOf(3, journal.Operator)
	if _, err := w.Do(t.Context(), &other); token.CodeOf(err) != token.CodeApprovalClosed {
		t.Errorf("a third person: %v", err)
	}
	w.do(w.Engine, &core.Refuse{Request: refused.Request, By: staffOf(2, journal.Supervisor)})
	w.clock.millis.Add(1800_000)
	w.do(w.Engine, &core.LapseRequest{Request: lapses.Request})
	w.reopen(small)
	for _, c := range []*core.Approve{refused, lapses} {
		if _, err := w.Do(t.Context(), c); token.CodeOf(err) != token.CodeApprovalClosed {
			t.Errorf("request %d: %v", c.Request, err)
		}
	}
	w.checkAccounts(w.Engine)

	// A process that ends at once has done both or nothing, and who asks again is answered.
	w.must(w.Close(t.Context()))
	crashed := w.crashing()
	command := w.ask(3, 30)
	last := w.asked(crashed, command)
	done := w.do(crashed, last)
	next := w.open(small)
	w.has(next, 3, 30)
	if again := w.do(next, last); !again.Replayed || again.Entry.Seq != done.Entry.Seq {
		t.Errorf("approved again after a crash: %+v", again)
	}
	if again := w.do(next, command); !again.Replayed {
		t.Errorf("asked again with the key: %+v", again)
	}
	w.has(next, 3, 30)
	w.checkAccounts(next)
}

// testReplicasApprove: several people approve on several replicas, each more than once, and each
// request is done once.
func testReplicasApprove(t *testing.T, w *world) {
	w.shared()
	replicas := []*store.Engine{w.Engine, w.open(small), w.open(small)}
	const requests, tries = 12, 9
	var commands []*core.Approve
	for i := range requests {
		c := w.asked(replicas[i%3], w.ask(uint64(i), 10))
		for n := range uint64(tries) {
			approval := *c
			approval.By = staffOf(2+n%3, journal.Supervisor)
			commands = append(commands, &approval)
		}
	}
	var next, fresh atomic.Int64
	w.must(each(9, func() error {
		for i := next.Add(1) - 1; i < int64(len(commands)); i = next.Add(1) - 1 {
			out, err := replicas[i%3].Do(t.Context(), commands[i])
			if err != nil && token.CodeOf(err) != token.CodeApprovalClosed {
				return err
			}
			if err == nil && !out.Replayed {
				fresh.Add(1)
			}
		}
		return nil
	}))
	if fresh.Load() != requests {
		t.Errorf("%d requests were approved %d times", requests, fresh.Load())
	}
	for _, e := range replicas {
		for n := range uint64(requests) {
			w.has(e, n, 10)
		}
		w.checkAccounts(e)
	}
}

// testApprovalLands: an approval whose commit broke after it landed is answered as done, with
// what it led to, and the same command again as replayed.
func testApprovalLands(t *testing.T, w *world) {
	f := &faulty{Database: w.db, after: func(call int64) error {
		if call%2 == 0 {
			return errors.New("the connection broke")
		}
		return nil
	}}
	e := w.openOn(f, small)
	for n := range uint64(8) {
		c := w.asked(e, w.ask(n, 100))
		out := w.do(e, c)
		if again := w.do(e, c); !again.Replayed || again.Entry.Seq != out.Entry.Seq {
			t.Errorf("answered with %+v, and again with %+v", out.Entry, again.Entry)
		}
		w.has(e, n, 100)
	}
	w.checkAccounts(e)
}

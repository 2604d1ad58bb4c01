package storetest

import (
	"fmt"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// testTakenOver has another server take over in the middle of making a state: what was read
// before is of the one journal, and what is read after it of the other, which is shorter, or
// went on otherwise. That is not damage, and nothing of the two is mixed.
func testTakenOver(t *testing.T, w *world) {
	for _, running := range []bool{false, true} {
		for _, after := range []int{0, 1, 2, 3} { // how many entries the other server went on with
			t.Run(fmt.Sprintf("running %v, %d entries more", running, after), func(*testing.T) { w.takeOver(running, after) })
		}
	}
}

func (w *world) takeOver(running bool, after int) {
	w.reopen(store.Options{})
	start := w.Head().Seq
	for n := range uint64(4) {
		w.do(w.Engine, w.fund(n, 100))
	}
	w.must(w.Close(w.Context()))
	taken := false
	other := func() {
		taken = true
		w.cutJournal(start + 2)
		for range after {
			w.append(w.foreignEntry())
		}
	}
	db := &reader{Database: w.db}
	if !running {
		db.meanwhile = other
	}
	e := w.openOn(db, store.Options{})
	if running {
		w.balance(e, 1)
		w.settle()
		db.full.Store(true) // the state is made anew
		db.meanwhile = other
	}
	w.do(e, w.fund(1, 100))
	if !taken {
		w.Fatal("no other server took over: the test is not what it was")
	}
	if problems := e.Problems(); len(problems) > 0 {
		w.Errorf("problems: %+v", problems)
	}
	if end := e.Head().Seq; end != start+2+uint64(after)+1 {
		w.Errorf("the journal ends with entry %d", end)
	}
	w.checkAccounts(e)
	w.Engine = e
}

// testTakenOverBehind has another server take over before a tail is written behind. What it
// holds of a journal that is lost is not written beside the other one, where every start would
// take it for that one's.
func testTakenOverBehind(t *testing.T, w *world) {
	for after := range 4 {
		t.Run(fmt.Sprintf("%d entries more", after), func(t *testing.T) {
			w.reopen(store.Options{})
			start := w.Head().Seq
			for n := range uint64(4) {
				w.do(w.Engine, w.fund(n, 100))
			}
			w.cutJournal(start + 2)
			for range after {
				w.append(w.foreignEntry())
			}
			_ = w.Flush(t.Context()) // finds out
			w.must(w.Flush(t.Context()))
			w.do(w.open(store.Options{}), w.fund(1, 100))
			w.do(w.Engine, w.fund(1, 100))
			if problems := w.Problems(); len(problems) > 0 {
				t.Errorf("problems: %+v", problems)
			}
			w.checkAccounts(w.Engine)
			w.reopen(store.Options{})
			w.checkAccounts(w.Engine)
		})
	}
}

// append appends an entry that the engine does not know of.
func (w *world) append(entry *journal.Entry) {
	w.Helper()
	head, err := store.JournalHead(w.Context(), w.db.SQL())
	w.must(err)
	none := func([]*journal.Block) error { return nil }
	w.must(w.db.Append(w.Context(), head, none, func() (*journal.Block, error) {
		return journal.Seal(head, head.At+1, []*journal.Entry{entry})
	}))
}

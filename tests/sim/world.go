// Package sim runs the pure core through a simulated life: accounts, vendors, offers,
// every command there is, and whatever goes wrong in a shop. One goroutine, one seeded
// source of randomness and one heap of events decide everything, so a seed that finds
// a fault finds it again. What the core decides is sealed into blocks, and the auditor
// reads those with code of its own.
package sim

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

// World is the store of the simulation: it does in memory what the engine does.
type World struct {
	random *rand.Rand
	now    int64
	head   journal.Head
	machine
	ids uint64

	accounts map[token.AccountID]*core.Account
	orders   map[token.OrderID]*core.Order
	keys     map[journal.KeyName]*journal.Entry
	oldKeys  map[journal.KeyName]*journal.Entry
	items    map[journal.ItemKey]token.OrderID
	recent   []token.OrderID // in the order of their making; old ones are forgotten

	witnesses map[token.AccountID]*witness
	events    events
	pending   []job
	failure   error // the first; Run returns it
	auditor   *audit.Auditor
	dog       *dog
	splits    map[ruleKey]royalty.Split

	people  []person
	vendors []vendor
	Stats   Stats
}

// Stats count what happened.
type Stats struct {
	Commands, Entries, Purchases, Refusals, Replays, Blocks, LostCommits, WrongClocks uint64
	Refused                                                                           map[token.Code]uint64
}

type ruleKey struct {
	split   token.SplitID
	version uint32
}

// job is a command in a batch, and who wants to hear of its outcome.
type job struct {
	command core.Command
	done    func(core.Outcome, error)
}

// witness folds one account a second time: from a snapshot taken on the way, encoded
// and decoded, and the account's own entries after it, as a restart does it.
type witness struct {
	snapshot []byte
	tail     []*journal.Entry
}

// forgetAfter bounds the orders in memory: nobody comes back to older ones.
const forgetAfter = 50_000

// step is how many commands share a block at most.
const step = 64

// do puts a command into the next batch.
func (w *World) do(c core.Command, done func(core.Outcome, error)) {
	w.pending = append(w.pending, job{c, done})
	if len(w.pending) >= step {
		w.failure = cmp.Or(w.failure, w.commit())
	}
}

// commit runs the pending commands in one batch and appends one block, or loses it.
func (w *World) commit() error {
	jobs := w.pending
	w.pending = nil
	if len(jobs) == 0 {
		return nil
	}
	now, fits := w.clock()
	if !fits { // refused: the callers try again later
		for _, j := range jobs {
			w.after(w.random.Int64N(5000), func() { w.do(j.command, j.done) })
		}
		return nil
	}
	lost := w.random.IntN(200) == 0
	s := core.NewState()
	s.Seq, s.Partial = w.head.Seq, true
	w.load(s, jobs, lost)
	type answer struct {
		out core.Outcome
		err error
	}
	answers := make([]answer, len(jobs))
	var entries []*journal.Entry
	for i, j := range jobs {
		w.load(s, jobs[i:i+1], lost) // what a command before it in the batch has made it need
		out, err := core.Run(s, j.command, now)
		if errors.Is(err, core.ErrAbsent) {
			for _, id := range s.Absent {
				s.Accounts[id] = w.account(id, lost)
			}
			out, err = core.Run(s, j.command, now)
		}
		answers[i] = answer{out, err}
		if err == nil {
			entries = out.Entries(entries)
		}
	}
	if lost { // nobody is answered, nothing happened; the callers try again later
		w.Stats.LostCommits++
		for _, j := range jobs {
			w.after(w.random.Int64N(1000), func() { w.do(j.command, j.done) })
		}
		return nil
	}
	if len(entries) > 0 {
		if err := w.seal(s, entries, now); err != nil {
			return err
		}
	}
	for i, j := range jobs {
		w.tell(j, answers[i].out, answers[i].err)
	}
	return nil
}

// load brings what the commands need into the State, as often as they name more. What the
// State has already stays, since the batch may have changed it.
func (w *World) load(s *core.State, jobs []job, lost bool) {
	for range 4 {
		before := len(s.Accounts) + len(s.Orders) + len(s.Keys) + len(s.Items)
		var f core.Facts
		for _, j := range jobs {
			j.command.Need(s, &f)
		}
		for _, id := range f.Accounts {
			if s.Accounts[id] == nil {
				s.Accounts[id] = w.account(id, lost)
			}
		}
		for _, id := range f.Orders {
			if o := w.orders[id]; o != nil && s.Orders[id] == nil {
				s.Orders[id] = o
			}
		}
		for _, name := range f.Keys {
			if s.Keys[name] != nil {
				continue
			}
			if e := w.keys[name]; e != nil {
				s.Keys[name] = e
			} else if e := w.oldKeys[name]; e != nil {
				s.Keys[name] = e
			}
		}
		for _, key := range f.Items {
			if id, ok := w.items[key]; ok && s.Items[key].IsZero() {
				s.Items[key] = id
			}
		}
		if len(s.Accounts)+len(s.Orders)+len(s.Keys)+len(s.Items) == before {
			return
		}
	}
}

// account returns the account to decide on: a copy where the commit will be lost.
func (w *World) account(id token.AccountID, lost bool) *core.Account {
	a := w.accounts[id]
	if a == nil {
		a = &core.Account{ID: id}
		if !lost {
			w.accounts[id] = a
		}
	}
	if lost {
		return a.Clone()
	}
	return a
}

// seal appends the block, audits it, and keeps what later batches look for.
func (w *World) seal(s *core.State, entries []*journal.Entry, now int64) error {
	numbered := entries[0].Seq
	block, err := journal.Seal(w.head, now, entries)
	if err != nil {
		return err
	}
	if numbered != block.First || s.Seq != block.Last() {
		return fmt.Errorf("the core numbered the batch %d to %d, the block %d to %d", numbered, s.Seq, block.First, block.Last())
	}
	if err := w.checkTime(block); err != nil {
		return err
	}
	w.head = block.Head()
	w.auditor.Block(block)
	if err := w.follow(block, entries); err != nil {
		return err
	}
	w.Stats.Blocks++
	w.Stats.Entries += uint64(len(entries))
	for _, e := range entries {
		w.keep(s, e)
	}
	w.forget()
	return nil
}

func (w *World) keep(s *core.State, e *journal.Entry) {
	if o := s.Orders[e.Order]; o != nil {
		if w.orders[e.Order] == nil {
			w.recent = append(w.recent, e.Order)
		}
		w.orders[e.Order] = o
	}
	if !e.Key.IsZero() {
		w.keys[e.Key.Name()] = e
	}
	if key, ok := e.ItemKey(); ok {
		w.items[key] = e.Order
	}
	switch e.Kind {
	case journal.Purchased, journal.Captured:
		w.Stats.Purchases++
	}
	for _, id := range e.Accounts(nil) {
		if witness := w.witnesses[id]; witness != nil {
			witness.tail = append(witness.tail, e)
			if len(witness.tail) > 50 {
				witness.refresh(w)
			}
		}
	}
}

// forget drops old orders, with what leads to them. One on hold goes to the back.
func (w *World) forget() {
	for len(w.recent) > forgetAfter {
		id := w.recent[0]
		w.recent = w.recent[1:]
		if w.orders[id].Status == core.OnHold {
			w.recent = append(w.recent, id)
			continue
		}
		if w.owns(id) {
			continue // for good: what is owned must not be charged again
		}
		delete(w.orders, id)
	}
	if len(w.keys) > forgetAfter { // retries come within seconds, so two generations suffice
		w.keys, w.oldKeys = w.oldKeys, w.keys
		clear(w.keys)
	}
}

// owns reports whether an account owns an item by the order.
func (w *World) owns(id token.OrderID) bool {
	o := w.orders[id]
	owner, ok := w.items[journal.ItemKey{Account: o.Account, Vendor: o.Vendor, Item: o.Sale.Item}]
	return ok && owner == id
}

// tell counts the outcome and hands it to whoever asked.
func (w *World) tell(j job, out core.Outcome, err error) {
	w.Stats.Commands++
	if err != nil {
		w.Stats.Refusals++
		w.Stats.Refused[token.CodeOf(err)]++
	} else if out.Replayed {
		w.Stats.Replays++
	}
	if j.done != nil {
		j.done(out, err)
	}
}

// refresh folds the witness's own account on, from its snapshot through its tail.
func (t *witness) refresh(w *World) *core.Account {
	s := core.NewState()
	a := &core.Account{}
	if err := journal.Unmarshal(t.snapshot, a); err != nil {
		panic(err)
	}
	s.Accounts[a.ID] = a
	for range 2 { // an entry that was applied before changes nothing
		for _, e := range t.tail {
			s.ApplyAccount(e)
		}
	}
	encoded, err := journal.Marshal(a)
	if err != nil {
		panic(err)
	}
	t.snapshot, t.tail = encoded, nil
	return a
}

// Check compares every witness with the account that was folded all along, tells the
// auditor what a store would have stored, and returns its report.
func (w *World) Check() (audit.Report, error) {
	for id, t := range w.witnesses {
		t.refresh(w)
		live, err := journal.Marshal(w.accounts[id])
		if err != nil {
			return audit.Report{}, err
		}
		if w.accounts[id] != nil && !bytes.Equal(live, t.snapshot) {
			return audit.Report{}, fmt.Errorf("account %s folded from its snapshot differs:\n%x\n%x", id, live, t.snapshot)
		}
	}
	for _, a := range w.accounts {
		w.auditor.Snapshot(verify.Snapshot(a))
	}
	return w.auditor.Report(), nil
}

// event is something that happens at a time; events of one time happen in the order
// in which they were made.
type event struct {
	at, order int64
	run       func()
}

type events struct {
	queue []event
	made  int64
}

func (q *events) Len() int { return len(q.queue) }
func (q *events) Less(i, j int) bool {
	a, b := &q.queue[i], &q.queue[j]
	return a.at < b.at || (a.at == b.at && a.order < b.order)
}
func (q *events) Swap(i, j int) { q.queue[i], q.queue[j] = q.queue[j], q.queue[i] }
func (q *events) Push(x any)    { q.queue = append(q.queue, x.(event)) }
func (q *events) Pop() any {
	last := q.queue[len(q.queue)-1]
	q.queue = q.queue[:len(q.queue)-1]
	return last
}

var _ heap.Interface = (*events)(nil)

// after makes something happen a number of milliseconds from now.
func (w *World) after(millis int64, run func()) {
	w.events.made++
	heap.Push(&w.events, event{w.now + millis, w.events.made, run})
}

// Run lets events happen until purchases have been made, or nothing is left to happen.
func (w *World) Run(purchases uint64) error {
	for w.Stats.Purchases < purchases && w.events.Len() > 0 && w.failure == nil {
		next := heap.Pop(&w.events).(event)
		w.tick(next.at)
		next.run()
		if w.random.IntN(40) == 0 {
			w.failure = cmp.Or(w.failure, w.commit())
		}
	}
	return cmp.Or(w.failure, w.commit())
}

// tick moves the clock on to an event. Sometimes the machine's clock stands still or
// runs back; a store never lets time run back, so neither does the world.
func (w *World) tick(at int64) {
	if w.random.IntN(50) == 0 {
		at -= w.random.Int64N(10_000)
	}
	w.now = max(w.now, at)
}

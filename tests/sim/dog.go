package sim

import (
	"fmt"
	"slices"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

// The bounds of what the watchdog of the simulation remembers: little, so that it asks the past.
const (
	dogPeriod   = 400 // of so many blocks it follows the last, and begins anew each time
	dogFollows  = 100
	dogSize     = 2000
	dogNumbers  = 6000
	dogSnapshot = 20 // entries of an account after which it is stored again
)

// dog is an auditor as the watchdog uses it: it begins in the middle, remembers little, and asks
// the past, which the simulation keeps for it.
type dog struct {
	auditor *audit.Auditor
	blocks  int
	watched uint64         // entries that it looked at
	funded  *journal.Entry // the newest that is no test
	stored  map[token.AccountID]audit.Snapshot
	since   map[token.AccountID][]*journal.Entry // entries after what is stored
	orders  map[token.OrderID][]*journal.Entry
	credits map[audit.Event]uint64
}

func newDog() *dog {
	return &dog{stored: map[token.AccountID]audit.Snapshot{}, since: map[token.AccountID][]*journal.Entry{},
		orders: map[token.OrderID][]*journal.Entry{}, credits: map[audit.Event]uint64{}}
}

var _ audit.Past = (*dog)(nil)

// Account is part of audit.Past.
func (d *dog) Account(id token.AccountID, before uint64) (audit.Earlier, error) {
	earlier := audit.Earlier{Entries: until(d.since[id], before)}
	if stored, ok := d.stored[id]; ok {
		earlier.Stored = &stored
	}
	return earlier, nil
}

// Order is part of audit.Past.
func (d *dog) Order(id token.OrderID, before uint64) ([]*journal.Entry, error) {
	return until(d.orders[id], before), nil
}

// Credited is part of audit.Past.
func (d *dog) Credited(event audit.Event, before uint64) (bool, error) {
	seq, credited := d.credits[event]
	return credited && seq < before, nil
}

// until returns the entries before one.
func until(entries []*journal.Entry, before uint64) []*journal.Entry {
	n, _ := slices.BinarySearchFunc(entries, before, func(e *journal.Entry, seq uint64) int { return int(int64(e.Seq) - int64(seq)) })
	return entries[:n]
}

// follow audits a block, and keeps it for what is asked later. Nothing may be found.
func (w *World) follow(b *journal.Block, entries []*journal.Entry) error {
	d := w.dog
	switch d.blocks++; d.blocks % dogPeriod {
	case 0:
		d.auditor = nil
	case dogPeriod - dogFollows:
		d.auditor = audit.Resume(w.division, d, journal.Head{Seq: b.First - 1, Hash: b.Prev})
	}
	for _, e := range entries {
		if e.Kind == journal.Funded && !e.Fund.Test {
			d.funded = e
			d.credits[audit.Event{Method: e.Fund.Method, Reference: e.Fund.Reference}] = e.Seq
		}
		for _, id := range e.Payers(nil) {
			d.since[id] = append(d.since[id], e)
		}
		if !e.Order.IsZero() {
			d.orders[e.Order] = append(d.orders[e.Order], e)
		}
	}
	if d.auditor != nil {
		if d.auditor.Size() > dogSize {
			d.auditor = d.auditor.Next(dogNumbers)
		}
		d.auditor.Block(b)
		if err := d.auditor.Err(); err != nil {
			return err
		}
		if found := d.auditor.Found(); found != nil {
			return fmt.Errorf("the watchdog finds invariant %d (and %v) broken at entry %d: %s", found.Invariant, found.Also, found.Entry, found.Detail)
		}
		d.auditor.Credits()
		d.watched += uint64(len(entries))
	}
	for _, e := range entries {
		for _, id := range e.Payers(nil) {
			if a := w.accounts[id]; a != nil && len(d.since[id]) > dogSnapshot && a.Seq <= b.Last() {
				d.stored[id], d.since[id] = verify.Snapshot(a.Clone()), nil
			}
		}
	}
	return nil
}

// Watched returns how many entries the watchdog has looked at.
func (w *World) Watched() uint64 { return w.dog.watched }

// Plant has a watchdog that begins now look at one more block: the newest entry of a kind once
// more, altered, with legs that fit. It returns what it finds, nil for nothing; the world stays as it is.
func (w *World) Plant(kind journal.Kind, alter func(e *journal.Entry)) (*audit.Finding, error) {
	var newest *journal.Entry
	for _, entries := range w.dog.orders {
		for _, e := range entries {
			if e.Kind == kind && (newest == nil || e.Seq > newest.Seq) {
				newest = e
			}
		}
	}
	if newest == nil {
		newest = w.dog.funded
	}
	encoded, err := journal.Marshal(newest)
	if err != nil {
		return nil, err
	}
	again := &journal.Entry{}
	if err := journal.Unmarshal(encoded, again); err != nil {
		return nil, err
	}
	alter(again)
	block, err := journal.Seal(w.head, w.head.At, []*journal.Entry{again})
	if err != nil {
		return nil, err
	}
	auditor := audit.Resume(w.division, w.dog, w.head)
	auditor.Block(block)
	return auditor.Found(), auditor.Err()
}

package core

import (
	"errors"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Command is something a caller wants done. Its methods are pure.
type Command interface {
	// Need adds the facts that the command must see. It is asked twice: first to
	// name orders, keys and accounts it knows of itself, then again when those are
	// in the State, to name accounts and items that follow from them.
	Need(s *State, f *Facts)

	// Decide returns what happens at the time now (milliseconds since 1970), or why
	// not. It changes nothing.
	Decide(s *State, now int64) (Outcome, error)
}

// Outcome is the answer to a command that was not refused.
type Outcome struct {
	Entry    *journal.Entry // what was recorded; nil where nothing needed to be
	Then     *journal.Entry // recorded right after Entry, in the same step: with the last approval, what was asked
	Refusal  error          // of an approved command: why the core refused it
	Replayed bool           // the command's key was used before: Entry is the first one
	Order    *Order         // the order as it stands after, where one is concerned; nobody changes it
	Account  *Account       // the payer as it stands after, where one is concerned: a copy; only if asked for
}

// ErrAbsent says that accounts which an entry changes are not in a partial State: they are named
// in State.Absent. When they are there, the command is to be run again; nothing was changed.
var ErrAbsent = errors.New("accounts that the entry changes are not in memory")

// Run decides the command, numbers its entry and applies it to the State.
func Run(s *State, c Command, now int64) (Outcome, error) {
	out, err := c.Decide(s, now)
	if err != nil {
		return Outcome{}, err
	}
	e := out.Entry
	if e == nil || out.Replayed {
		return out, nil
	}
	if err := ledger.CheckBalanced(e.Legs); err != nil {
		return Outcome{}, err
	}
	if out.Then != nil {
		if err := ledger.CheckBalanced(out.Then.Legs); err != nil {
			return Outcome{}, err
		}
	}
	if out.Then != nil {
		if err := s.gather(out.Then); err != nil {
			return Outcome{}, err
		}
	}
	if err := s.gather(e); err != nil {
		return Outcome{}, err
	}
	out.Order = s.enter(e, now)
	if out.Then != nil {
		s.collect(out.Then)
		s.enter(out.Then, now)
	}
	return out, nil
}

// Entries appends to buffer what the command recorded, in the order of the journal.
func (o *Outcome) Entries(buffer []*journal.Entry) []*journal.Entry {
	if o.Entry == nil || o.Replayed {
		return buffer
	}
	buffer = append(buffer, o.Entry)
	if o.Then != nil {
		buffer = append(buffer, o.Then)
	}
	return buffer
}

// enter numbers an entry whose accounts were collected and applies it, and returns the order that it is about.
func (s *State) enter(e *journal.Entry, now int64) (order *Order) {
	s.Seq++
	e.Seq, e.At = s.Seq, now
	if !e.Order.IsZero() {
		order = s.applyOrder(s.Orders[e.Order], e)
	}
	s.fold(e)
	s.remember(e)
	return order
}

// replay returns the outcome of the earlier command with this key, if there was
// one. The same key with another request is refused.
func (s *State) replay(key journal.Key) (Outcome, bool, error) {
	if key.IsZero() {
		return Outcome{}, false, nil
	}
	earlier := s.Keys[key.Name()]
	if earlier == nil {
		return Outcome{}, false, nil
	}
	if earlier.Key.Digest != key.Digest {
		return Outcome{}, false, token.Refuse(token.Unprocessable, "idempotency_key_reused.request")
	}
	return Outcome{Entry: earlier, Replayed: true, Order: s.Orders[earlier.Order]}, true, nil
}

// needKey asks for the entry under a key, and for the order of that entry.
func needKey(s *State, f *Facts, key journal.Key) {
	if key.IsZero() {
		return
	}
	f.Keys = append(f.Keys, key.Name())
	if earlier := s.Keys[key.Name()]; earlier != nil && !earlier.Order.IsZero() {
		f.Orders = append(f.Orders, earlier.Order)
	}
}

// account returns the account, which the store puts into the State even where it has
// no entry yet; without an id there is none.
func (s *State) account(id token.AccountID) (*Account, error) {
	a := s.Accounts[id]
	if a == nil || id.IsZero() {
		return nil, token.Refuse(token.NotFound, "not_found.account")
	}
	return a, nil
}

// order returns the vendor's order, or not found: also for another vendor's.
func (s *State) order(id token.OrderID, vendor token.VendorID) (*Order, error) {
	o := s.Orders[id]
	if o == nil || o.Vendor != vendor {
		return nil, token.Refuse(token.NotFound, "not_found.order")
	}
	return o, nil
}

// legs cuts n legs from the slab, so that a batch does not allocate for each.
func (s *State) legs(n int) []ledger.Leg {
	if len(s.slab) < n {
		s.slab = make([]ledger.Leg, 512)
	}
	cut := s.slab[:0:n]
	s.slab = s.slab[n:]
	return cut
}

package core

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Desk is what the account journal.Approvals keeps: which commands of staff need a second person,
// and the requests that wait for one. A Desk never changes: a new one takes its place.
type Desk struct {
	Policies []journal.Policy `cbor:"1,keyasint,omitempty"`
	Requests []Request        `cbor:"2,keyasint,omitempty"` // that wait, oldest first
}

// Request is one that waits.
type Request struct {
	Seq   uint64          `cbor:"1,keyasint"` // its number: that of the entry that asked
	At    int64           `cbor:"2,keyasint"` // when it was asked, in milliseconds since 1970
	Asked journal.Asked   `cbor:"3,keyasint"`
	Given []journal.Staff `cbor:"4,keyasint,omitempty"` // who approved already, where several have to
}

// The bounds of a Desk, so that every loop over it is short.
const (
	MaxRequests      = 256
	MaxRequestsOfOne = 64
	MaxPolicies      = 128
)

// Request returns the request that waits under a number, nil where none does.
func (d *Desk) Request(seq uint64) *Request {
	if d == nil {
		return nil
	}
	for i := range d.Requests {
		if d.Requests[i].Seq == seq {
			return &d.Requests[i]
		}
	}
	return nil
}

// Needs returns who has to approve a command of staff about an amount. Where any command needs
// a second person, so does changing that.
func (d *Desk) Needs(action journal.Action, currency token.Currency, amount token.Amount) journal.Needs {
	if d == nil {
		return journal.Needs{}
	}
	var most journal.Needs
	if action == journal.ChangePolicy {
		for i := range d.Policies {
			most = stricter(most, d.Policies[i].Needs)
		}
		return most
	}
	var found *journal.Policy
	for i := range d.Policies {
		switch p := &d.Policies[i]; {
		case p.Action != action:
		case currency.IsZero(): // it is about every currency: each row counts
			if !counts(action) || amount > p.Above {
				most = stricter(most, p.Needs)
			}
		case p.Currency == currency, p.Currency.IsZero() && found == nil:
			found = p
		}
	}
	if found == nil || counts(action) && amount <= found.Above {
		return most
	}
	return found.Needs
}

// counts reports whether an action is about an amount.
func counts(action journal.Action) bool { return action <= journal.CreditLine }

// stricter is what fulfils both.
func stricter(a, b journal.Needs) journal.Needs {
	return journal.Needs{Persons: max(a.Persons, b.Persons), Role: max(a.Role, b.Role)}
}

// applyDesk folds an entry into the account journal.Approvals.
func (a *Account) applyDesk(e *journal.Entry) {
	next := Desk{}
	if a.Desk != nil {
		next = Desk{slices.Clone(a.Desk.Policies), slices.Clone(a.Desk.Requests)}
	}
	asked, decision, policy := e.Asked(), e.Decision(), e.Policy()
	switch {
	case asked != nil:
		next.Requests = append(next.Requests, Request{Seq: e.Seq, At: e.At, Asked: *asked})
	case decision != nil && decision.Left > 0:
		if r := next.Request(decision.Request); r != nil {
			r.Given = append(slices.Clone(r.Given), decision.By)
		}
	case decision != nil:
		next.Requests = slices.DeleteFunc(next.Requests, func(r Request) bool { return r.Seq == decision.Request })
	case policy != nil:
		same := func(p journal.Policy) bool { return p.Action == policy.Action && p.Currency == policy.Currency }
		if policy.Needs.Persons == 0 {
			next.Policies = slices.DeleteFunc(next.Policies, same)
		} else {
			next.Policies = put(next.Policies, *policy, same)
		}
	}
	if a.Desk = &next; len(next.Policies)+len(next.Requests) == 0 {
		a.Desk = nil
	}
}

// desk is the Desk in the State; needDesk asks for it.
func (s *State) desk() *Desk {
	if a := s.Accounts[journal.Approvals]; a != nil {
		return a.Desk
	}
	return nil
}

func needDesk(f *Facts) { f.Accounts = append(f.Accounts, journal.Approvals) }

// clearance lets a command of staff pass that a second person approved, or that needs none.
// Nobody outside this package can give it.
type clearance bool

// guard is the one door of the commands of staff: what needs a second person is refused, from
// wherever it comes, unless it was cleared.
func (s *State) guard(cleared clearance, action journal.Action, currency token.Currency, amount token.Amount) error {
	if bool(cleared) || s.desk().Needs(action, currency, amount).Persons == 0 {
		return nil
	}
	return token.Refuse(token.Forbidden, "approval_needed.second")
}

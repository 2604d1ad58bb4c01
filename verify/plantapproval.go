package verify

import (
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// approves has the first approval with which something is done be changed.
func approves(change func(d *journal.Decision)) func(*journal.Entry, []*journal.Entry) bool {
	return func(e *journal.Entry, _ []*journal.Entry) bool {
		if e.Kind != journal.ApprovalGiven || e.Decision().Left > 0 || e.Decision().Refused != "" {
			return false
		}
		change(e.Decision())
		return true
	}
}

// asks has the first request be changed.
func asks(change func(a *journal.Asked)) func(*journal.Entry, []*journal.Entry) bool {
	return func(e *journal.Entry, _ []*journal.Entry) bool {
		if e.Kind != journal.ApprovalAsked {
			return false
		}
		change(e.Asked())
		return true
	}
}

// ownApproval has who asked approve.
func ownApproval(e *journal.Entry, before []*journal.Entry) bool {
	return approves(func(d *journal.Decision) { d.By.User = before[d.Request-1].Asked().By.User })(e, before)
}

// otherSum has an approved deposit credit more than was asked.
func otherSum(e *journal.Entry, before []*journal.Entry) bool {
	if e.Kind != journal.Funded || len(before) == 0 || before[len(before)-1].Kind != journal.ApprovalGiven {
		return false
	}
	e.Fund.Amount++
	for i := range e.Legs {
		if e.Legs[i].Amount > 0 {
			e.Legs[i].Amount++
		} else {
			e.Legs[i].Amount--
		}
	}
	return true
}

// noApproval has an approval be something else, so that what it led to was approved by nobody.
func noApproval(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.ApprovalGiven || e.Decision().Left > 0 {
		return false
	}
	e.Kind = journal.ApprovalRefused
	return true
}

// lowerSum has a policy want a second person for less than it did.
func lowerSum(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.PolicySet || e.Policy().Action != journal.Deposit {
		return false
	}
	e.Policy().Above = 1
	return true
}

// earlyLapse has a request lapse that had a while left.
func earlyLapse(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.ApprovalRefused {
		return false
	}
	e.Kind = journal.ApprovalLapsed
	return true
}

// otherPolicy has the policy be stored with another sum.
func otherPolicy(a *core.Account) bool {
	if a.Desk == nil || len(a.Desk.Policies) == 0 {
		return false
	}
	a.Desk.Policies[0].Above++
	return true
}

// otherRequest has a waiting request be stored with another sum than was shown.
func otherRequest(a *core.Account) bool {
	if a.Desk == nil || len(a.Desk.Requests) == 0 {
		return false
	}
	a.Desk.Requests[0].Asked.Instruction.Fund.Amount += token.PerUnit
	return true
}

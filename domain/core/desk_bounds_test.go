package core_test

import (
	"strings"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// A request waits at least a millisecond and at most MaxWait, with a reason of so many characters.
func TestARequestAtItsBounds(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	ask := func(lapses int64, why string) *core.Instruct {
		c := d.deposit(d.operator, 200*token.PerUnit)
		c.LapsesAt, c.Why = lapses, why
		return c
	}
	d.because(ask(d.now, ""), "field_invalid.request_wait")
	d.because(ask(d.now+core.MaxWait+1, ""), "field_invalid.request_wait")
	d.because(ask(d.now+1, strings.Repeat("ä", core.MaxWhy+1)), "field_invalid.why")
	d.because(ask(d.now+1, "paid\u202e twice"), "field_invalid.why_hides")
	d.because(ask(d.now+1, "paid\x1b[2J"), "field_invalid.why_hides")
	d.ask(ask(d.now+core.MaxWait, strings.Repeat("ä", core.MaxWhy)))
	if core.MaxWait != 90*day {
		t.Errorf("a request waits %d ms", core.MaxWait)
	}

	last := ask(d.now+1, "")
	first, digest := d.ask(last)
	if again := d.must(last); !again.Replayed || again.Entry.Seq != first {
		t.Errorf("asked again: %+v", again.Entry)
	}
	d.nothing(&core.LapseRequest{Request: first})
	d.now++
	d.because(approve(d.supervisor, first, digest), "approval_closed.lapsed")
	d.because(&core.Refuse{Request: first, By: d.supervisor}, "approval_closed.lapsed")
	last.LapsesAt = d.now + 1
	second, _ := d.ask(last) // the first one is over
	if second == first {
		t.Error("a request that is over answers for a new one")
	}
	over := d.must(&core.LapseRequest{Request: first}).Entry
	if over == nil || over.Decision().Gone {
		t.Errorf("a request whose time is over lapses as %+v", over)
	}
	if early := d.must(&core.LapseRequest{Request: second, Gone: true}).Entry; !early.Decision().Gone {
		t.Error("a request whose time is not over is said to have lapsed")
	}
}

// A policy may be about any sum, need up to MaxPersons, and there are at most MaxPolicies rows, of which each can
// still be changed.
func TestAPolicyAtItsBounds(t *testing.T) {
	d := newDesk(t)
	one := journal.Needs{Persons: 1, Role: journal.Supervisor}
	set := func(p journal.Policy) *core.Instruct { return d.policy(d.operator, p) }
	d.because(set(journal.Policy{Action: journal.Deposit, Above: -1, Needs: one}), "amount_invalid.policy_sum")
	d.because(set(journal.Policy{Action: journal.Deposit, Above: token.MaxAmount + 1, Needs: one}), "amount_invalid.policy_sum")
	d.because(set(journal.Policy{Action: journal.Deposit, Needs: journal.Needs{Persons: journal.MaxPersons + 1, Role: journal.Supervisor}}), "field_invalid.policy_persons")
	row := journal.Policy{Action: journal.Deposit, Above: token.MaxAmount, Needs: journal.Needs{Persons: journal.MaxPersons, Role: journal.Operator}}
	d.must(set(row))

	rows := make([]journal.Policy, core.MaxPolicies)
	for i := range rows {
		rows[i] = journal.Policy{Action: journal.CreditLine, Currency: token.Currency{1, byte(i)}, Needs: one}
	}
	full := newDesk(t)
	full.s.Accounts[journal.Approvals].Desk = &core.Desk{Policies: rows}
	ask := func(p journal.Policy) (core.Outcome, error) {
		return full.run(&core.Instruct{By: full.operator, LapsesAt: full.now + day, Instruction: journal.Instruction{Policy: &p}})
	}
	if out, err := ask(rows[0]); err != nil || out.Entry != nil {
		t.Errorf("a row that holds already: %+v, %v", out.Entry, err)
	}
	if out, err := ask(rows[7]); err != nil || out.Entry != nil {
		t.Errorf("another row that holds already: %+v, %v", out.Entry, err)
	}
	for _, n := range []int{0, 7} {
		changed := rows[n]
		changed.Above = 5
		if out, err := ask(changed); err != nil || out.Entry == nil || out.Entry.Kind != journal.ApprovalAsked {
			t.Errorf("row %d of as many as there may be is changed: %+v, %v", n, out.Entry, err)
		}
	}
	full.because(full.policy(full.operator, journal.Policy{Action: journal.Deposit, Needs: one}), "field_invalid.policy_rows")
	full.s.Accounts[journal.Approvals].Desk = &core.Desk{Policies: rows[1:]}
	full.ask(full.policy(full.operator, journal.Policy{Action: journal.Deposit, Needs: one}))
}

// A credit line is an amount: one up to the policy's sum needs nobody.
func TestACreditLineUpToTheSumNeedsNobody(t *testing.T) {
	d := newDesk(t)
	d.must(d.policy(d.operator, journal.Policy{Action: journal.CreditLine, Above: 50, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}))
	line := func(most token.Amount) *core.Permit {
		return &core.Permit{Account: d.account, SetCredit: &journal.Credit{Currency: d.usd, Line: most}}
	}
	d.must(line(50))
	d.because(line(51), "approval_needed.second")
	d.because(&core.BoundIncentives{Max: token.MaxAmount + 1}, "amount_invalid.bound")
	d.because(&core.BoundIncentives{Max: -1}, "amount_invalid.bound")
	d.must(&core.BoundIncentives{Max: token.MaxAmount})
	d.must(&core.BoundIncentives{})
}

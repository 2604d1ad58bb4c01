package approving

import (
	"context"
	"fmt"
	"slices"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// RequestView is something that staff asked for, and that waits for a second person.
type RequestView struct {
	Number      uint64
	At          time.Time
	Instruction journal.Instruction
	Digest      [32]byte // to be sent with the approval: of what is shown
	By          journal.Staff
	Why         string
	Needs       journal.Needs
	Given       []journal.Staff
	LapsesAt    time.Time
}

// Approved is what became of an approval.
type Approved struct {
	Request uint64
	Left    int    // how many more have to approve it
	Entry   uint64 // the entry by which it was done; 0 where it was not
	Refused string // the code for which the core refused it
}

// Requests returns what waits for a second person, oldest first. That somebody looked is in the
// staff's log, where anything waits.
func (a *Approving) Requests(ctx context.Context, by caller.Actor) ([]RequestView, error) {
	if err := caller.NeedRole(by, staff.SeeRequests); err != nil {
		return nil, err
	}
	desk, err := a.desk(ctx)
	if err != nil || desk == nil {
		return nil, err
	}
	views := make([]RequestView, 0, len(desk.Requests))
	for i := range desk.Requests {
		r := &desk.Requests[i]
		views = append(views, requestView(r.Seq, r.At, &r.Asked, r.Given))
	}
	return views, a.looked(ctx, by, "", len(views))
}

// desk returns what the core keeps of approvals, nil for nothing.
func (a *Approving) desk(ctx context.Context) (*core.Desk, error) {
	account, err := a.engine.Account(ctx, journal.Approvals)
	if err != nil {
		return nil, err
	}
	return account.Desk, nil
}

// Approve agrees to a request, as a second person, to what was shown with a digest. The same
// again is answered as the first time.
func (a *Approving) Approve(ctx context.Context, by caller.Actor, request uint64, digest [32]byte, why string) (Approved, error) {
	if err := caller.NeedRole(by, staff.Approve); err != nil {
		return Approved{}, err
	}
	desk, err := a.desk(ctx)
	if err != nil {
		return Approved{}, err
	}
	if r := desk.Request(request); r != nil { // where somebody left, and something kept it from being closed then
		if err := a.closeWhereGone(ctx, r); err != nil {
			return Approved{}, err
		}
	}
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.RequestApproved, fmt.Sprint(request), fmt.Sprintf("approved the request %d", request))); err != nil {
		return Approved{}, err
	}
	out, err := a.engine.Do(ctx, &core.Approve{Request: request, By: by.Staff, Digest: digest, Why: why})
	if err != nil {
		return Approved{}, err
	}
	d := out.Entry.Decision()
	done := Approved{Request: request, Left: int(d.Left), Refused: d.Refused}
	if d.Left == 0 && d.Refused == "" {
		done.Entry = out.Entry.Seq + 1
	}
	if then := out.Then; then != nil && then.Kind == journal.Funded {
		a.tellOfDeposit(ctx, then)
	}
	return done, nil
}

// tellOfDeposit tells the reader of an approved deposit.
func (a *Approving) tellOfDeposit(ctx context.Context, e *journal.Entry) {
	members, err := a.catalog.Members(ctx, e.Account)
	if err != nil || len(members) != 1 {
		return // of an account of several, nobody is told by name
	}
	a.activity.Record(ctx, activity.Event{Code: staff.DepositMade, User: members[0].User, Detail: "The provider added " + funding.MoneyText(e.Fund.Amount, e.Fund.Currency) + " to your wallet."})
}

// Refuse closes a request: who asked takes it back in any role, others refuse it who may approve.
func (a *Approving) Refuse(ctx context.Context, by caller.Actor, request uint64, why string) error {
	if err := caller.NeedRole(by, staff.Ask); err != nil {
		return err
	}
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.RequestRefused, fmt.Sprint(request), fmt.Sprintf("refused the request %d", request))); err != nil {
		return err
	}
	_, err := a.engine.Do(ctx, &core.Refuse{Request: request, By: by.Staff, Why: why})
	return err
}

// CloseRequestsOf closes what waits and somebody asked for, or approved, who may not do so any more.
func (a *Approving) CloseRequestsOf(ctx context.Context, user token.UserID) error {
	desk, err := a.desk(ctx)
	if err != nil || desk == nil {
		return err
	}
	for i := range desk.Requests {
		r := &desk.Requests[i]
		approved := slices.ContainsFunc(r.Given, func(by journal.Staff) bool { return by.User == user })
		if r.Asked.By.User == user || approved {
			if err := a.closeWhereGone(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// closeWhereGone closes a request if who asked is not of the staff any more, or somebody who approved
// it may not approve any more.
func (a *Approving) closeWhereGone(ctx context.Context, r *core.Request) error {
	gone := false
	ask := func(by journal.Staff, what staff.Permission) error {
		if by.User.IsZero() { // a command on the server
			return nil
		}
		role, err := a.sessions.RoleOf(ctx, by.User)
		gone = gone || err == nil && !what.May(uint8(role))
		return err
	}
	if err := ask(r.Asked.By, staff.Ask); err != nil {
		return err
	}
	for _, by := range r.Given {
		if err := ask(by, staff.Approve); err != nil {
			return err
		}
	}
	if !gone {
		return nil
	}
	_, err := a.engine.Do(ctx, &core.LapseRequest{Request: r.Seq, Gone: true})
	return err
}

// Policies returns which commands of staff need a second person.
func (a *Approving) Policies(ctx context.Context, by caller.Actor) ([]journal.Policy, error) {
	if err := caller.NeedRole(by, staff.SeeRequests); err != nil {
		return nil, err
	}
	desk, err := a.desk(ctx)
	if err != nil || desk == nil {
		return nil, err
	}
	return desk.Policies, nil
}

// SetPolicy sets a row of the policy, or takes it away where it needs nobody. Where there is a
// policy already, that waits for a second person: then it returns the number of the request.
// What nobody could approve is refused.
func (a *Approving) SetPolicy(ctx context.Context, by caller.Actor, p journal.Policy, why string) (request uint64, err error) {
	if err := caller.NeedRole(by, staff.ManageStaff); err != nil {
		return 0, err
	}
	members, err := a.catalog.Staff(ctx)
	if err != nil {
		return 0, err
	}
	people := map[token.UserID]bool{}
	for _, m := range members {
		if journal.Role(m.Role.Level()) >= p.Needs.Role {
			people[m.User] = true
		}
	}
	if p.Needs.Persons > 0 && len(people) <= int(p.Needs.Persons) {
		return 0, token.Refuse(token.Unprocessable, "field_invalid.policy_nobody")
	}
	detail := fmt.Sprintf("asked that %s above %s %s need %s", p.Action, p.Above.Decimal(2), p.Currency, others(int(p.Needs.Persons)))
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.PolicyChanged, "", detail)); err != nil {
		return 0, err
	}
	_, request, err = by.Instruct(ctx, a.engine, a.clock.Now(), journal.Instruction{Policy: &p}, why)
	return request, err
}

// SetStanding freezes an account, or opens it again.
func (a *Approving) SetStanding(ctx context.Context, by caller.Actor, account token.AccountID, standing journal.Standing, why string) (request uint64, err error) {
	if err := caller.NeedRole(by, staff.Ask); err != nil {
		return 0, err
	}
	owned, _, err := a.funding.DepositTo(ctx, funding.DepositInput{Account: account})
	if err != nil {
		return 0, err
	}
	detail := "asked to open the account again"
	if standing == journal.Frozen {
		detail = "asked to freeze the account"
	}
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.StandingChanged, owned.String(), detail)); err != nil {
		return 0, err
	}
	_, request, err = by.Instruct(ctx, a.engine, a.clock.Now(), journal.Instruction{Account: owned, Standing: &standing}, why)
	return request, err
}

// others says how many people beside the one who asked.
func others(n int) string {
	if n == 1 {
		return "one other person"
	}
	return fmt.Sprintf("%d other people", n)
}

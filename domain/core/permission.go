package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// Permit changes what an account may do: exactly one of its parts is set.
type Permit struct {
	Account token.AccountID
	User    token.UserID // who changes it
	Key     journal.Key

	SetLimit      *limit.Limit // with the counter filled by what was spent before AsOf
	AsOf          uint64       // the account's Seq that the counter was computed at
	RemoveLimit   token.LimitID
	GiveAllowance *limit.Allowance
	TakeAllowance token.AllowanceID
	SetApproval   *limit.Approval
	SetCredit     *journal.Credit
	SetStanding   *journal.Standing

	cleared clearance
}

var _ Command = (*Permit)(nil)

// Need asks for the key and the account.
func (c *Permit) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	f.Accounts = append(f.Accounts, c.Account)
	if c.SetCredit != nil || c.SetStanding != nil {
		needDesk(f)
	}
}

// Decide checks, in order: key, account, then the part that is set, and, of staff's, whether it
// needs a second person.
func (c *Permit) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	a, err := s.account(c.Account)
	if err != nil {
		return Outcome{}, err
	}
	entry := &journal.Entry{Account: c.Account, User: c.User, Key: c.Key}
	switch {
	case c.SetLimit != nil:
		err = c.setLimit(a, entry, now)
	case !c.RemoveLimit.IsZero():
		err = c.removeLimit(a, entry)
	case c.GiveAllowance != nil:
		err = c.giveAllowance(a, entry, now)
	case !c.TakeAllowance.IsZero():
		err = c.takeAllowance(a, entry)
	case c.SetApproval != nil:
		err = c.setApproval(a, entry)
	case c.SetCredit != nil:
		err = c.setCredit(s, a, entry)
	case c.SetStanding != nil:
		err = c.setStanding(s, entry)
	default:
		err = token.Refuse(token.Malformed, "malformed.no_change")
	}
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Entry: entry}, nil
}

func (c *Permit) setLimit(a *Account, e *journal.Entry, now int64) error {
	if c.SetLimit.Max < 0 || c.SetLimit.Max > token.MaxAmount {
		return token.Refuse(token.Unprocessable, "amount_invalid.limit")
	}
	if c.SetLimit.ID.IsZero() || !c.SetLimit.Period.Known() || c.SetLimit.Currency.IsZero() || c.SetLimit.Counter.Spent < 0 {
		return token.Refuse(token.Unprocessable, "field_invalid.limit_incomplete")
	}
	if c.AsOf != a.Seq || (c.SetLimit.Counter.End != 0 && now >= c.SetLimit.Counter.End) {
		return token.Refuse(token.Conflict, "stale.account")
	}
	known := false
	for i := range a.Limits {
		known = known || a.Limits[i].ID == c.SetLimit.ID
	}
	if !known && len(a.Limits) >= MaxLimits {
		return token.Refuse(token.Unprocessable, "field_invalid.limits", token.Number("most", MaxLimits))
	}
	e.Kind, e.Limit, e.Vendor = journal.LimitSet, c.SetLimit, c.SetLimit.Vendor
	return nil
}

func (c *Permit) removeLimit(a *Account, e *journal.Entry) error {
	for i := range a.Limits {
		if a.Limits[i].ID == c.RemoveLimit {
			e.Kind, e.Limit = journal.LimitRemoved, &limit.Limit{ID: c.RemoveLimit}
			return nil
		}
	}
	return token.Refuse(token.NotFound, "not_found.limit")
}

func (c *Permit) giveAllowance(a *Account, e *journal.Entry, now int64) error {
	p := c.GiveAllowance
	if err := p.PerPurchase.Positive(); err != nil {
		return err
	}
	if err := p.Max.Positive(); err != nil {
		return err
	}
	if p.ID.IsZero() || !p.Period.Known() || p.Currency.IsZero() {
		return token.Refuse(token.Unprocessable, "field_invalid.allowance_incomplete")
	}
	if p.Until <= now {
		return token.Refuse(token.Unprocessable, "field_invalid.allowance_ended")
	}
	if a.Allowance(p.User, p.Vendor, p.Currency) == nil && len(a.Allowances) >= MaxAllowances {
		return token.Refuse(token.Unprocessable, "field_invalid.allowances", token.Number("most", MaxAllowances))
	}
	given := *p
	given.Counter = limit.Counter{}
	if before := a.Allowance(p.User, p.Vendor, p.Currency); before != nil && before.Period == p.Period {
		// Given again, it is the same one with other bounds: it does not forget what was
		// spent, and what comes back of that frees it.
		given.ID, given.Counter = before.ID, before.Counter
	}
	e.Kind, e.Allowance, e.Vendor = journal.AllowanceGranted, &given, p.Vendor
	return nil
}

func (c *Permit) takeAllowance(a *Account, e *journal.Entry) error {
	for i := range a.Allowances {
		if a.Allowances[i].ID == c.TakeAllowance {
			e.Kind, e.Allowance, e.Vendor = journal.AllowanceRevoked, &limit.Allowance{ID: c.TakeAllowance}, a.Allowances[i].Vendor
			return nil
		}
	}
	return token.Refuse(token.NotFound, "not_found.allowance")
}

func (c *Permit) setApproval(a *Account, e *journal.Entry) error {
	if c.SetApproval.Max < 0 || c.SetApproval.Max > token.MaxAmount {
		return token.Refuse(token.Unprocessable, "amount_invalid.approval_limit")
	}
	if c.SetApproval.Currency.IsZero() {
		return token.Refuse(token.Unprocessable, "currency_invalid.approval_limit")
	}
	if len(a.Approvals) >= MaxApprovals && a.Approval(c.SetApproval.User, c.SetApproval.Currency) == 0 {
		return token.Refuse(token.Unprocessable, "field_invalid.approval_limits", token.Number("most", MaxApprovals))
	}
	e.Kind, e.Approval = journal.ApprovalSet, c.SetApproval
	return nil
}

func (c *Permit) setCredit(s *State, a *Account, e *journal.Entry) error {
	if c.SetCredit.Line < 0 || c.SetCredit.Line > token.MaxAmount {
		return token.Refuse(token.Unprocessable, "amount_invalid.credit_line")
	}
	if c.SetCredit.Currency.IsZero() {
		return token.Refuse(token.Unprocessable, "currency_invalid.credit_line")
	}
	if err := a.room(c.SetCredit.Currency, token.PurchasedClass, 0); err != nil {
		return err
	}
	e.Kind, e.Credit = journal.CreditSet, c.SetCredit
	return s.guard(c.cleared, journal.CreditLine, c.SetCredit.Currency, c.SetCredit.Line)
}

func (c *Permit) setStanding(s *State, e *journal.Entry) error {
	if *c.SetStanding > journal.Frozen {
		return token.Refuse(token.Unprocessable, "field_invalid.standing")
	}
	e.Kind, e.Standing = journal.StandingSet, *c.SetStanding
	action := journal.Unfreeze
	if e.Standing == journal.Frozen {
		action = journal.Freeze
	}
	return s.guard(c.cleared, action, token.Currency{}, 0)
}

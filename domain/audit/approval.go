package audit

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// request is one that waits for a second person.
type request struct {
	at    int64
	asked journal.Asked
	given []journal.Staff
}

// desk follows what needs a second person, and what waits for one.
type desk struct {
	rows    []journal.Policy
	waiting map[uint64]*request

	approved *journal.Instruction // the next entry must do this
	by       uint64               // the entry that approved it
	asked    bool                 // by an auditor that began in the middle: the past was asked
	unknown  uint64               // the last approval that was not followed: the next entry may be what it approved
}

// persons says how many others an action about an amount needs, and in what role.
func (d *desk) persons(action journal.Action, currency token.Currency, amount token.Amount) (persons uint8, role journal.Role) {
	if action == journal.BoundVendors && currency.IsZero() { // every currency is bounded, so every row holds
		for _, row := range d.rows {
			if row.Action == action && row.Above < amount {
				persons, role = max(persons, row.Needs.Persons), max(role, row.Needs.Role)
			}
		}
		return persons, role
	}
	for _, exact := range []bool{true, false} {
		for i := range d.rows {
			row := &d.rows[i]
			switch {
			case action == journal.ChangePolicy: // as strict as the strictest
				persons, role = max(persons, row.Needs.Persons), max(role, row.Needs.Role)
			case row.Action != action, exact && row.Currency != currency, !exact && !row.Currency.IsZero():
			case action <= journal.CreditLine && amount <= row.Above:
				return 0, 0
			default:
				return row.Needs.Persons, row.Needs.Role
			}
		}
	}
	return persons, role
}

// demand is persons, for whoever asked.
func (d *desk) demand(i *journal.Instruction, by journal.Staff) (persons uint8, role journal.Role) {
	action, currency, amount := i.Subject()
	persons, role = d.persons(action, currency, amount)
	if by.Role != journal.Operator && persons == 0 {
		persons, role = 1, journal.Supervisor
	}
	if persons > 0 && by.User.IsZero() {
		persons++
	}
	return persons, role
}

// instruction returns what an entry does as staff would have asked for it, nil where it is not
// what staff do.
func instruction(e *journal.Entry) *journal.Instruction {
	switch {
	case e.Kind == journal.Funded && e.Fund != nil && e.Fund.Method == journal.ByOperator && !e.Fund.Test:
		return &journal.Instruction{Account: e.Account, Fund: e.Fund}
	case e.Kind == journal.Granted && e.Grant != nil && e.Grant.Issuer.IsZero():
		return &journal.Instruction{Account: e.Account, Grant: e.Grant, Key: e.Key}
	case e.Kind == journal.IncentiveBound && e.Bound != nil:
		return &journal.Instruction{Vendor: e.Vendor, Bound: &journal.Bound{Currency: e.Bound.Currency, Max: e.Bound.Max}}
	case e.Kind == journal.CreditSet:
		return &journal.Instruction{Account: e.Account, Credit: e.Credit}
	case e.Kind == journal.StandingSet:
		standing := e.Standing
		return &journal.Instruction{Account: e.Account, Standing: &standing}
	case e.Kind == journal.PolicySet:
		return &journal.Instruction{Policy: e.Policy()}
	}
	return nil
}

// recallDesk makes the desk what it was before the entry that is looked at, for an auditor that
// began in the middle. It reports false where that is not known yet.
func (a *Auditor) recallDesk() bool {
	d := &a.desk
	if d.asked || !a.asks() {
		return true
	}
	earlier, err := a.resumed.past.Account(journal.Approvals, a.seq)
	if err != nil {
		a.Fail(err)
		return false
	}
	if earlier.Until != 0 {
		return false
	}
	d.asked = true
	if s := earlier.Stored; s != nil && s.Desk != nil {
		d.rows = slices.Clone(s.Desk.Policies)
		for i := range s.Desk.Requests {
			r := &s.Desk.Requests[i]
			d.waiting[r.Seq] = &request{at: r.At, asked: r.Asked, given: slices.Clone(r.Given)}
		}
	}
	loud := a.quiet()
	for _, e := range earlier.Entries {
		a.deskEntry(e)
	}
	loud()
	d.approved = nil
	return true
}

// deskEntry folds an entry into the desk, and checks it.
func (a *Auditor) deskEntry(e *journal.Entry) {
	switch e.Kind {
	case journal.ApprovalAsked:
		a.asked(e)
	case journal.ApprovalGiven, journal.ApprovalRefused, journal.ApprovalLapsed:
		a.decided(e)
	case journal.PolicySet:
		a.policySet(e)
	default:
	}
}

// secondPerson checks that an entry was approved where that is needed, and that what was approved
// is done by the next entry; and folds what is asked and decided into the desk.
func (a *Auditor) secondPerson(e *journal.Entry) {
	d, does := &a.desk, instruction(e)
	approved := d.approved
	d.approved = nil
	if (does != nil || e.Account == journal.Approvals) && !a.recallDesk() {
		if e.Kind == journal.ApprovalGiven {
			d.unknown = e.Seq
		}
		return
	}
	defer a.deskEntry(e)
	if approved != nil {
		a.report.Checked(SecondPerson, 1)
		if does == nil || !sameInstruction(approved, does) {
			a.report.Fault(SecondPerson, "entry %d is not what entry %d approved", e.Seq, d.by)
		}
		return
	}
	if does == nil || e.Kind == journal.IncentiveBound && !a.debts.counted { // the first bound counts
		return
	}
	if d.unknown > 0 && e.Seq == d.unknown+1 {
		return
	}
	a.report.Checked(SecondPerson, 1)
	if persons, _ := d.persons(does.Subject()); persons > 0 {
		a.report.Fault(SecondPerson, "entry %d (%s) needs a second person, and nobody approved it", e.Seq, e.Kind)
	}
}

// sameInstruction reports whether what was done is what was asked. Incentive tokens may last
// longer, with those that were there.
func sameInstruction(asked, done *journal.Instruction) bool {
	if asked.Grant != nil && done.Grant != nil {
		grant := *done.Grant
		grant.Expiry = asked.Grant.Expiry
		with := *done
		with.Grant, done = &grant, &with
	}
	want, err := journal.Marshal(asked)
	got, err2 := journal.Marshal(done)
	return err == nil && err2 == nil && bytes.Equal(want, got)
}

// asked takes up a request.
func (a *Auditor) asked(e *journal.Entry) {
	a.report.Checked(SecondPerson, 1)
	r := e.Asked()
	if r == nil || e.Account != journal.Approvals {
		a.report.Fault(SecondPerson, "entry %d asks for nothing", e.Seq)
		return
	}
	encoded, err := journal.Marshal(&r.Instruction)
	if err != nil || sha256.Sum256(encoded) != r.Digest {
		a.report.Fault(SecondPerson, "entry %d asks for something else than its digest says", e.Seq)
	}
	if persons, role := a.desk.demand(&r.Instruction, r.By); r.Needs.Persons < max(1, persons) || r.Needs.Role < max(journal.Supervisor, role) {
		a.report.Fault(SecondPerson, "entry %d needs %d persons in role %d, and says %d in role %d", e.Seq, persons, role, r.Needs.Persons, r.Needs.Role)
	}
	if r.LapsesAt <= e.At {
		a.report.Fault(SecondPerson, "entry %d asks for something when that has lapsed", e.Seq)
	}
	a.desk.waiting[e.Seq] = &request{at: e.At, asked: *r}
}

// decided checks what became of a request.
func (a *Auditor) decided(e *journal.Entry) {
	a.report.Checked(SecondPerson, 1)
	said := e.Decision()
	if said == nil || e.Account != journal.Approvals {
		a.report.Fault(SecondPerson, "entry %d decides nothing", e.Seq)
		return
	}
	r := a.desk.waiting[said.Request]
	if r == nil {
		a.report.Fault(SecondPerson, "entry %d decides the request %d, which does not wait", e.Seq, said.Request)
		return
	}
	over := e.At >= r.asked.LapsesAt
	switch {
	case e.Kind == journal.ApprovalLapsed && over == said.Gone:
		a.report.Fault(SecondPerson, "entry %d lets the request %d lapse at a time that is not its own", e.Seq, said.Request)
	case e.Kind != journal.ApprovalLapsed && over:
		a.report.Fault(SecondPerson, "entry %d decides the request %d after it lapsed", e.Seq, said.Request)
	case e.Kind == journal.ApprovalRefused && said.By.Role < journal.Supervisor && (said.By.User.IsZero() || said.By.User != r.asked.By.User):
		a.report.Fault(SecondPerson, "entry %d refuses the request %d in a role that may not", e.Seq, said.Request)
	case e.Kind == journal.ApprovalGiven:
		a.approvedBy(e, r, said)
	}
	if said.Left == 0 {
		delete(a.desk.waiting, said.Request)
	} else {
		r.given = append(r.given, said.By)
	}
}

// approvedBy checks an approval, and expects what was asked where none is left.
func (a *Auditor) approvedBy(e *journal.Entry, r *request, said *journal.Decision) {
	who := said.By.User
	twice := slices.ContainsFunc(r.given, func(s journal.Staff) bool { return s.User == who })
	if who.IsZero() || who == r.asked.By.User || twice {
		a.report.Fault(SecondPerson, "entry %d: who approves the request %d is no second person", e.Seq, said.Request)
	}
	persons, role := a.desk.demand(&r.asked.Instruction, r.asked.By)
	persons, role = max(persons, r.asked.Needs.Persons), max(role, r.asked.Needs.Role)
	if said.By.Role < role {
		a.report.Fault(SecondPerson, "entry %d approves the request %d in a role that may not", e.Seq, said.Request)
	}
	count := uint8(1)
	for _, s := range r.given {
		if s.Role >= role {
			count++
		}
	}
	if left := persons - min(persons, count); left != said.Left {
		a.report.Fault(SecondPerson, "entry %d leaves %d approvals of the request %d, not %d", e.Seq, said.Left, said.Request, left)
	}
	if said.Left == 0 && said.Refused == "" {
		a.desk.approved, a.desk.by = &r.asked.Instruction, e.Seq
	}
}

// policySet follows what needs a second person.
func (a *Auditor) policySet(e *journal.Entry) {
	row := e.Policy()
	if row == nil || e.Account != journal.Approvals {
		a.report.Fault(SecondPerson, "entry %d sets no policy", e.Seq)
		return
	}
	a.desk.rows = slices.DeleteFunc(a.desk.rows, func(r journal.Policy) bool { return r.Action == row.Action && r.Currency == row.Currency })
	if row.Needs.Persons > 0 {
		a.desk.rows = append(a.desk.rows, *row)
	}
}

// waiting checks, at the end, that nothing waits that lapsed, and that nothing approved is left
// undone.
func (a *Auditor) waiting() {
	if a.desk.approved != nil {
		a.report.Fault(SecondPerson, "what entry %d approved is not done", a.desk.by)
	}
	for number, r := range a.desk.waiting {
		if a.head.At > r.asked.LapsesAt+holdSlack {
			a.report.Fault(SecondPerson, "the request %d lapsed at %d, and was not closed up to %d", number, r.asked.LapsesAt, a.head.At)
		}
	}
}

// StoredDesk is what a store keeps of what needs a second person, and waits for one.
type StoredDesk struct {
	Policies []journal.Policy
	Requests []StoredRequest
}

// StoredRequest is one that waits.
type StoredRequest struct {
	Seq   uint64 // its number
	At    int64
	Asked journal.Asked
	Given []journal.Staff
}

// compareDesk compares the stored account of approvals with the fold's.
func (a *Auditor) compareDesk(s *Snapshot) {
	stored := s.Desk
	if stored == nil {
		stored = &StoredDesk{}
	}
	same := len(stored.Policies) == len(a.desk.rows) && len(stored.Requests) == len(a.desk.waiting)
	for _, row := range stored.Policies {
		same = same && slices.Contains(a.desk.rows, row)
	}
	for i := range stored.Requests {
		is := &stored.Requests[i]
		r := a.desk.waiting[is.Seq]
		if r == nil {
			same = false
			break
		}
		want, err := journal.Marshal(&r.asked)
		got, err2 := journal.Marshal(&is.Asked)
		same = same && err == nil && err2 == nil && bytes.Equal(want, got) && is.At == r.at && slices.Equal(is.Given, r.given)
	}
	if !same {
		a.report.Fault(StoredBalances, "the approvals are stored at entry %d with %d rows and %d requests; their entries give others (%d, %d)",
			s.Seq, len(stored.Policies), len(stored.Requests), len(a.desk.rows), len(a.desk.waiting))
	}
}

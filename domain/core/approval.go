package core

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Instruct is how staff have something done that moves tokens or lifts a bound. It is done at
// once where nobody else has to approve it; otherwise it becomes a request, and waits.
type Instruct struct {
	By          journal.Staff
	Instruction journal.Instruction
	Why         string
	LapsesAt    int64       // when it stops waiting, in milliseconds since 1970
	Key         journal.Key // of the request; may be zero
}

// Approve agrees to a request as a second person. With the last approval that it needs, what was
// asked is done in the same step, or refused for good.
type Approve struct {
	Request uint64
	By      journal.Staff
	Digest  [32]byte // of the instruction that was shown
	Why     string
}

// Refuse closes a request: for good, or because who asked takes it back.
type Refuse struct {
	Request uint64
	By      journal.Staff
	Why     string
}

// LapseRequest closes a request whose time is over, or behind which somebody stands who may not do
// so any more.
type LapseRequest struct {
	Request uint64
	Gone    bool // who asked is not of the staff any more, or who approved may not approve
}

// setPolicy sets a row of the policy. Only an Instruction leads to it.
type setPolicy struct{ policy journal.Policy }

var (
	_ Command = (*Instruct)(nil)
	_ Command = (*Approve)(nil)
	_ Command = (*Refuse)(nil)
	_ Command = (*LapseRequest)(nil)
	_ Command = (*setPolicy)(nil)
)

// The bounds of how long a request may wait, in milliseconds, and of a reason, in characters.
const (
	MaxWait = 90 * 24 * 60 * 60 * 1000
	MaxWhy  = 200
)

// command returns what an instruction has the core do, cleared.
func command(i *journal.Instruction) Command {
	switch {
	case i.Fund != nil:
		return &Fund{Account: i.Account, Fund: *i.Fund, cleared: true}
	case i.Grant != nil:
		return &Grant{Account: i.Account, Grant: *i.Grant, Key: i.Key, cleared: true}
	case i.Bound != nil:
		return &BoundIncentives{Vendor: i.Vendor, Currency: i.Bound.Currency, Max: i.Bound.Max, cleared: true}
	case i.Credit != nil:
		return &Permit{Account: i.Account, SetCredit: i.Credit, cleared: true}
	case i.Standing != nil:
		return &Permit{Account: i.Account, SetStanding: i.Standing, cleared: true}
	}
	return &setPolicy{*i.Policy}
}

// check refuses an instruction that is none, or is not one of staff.
func check(i *journal.Instruction) error {
	action, _, _ := i.Subject()
	switch {
	case action == 0,
		i.Fund != nil && (i.Fund.Method != journal.ByOperator || i.Fund.Test),
		i.Grant != nil && !i.Grant.Issuer.IsZero(),
		i.Bound != nil && len(i.Bound.Debts) > 0:
		return token.Refuse(token.Unprocessable, "field_invalid.instruction")
	}
	return nil
}

// Need asks for the key, the desk, and all that the instruction needs.
func (c *Instruct) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	needDesk(f)
	if check(&c.Instruction) == nil {
		command(&c.Instruction).Need(s, f)
	}
}

// Decide checks, in order: instruction, reason, key, role, that it can be done at all, what it
// needs, whether the same waits already, when it lapses, how much waits. What was done before is
// answered as then.
func (c *Instruct) Decide(s *State, now int64) (Outcome, error) {
	if err := check(&c.Instruction); err != nil {
		return Outcome{}, err
	}
	if err := checkWhy(c.Why); err != nil {
		return Outcome{}, err
	}
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	if c.By.Role < journal.Representative || c.By.Role > journal.Operator {
		return Outcome{}, token.Refuse(token.Forbidden, "forbidden.staff_role")
	}
	out, err := command(&c.Instruction).Decide(s, now)
	if err != nil || out.Entry == nil || out.Replayed {
		return out, err
	}
	needs := s.needs(&c.Instruction, c.By)
	if needs.Persons == 0 {
		return out, nil
	}
	digest, err := c.Instruction.Digest()
	if err != nil {
		return Outcome{}, err
	}
	d := s.desk()
	ofOne := 0
	for i := range d.requests() {
		r := &d.Requests[i]
		if r.Asked.Digest == digest && now < r.Asked.LapsesAt {
			return Outcome{Replayed: true, Entry: &journal.Entry{Seq: r.Seq, At: r.At, Kind: journal.ApprovalAsked, Account: journal.Approvals,
				Parts: &journal.Parts{Asked: &r.Asked}}}, nil
		}
		if r.Asked.By.User == c.By.User {
			ofOne++
		}
	}
	if c.LapsesAt <= now || c.LapsesAt > now+MaxWait {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.request_wait")
	}
	if len(d.requests()) >= MaxRequests || ofOne >= MaxRequestsOfOne {
		return Outcome{}, token.Refuse(token.Conflict, "approvals_full.waiting")
	}
	asked := &journal.Asked{Instruction: c.Instruction, Digest: digest, By: c.By, Why: c.Why, Needs: needs, LapsesAt: c.LapsesAt}
	return Outcome{Entry: &journal.Entry{Kind: journal.ApprovalAsked, Account: journal.Approvals, Key: c.Key, Parts: &journal.Parts{Asked: asked}}}, nil
}

func (d *Desk) requests() []Request {
	if d == nil {
		return nil
	}
	return d.Requests
}

// needs returns who has to approve an instruction beside whoever gives it. What staff ask who are
// not operators always needs a second person. Where it is not known which person asked, one more
// has to approve: one of those who do may be the one who asked.
func (s *State) needs(i *journal.Instruction, by journal.Staff) journal.Needs {
	needs := s.desk().Needs(i.Subject())
	if by.Role < journal.Operator {
		needs = stricter(needs, journal.Needs{Persons: 1, Role: journal.Supervisor})
	}
	if needs.Persons == 0 {
		return journal.Needs{}
	}
	if by.User.IsZero() {
		needs.Persons++
	}
	needs.Role = max(needs.Role, journal.Supervisor)
	return needs
}

func checkWhy(why string) error {
	if !utf8.ValidString(why) || utf8.RuneCountInString(why) > MaxWhy {
		return token.Refuse(token.Unprocessable, "field_invalid.why", token.Number("most", MaxWhy))
	}
	if token.Hides(why) { // who decides reads it, on a page or in a terminal
		return token.Refuse(token.Unprocessable, "field_invalid.why_hides")
	}
	return nil
}

// closingKey is the key under which a request is closed, once; givenKey that of one person's
// approval where it needs more.
func closingKey(request uint64) journal.Key { return requestKey("closed", request, nil) }

func givenKey(request uint64, user token.UserID) journal.Key {
	return requestKey("given", request, user[:])
}

func requestKey(purpose string, request uint64, who []byte) journal.Key {
	text := binary.BigEndian.AppendUint64(slices.Clone(who), request)
	return journal.NewKey(journal.Approvals, purpose, string(text), nil)
}

// ClosingKey returns the key of the entry that closes a request: by it the entry is found.
func ClosingKey(request uint64) journal.KeyName { return closingKey(request).Name() }

// Need asks for the desk, for what was decided before, and for all that the instruction needs.
func (c *Approve) Need(s *State, f *Facts) {
	needDesk(f)
	f.Keys = append(f.Keys, closingKey(c.Request).Name(), givenKey(c.Request, c.By.User).Name())
	if r := s.desk().Request(c.Request); r != nil {
		command(&r.Asked.Instruction).Need(s, f)
	}
}

// Decide checks, in order: reason, that the person is known, whether it was decided before, that
// the request waits, its time, that it is not the person's own, the role, that what was shown is
// what is done, and, with the last approval, what was asked. Who approved already is answered as
// then. Where the policy has become stricter since, it holds; where it has become milder, what
// the request says.
func (c *Approve) Decide(s *State, now int64) (Outcome, error) {
	if err := checkWhy(c.Why); err != nil {
		return Outcome{}, err
	}
	if c.By.User.IsZero() {
		return Outcome{}, notSecond("approval_not_yours.no_person")
	}
	if earlier := s.Keys[givenKey(c.Request, c.By.User).Name()]; earlier != nil {
		return Outcome{Entry: earlier, Replayed: true}, nil
	}
	r := s.desk().Request(c.Request)
	if r == nil {
		return s.approvedBefore(c)
	}
	if now >= r.Asked.LapsesAt {
		return Outcome{}, closed("approval_closed.lapsed")
	}
	if c.By.User == r.Asked.By.User {
		return Outcome{}, notSecond("approval_not_yours.own")
	}
	needs := stricter(r.Asked.Needs, s.needs(&r.Asked.Instruction, r.Asked.By))
	if c.By.Role < needs.Role || c.By.Role > journal.Operator {
		return Outcome{}, notSecond("approval_not_yours.role")
	}
	digest, err := r.Asked.Instruction.Digest()
	if err != nil {
		return Outcome{}, err
	}
	if digest != c.Digest || digest != r.Asked.Digest {
		return Outcome{}, token.Refuse(token.Conflict, "stale.request")
	}
	decision := &journal.Decision{Request: c.Request, By: c.By, Why: c.Why}
	given := uint8(1)
	for i := range r.Given {
		if r.Given[i].Role >= needs.Role {
			given++
		}
	}
	entry := &journal.Entry{Kind: journal.ApprovalGiven, Account: journal.Approvals, Parts: &journal.Parts{Decision: decision}}
	if given < needs.Persons {
		decision.Left, entry.Key = needs.Persons-given, givenKey(c.Request, c.By.User)
		return Outcome{Entry: entry}, nil
	}
	entry.Key = closingKey(c.Request)
	done, err := command(&r.Asked.Instruction).Decide(s, now)
	switch code := token.CodeOf(err); {
	case code == "" && done.Entry != nil && !done.Replayed:
		return Outcome{Entry: entry, Then: done.Entry}, nil
	case code == "":
		decision.Refused = journal.AlreadySo
	case code == token.CodeInternal, code == token.CodeStale:
		return Outcome{}, err
	default:
		decision.Refused = string(code)
	}
	return Outcome{Entry: entry, Refusal: err}, nil
}

// approvedBefore answers the approval of a request that does not wait: by the person who gave the
// last one as then, to others that it is closed.
func (s *State) approvedBefore(c *Approve) (Outcome, error) {
	earlier := s.Keys[closingKey(c.Request).Name()]
	if earlier == nil {
		return Outcome{}, token.Refuse(token.NotFound, "not_found.request")
	}
	if d := earlier.Decision(); earlier.Kind == journal.ApprovalGiven && d.By.User == c.By.User {
		return Outcome{Entry: earlier, Replayed: true}, nil
	}
	return Outcome{}, closed("approval_closed.decided")
}

func notSecond(why token.Reason) error {
	return token.Refuse(token.Forbidden, why)
}

func closed(why token.Reason) error { return token.Refuse(token.Conflict, why) }

// Need asks for the desk and for what was decided before.
func (c *Refuse) Need(_ *State, f *Facts) {
	needDesk(f)
	f.Keys = append(f.Keys, closingKey(c.Request).Name())
}

// Decide checks, in order: reason, that the request waits, its time, the role. Who asked may
// take it back in any role.
func (c *Refuse) Decide(s *State, now int64) (Outcome, error) {
	if err := checkWhy(c.Why); err != nil {
		return Outcome{}, err
	}
	r := s.desk().Request(c.Request)
	if r == nil {
		earlier := s.Keys[closingKey(c.Request).Name()]
		switch {
		case earlier == nil:
			return Outcome{}, token.Refuse(token.NotFound, "not_found.request")
		case earlier.Kind == journal.ApprovalRefused && earlier.Decision().By == c.By:
			return Outcome{Entry: earlier, Replayed: true}, nil
		}
		return Outcome{}, closed("approval_closed.decided")
	}
	if now >= r.Asked.LapsesAt {
		return Outcome{}, closed("approval_closed.lapsed")
	}
	own := !c.By.User.IsZero() && c.By.User == r.Asked.By.User
	if !own && (c.By.Role < journal.Supervisor || c.By.Role > journal.Operator) {
		return Outcome{}, notSecond("approval_not_yours.refuse")
	}
	return close(c.Request, journal.ApprovalRefused, &journal.Decision{Request: c.Request, By: c.By, Why: c.Why}), nil
}

// close returns the outcome of closing a request without doing what was asked.
func close(request uint64, kind journal.Kind, d *journal.Decision) Outcome {
	return Outcome{Entry: &journal.Entry{Kind: kind, Account: journal.Approvals, Key: closingKey(request), Parts: &journal.Parts{Decision: d}}}
}

// Need asks for the desk.
func (c *LapseRequest) Need(_ *State, f *Facts) { needDesk(f) }

// Decide closes the request, if it waits and its time is over.
func (c *LapseRequest) Decide(s *State, now int64) (Outcome, error) {
	r := s.desk().Request(c.Request)
	if r == nil || !c.Gone && now < r.Asked.LapsesAt {
		return Outcome{}, nil
	}
	return close(c.Request, journal.ApprovalLapsed, &journal.Decision{Request: c.Request, Gone: now < r.Asked.LapsesAt}), nil
}

// Need asks for the desk.
func (c *setPolicy) Need(_ *State, f *Facts) { needDesk(f) }

// Decide checks, in order: action, amount, currency, persons, role, number of rows. A row that
// holds already is not recorded again.
func (c *setPolicy) Decide(s *State, _ int64) (Outcome, error) {
	p, d := c.policy, s.desk()
	bad := func(why token.Reason) (Outcome, error) {
		return Outcome{}, token.Refuse(token.Unprocessable, why)
	}
	switch {
	case p.Action == journal.ChangePolicy:
		return bad("field_invalid.policy_itself")
	case p.Action < journal.Deposit || p.Action > journal.Unfreeze:
		return bad("field_invalid.no_action")
	case p.Above < 0 || p.Above > token.MaxAmount:
		return Outcome{}, token.Refuse(token.Unprocessable, "amount_invalid.policy_sum")
	case !counts(p.Action) && (p.Above != 0 || !p.Currency.IsZero()):
		return bad("field_invalid.policy_amount")
	case p.Needs.Persons > journal.MaxPersons:
		return bad("field_invalid.policy_persons")
	case p.Needs.Persons == 0 && (p.Needs.Role != 0 || p.Above != 0),
		p.Needs.Persons > 0 && (p.Needs.Role < journal.Supervisor || p.Needs.Role > journal.Operator):
		return bad("field_invalid.policy_role")
	}
	var rows []journal.Policy
	if d != nil {
		rows = d.Policies
	}
	at := slices.IndexFunc(rows, func(row journal.Policy) bool { return row.Action == p.Action && row.Currency == p.Currency })
	switch {
	case at < 0 && p.Needs.Persons == 0, at >= 0 && rows[at] == p:
		return Outcome{}, nil
	case at < 0 && len(rows) >= MaxPolicies:
		return bad("field_invalid.policy_rows")
	}
	return Outcome{Entry: &journal.Entry{Kind: journal.PolicySet, Account: journal.Approvals, Parts: &journal.Parts{Policy: &p}}}, nil
}

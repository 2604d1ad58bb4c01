package app_test

import (
	"strconv"
	"testing"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// crew is staff: each a person with one role.
type crew struct {
	*house
	operator, other, supervisor, representative caller.Actor
	reader                                      caller.Viewer
	references                                  int
}

func newCrew(t *testing.T) *crew {
	h := open(t)
	c := &crew{house: h, reader: h.person("reader@example.org")}
	member := func(email string, role staff.Role) caller.Actor {
		v := h.person(email)
		_, err := h.AddStaff(t.Context(), caller.ByCommand(), email, role)
		must(t, err)
		by, err := h.Operator(t.Context(), v)
		must(t, err)
		return by
	}
	c.operator, c.other = member("one@example.org", staff.Operator), member("two@example.org", staff.Operator)
	c.supervisor, c.representative = member("super@example.org", staff.Supervisor), member("desk@example.org", staff.Representative)
	return c
}

// deposit asks to credit an amount, under a reference of its own.
func (c *crew) deposit(t *testing.T, by caller.Actor, amount string) (funding.Deposit, error) {
	c.references++
	return c.Deposit(t.Context(), by, funding.DepositInput{Account: c.reader.Account, Amount: money(t, amount), Currency: token.MustCurrency("USD"), Reference: strconv.Itoa(c.references)})
}

// asked is the request that a deposit became.
func (c *crew) asked(t *testing.T, by caller.Actor, amount string) approving.RequestView {
	t.Helper()
	d, err := c.deposit(t, by, amount)
	must(t, err)
	if d.Request == 0 || d.Entry != 0 {
		t.Fatalf("it was done at once: %+v", d)
	}
	waiting, err := c.Requests(t.Context(), c.operator)
	must(t, err)
	for _, r := range waiting {
		if r.Number == d.Request {
			return r
		}
	}
	t.Fatalf("request %d is not listed", d.Request)
	return approving.RequestView{}
}

func (c *crew) approve(t *testing.T, by caller.Actor, r approving.RequestView) error {
	_, err := c.Approve(t.Context(), by, r.Number, r.Digest, "")
	return err
}

// limits has deposits above 10 USD need a second person.
func (c *crew) limits(t *testing.T) {
	t.Helper()
	request, err := c.SetPolicy(t.Context(), c.operator, journal.Policy{Action: journal.Deposit, Currency: token.MustCurrency("USD"), Above: money(t, "10"),
		Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}, "")
	must(t, err)
	want(t, "requests for the first policy", request, 0)
}

// Every way in ends at the core's door: pages, programs, commands on the machine.
func TestDepositsAboveTheSumNeedASecondPerson(t *testing.T) {
	c, usd := newCrew(t), token.MustCurrency("USD")
	secret, _, err := c.CreateOperatorKey(t.Context(), c.operator, "till")
	must(t, err)
	program, _, err := c.OperatorByKey(t.Context(), secret)
	must(t, err)
	if _, err := c.deposit(t, c.operator, "50"); err != nil { // nothing needs anybody yet
		t.Fatal(err)
	}
	c.limits(t)
	if d, err := c.deposit(t, c.operator, "10"); err != nil || d.Entry == 0 {
		t.Errorf("what is not above the sum: %+v, %v", d, err)
	}
	for _, way := range []struct {
		name string
		by   caller.Actor
	}{{"page", c.operator}, {"program", program}, {"command", caller.ByCommand()}} {
		name, by := way.name, way.by
		r := c.asked(t, by, "10.01")
		for _, own := range []caller.Actor{caller.ByCommand(), by} {
			wantCode(t, c.approve(t, own, r), token.CodeApprovalNotYours)
		}
		wantCode(t, c.approve(t, c.representative, r), token.CodeForbidden)
		if name == "program" { // it is the operator who made its key
			wantCode(t, c.approve(t, c.operator, r), token.CodeApprovalNotYours)
		}
		must(t, c.approve(t, c.supervisor, r))
		if name == "command" { // the supervisor may have typed it
			want(t, "balance", c.balance(c.reader, usd), "80.02")
			must(t, c.approve(t, c.other, r))
		}
		must(t, c.approve(t, c.supervisor, r)) // once more
		if name == "page" {
			wantCode(t, c.approve(t, c.other, r), token.CodeApprovalClosed)
		}
	}
	want(t, "balance", c.balance(c.reader, usd), "90.03")
}

// A request is closed when its time is over, and when who asked leaves; neither can be approved.
func TestRequestsEnd(t *testing.T) {
	c := newCrew(t)
	r := c.asked(t, c.representative, "5")
	late := c.asked(t, c.supervisor, "6")
	must(t, c.RemoveStaff(t.Context(), caller.ByCommand(), "desk@example.org", staff.Representative))
	wantCode(t, c.approve(t, c.operator, r), token.CodeApprovalClosed)
	waiting, err := c.Requests(t.Context(), c.operator)
	must(t, err)
	want(t, "requests that wait", len(waiting), 1)
	c.Clock.Move(7 * 24 * time.Hour)
	wantCode(t, c.approve(t, c.operator, late), token.CodeApprovalClosed)
	done, err := c.DoDue(t.Context())
	must(t, err)
	want(t, "things done that fell due", done, 1)
	waiting, err = c.Requests(t.Context(), c.operator)
	must(t, err)
	want(t, "requests that wait", len(waiting), 0)
	want(t, "balance", c.balance(c.reader, token.MustCurrency("USD")), "0.00")
}

// An approval of somebody who may not approve any more counts for nothing: the request is closed.
func TestAnApprovalEndsWithTheRole(t *testing.T) {
	for _, stays := range []bool{false, true} { // of the staff, in a role that may only ask
		c := newCrew(t)
		_, err := c.SetPolicy(t.Context(), c.operator, journal.Policy{Action: journal.Deposit, Needs: journal.Needs{Persons: 2, Role: journal.Supervisor}}, "")
		must(t, err)
		r := c.asked(t, c.operator, "5")
		must(t, c.approve(t, c.supervisor, r))
		if stays {
			_, err := c.AddStaff(t.Context(), c.operator, "super@example.org", staff.Representative)
			must(t, err)
		}
		must(t, c.RemoveStaff(t.Context(), c.operator, "super@example.org", staff.Supervisor))
		wantCode(t, c.approve(t, c.other, r), token.CodeApprovalClosed)
		want(t, "balance", c.balance(c.reader, token.MustCurrency("USD")), "0.00")
	}
}

// A key may what the person may who made it, as long as that is so.
func TestAKeyEndsWithItsMaker(t *testing.T) {
	c := newCrew(t)
	secret, _, err := c.CreateOperatorKey(t.Context(), c.operator, "till")
	must(t, err)
	must(t, c.RemoveStaff(t.Context(), c.other, "one@example.org", staff.Operator))
	_, _, err = c.OperatorByKey(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
}

// A policy that nobody could fulfil is refused.
func TestPolicyNeedsPeople(t *testing.T) {
	h := open(t)
	_, err := h.SetPolicy(t.Context(), caller.ByCommand(), journal.Policy{Action: journal.Freeze, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}, "")
	wantCode(t, err, token.CodeFieldInvalid)
}

// The table of roles, asked by every method of the application that acts for staff.
func TestRoles(t *testing.T) {
	c := newCrew(t)
	r := c.asked(t, c.representative, "5")
	lowest := map[string]struct {
		from journal.Role
		call func(by caller.Actor) error
	}{
		"Summary":    {journal.Supervisor, func(by caller.Actor) error { _, err := c.Summary(t.Context(), by); return err }},
		"AllVendors": {journal.Supervisor, func(by caller.Actor) error { _, _, err := c.AllVendors(t.Context(), by, "", 5); return err }},
		"LookUpReader": {journal.Representative, func(by caller.Actor) error {
			_, err := c.LookUpReader(t.Context(), by, "reader@example.org")
			return err
		}},
		"StaffLog": {journal.Supervisor, func(by caller.Actor) error {
			_, _, err := c.StaffLog(t.Context(), by, staff.Search{}, "", 5)
			return err
		}},
		"Deposit": {journal.Representative, func(by caller.Actor) error { _, err := c.deposit(t, by, "1"); return err }},
		"SetStanding": {journal.Representative, func(by caller.Actor) error {
			_, err := c.SetStanding(t.Context(), by, c.reader.Account, journal.Frozen, "")
			return err
		}},
		"Requests": {journal.Representative, func(by caller.Actor) error { _, err := c.Requests(t.Context(), by); return err }},
		"ListRequests": {journal.Representative, func(by caller.Actor) error {
			_, _, err := c.ListRequests(t.Context(), by, "", "", 5)
			return err
		}},
		"Request":  {journal.Representative, func(by caller.Actor) error { _, err := c.Request(t.Context(), by, r.Number); return err }},
		"Policies": {journal.Representative, func(by caller.Actor) error { _, err := c.Policies(t.Context(), by); return err }},
		"Approve":  {journal.Supervisor, func(by caller.Actor) error { return c.approve(t, by, r) }},
		"SetPolicy": {journal.Operator, func(by caller.Actor) error {
			_, err := c.SetPolicy(t.Context(), by, journal.Policy{Action: journal.Freeze}, "")
			return err
		}},
		"DeadLetters":   {journal.Operator, func(by caller.Actor) error { _, _, err := c.DeadLetters(t.Context(), by, "", 5); return err }},
		"RetryDelivery": {journal.Operator, func(by caller.Actor) error { return c.RetryDelivery(t.Context(), by, token.DeliveryID{1}) }},
		"DropDelivery":  {journal.Operator, func(by caller.Actor) error { return c.DropDelivery(t.Context(), by, token.DeliveryID{1}) }},
		"AddStaff": {journal.Operator, func(by caller.Actor) error {
			_, err := c.AddStaff(t.Context(), by, "new@example.org", staff.Representative)
			return err
		}},
		"RemoveStaff": {journal.Operator, func(by caller.Actor) error {
			return c.RemoveStaff(t.Context(), by, "nobody@example.org", staff.Representative)
		}},
		"CreateOperatorKey": {journal.Operator, func(by caller.Actor) error { _, _, err := c.CreateOperatorKey(t.Context(), by, "till"); return err }},
		"RevokeOperatorKey": {journal.Operator, func(by caller.Actor) error { return c.RevokeOperatorKey(t.Context(), by, token.KeyID{1}) }},
	}
	for name, of := range lowest {
		for role, by := range map[journal.Role]caller.Actor{journal.Representative: c.representative, journal.Supervisor: c.supervisor, journal.Operator: c.operator} {
			refused := token.CodeOf(of.call(by)) == token.CodeForbidden
			if refused != (role < of.from) {
				t.Errorf("%s in role %d is refused: %v", name, role, refused)
			}
		}
		if code := token.CodeOf(of.call(caller.Actor{})); code != token.CodeForbidden {
			t.Errorf("%s by nobody: %q", name, code)
		}
	}
}

// The staff's log tells of logins of staff, and of no reader's.
func TestLoginsOfStaffAreTold(t *testing.T) {
	c := newCrew(t)
	for _, email := range []string{"desk@example.org", "reader@example.org"} {
		_, _, err := c.LogIn(t.Context(), email, "correct horse battery")
		must(t, err)
	}
	lines, _, err := c.StaffLog(t.Context(), c.operator, staff.Search{Action: staff.LoggedIn}, "", 9)
	must(t, err)
	if len(lines) != 1 {
		t.Fatalf("%+v", lines)
	}
	if user, err := token.ParseID[token.UserKind](lines[0].Actor); err != nil || !c.representative.Is(user) {
		t.Errorf("%+v", lines)
	}
}

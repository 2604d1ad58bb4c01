package core_test

import (
	"fmt"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// desk is a shop with staff: an operator, a supervisor and a representative.
type desk struct {
	*shop
	operator, other, supervisor, representative, command journal.Staff
	references                                           int
}

func newDesk(t *testing.T) *desk {
	d := &desk{shop: newShop(t, 0)}
	d.s.Accounts[journal.Approvals] = &core.Account{ID: journal.Approvals}
	d.s.Accounts[journal.AllIssuers] = &core.Account{ID: journal.AllIssuers}
	d.s.Accounts[journal.IssuerAccount(d.vendor)] = &core.Account{ID: journal.IssuerAccount(d.vendor)}
	d.must(&core.BoundIncentives{Max: token.PerUnit})
	person := func(n uint64, role journal.Role) journal.Staff {
		return journal.Staff{User: id[token.UserKind](n), Role: role}
	}
	d.operator, d.other = person(11, journal.Operator), person(12, journal.Operator)
	d.supervisor, d.representative = person(13, journal.Supervisor), person(14, journal.Representative)
	d.command = journal.Staff{Role: journal.Operator}
	return d
}

// deposit instructs to credit a sum; each has a reference of its own.
func (d *desk) deposit(by journal.Staff, amount token.Amount) *core.Instruct {
	d.references++
	return &core.Instruct{By: by, LapsesAt: d.now + day, Instruction: journal.Instruction{Account: d.account,
		Fund: &journal.Fund{Amount: amount, Currency: d.usd, Method: journal.ByOperator, Reference: fmt.Sprint(d.references)}}}
}

func (d *desk) policy(by journal.Staff, p journal.Policy) *core.Instruct {
	return &core.Instruct{By: by, LapsesAt: d.now + day, Instruction: journal.Instruction{Policy: &p}}
}

// guarded has deposits above 100 USD need so many second persons.
func (d *desk) guarded(persons uint8, role journal.Role) {
	d.t.Helper()
	d.must(d.policy(d.operator, journal.Policy{Action: journal.Deposit, Currency: d.usd, Above: 100 * token.PerUnit, Needs: journal.Needs{Persons: persons, Role: role}}))
}

// ask returns the number of the request, and its digest.
func (d *desk) ask(c *core.Instruct) (uint64, [32]byte) {
	d.t.Helper()
	out := d.must(c)
	if out.Entry == nil || out.Entry.Kind != journal.ApprovalAsked {
		d.t.Fatalf("nothing was asked: %+v", out.Entry)
	}
	return out.Entry.Seq, out.Entry.Asked().Digest
}

func (d *desk) balance() token.Amount {
	if w := d.s.Accounts[d.account].Wallet(d.usd, token.PurchasedClass); w != nil {
		return w.Balance
	}
	return 0
}

func (d *desk) hasBalance(want token.Amount) {
	d.t.Helper()
	if got := d.balance(); got != want {
		d.t.Errorf("the wallet has %d, want %d", got, want)
	}
}

// approve is an approval of a request of which everything was shown.
func approve(by journal.Staff, request uint64, digest [32]byte) *core.Approve {
	return &core.Approve{Request: request, By: by, Digest: digest}
}

// Without a policy an operator acts at once, and nothing tells of approvals.
func TestWithoutAPolicyNothingIsAsked(t *testing.T) {
	d := newDesk(t)
	for _, by := range []journal.Staff{d.operator, d.command} {
		if out := d.must(d.deposit(by, 1000*token.PerUnit)); out.Entry.Kind != journal.Funded {
			t.Errorf("%+v led to %v", by, out.Entry.Kind)
		}
	}
	d.hasBalance(2000 * token.PerUnit)
}

// Every command of staff is refused at the core when the policy wants a second person, however
// it gets there; and every one can be asked for and approved.
func TestNoCommandOfStaffPassesTheDoor(t *testing.T) {
	frozen, good := journal.Frozen, journal.GoodStanding
	for action, of := range map[journal.Action]struct {
		direct func(d *desk) core.Command
		asked  func(d *desk) journal.Instruction
		after  journal.Kind
	}{
		journal.Deposit: {func(d *desk) core.Command {
			return &core.Fund{Account: d.account, Fund: journal.Fund{Amount: 5, Currency: d.usd, Method: journal.ByOperator, Reference: "r"}}
		}, func(d *desk) journal.Instruction {
			return journal.Instruction{Account: d.account, Fund: &journal.Fund{Amount: 5, Currency: d.usd, Method: journal.ByOperator, Reference: "r"}}
		}, journal.Funded},
		journal.GiveIncentives: {func(d *desk) core.Command {
			return &core.Grant{Account: d.account, Grant: journal.Grant{Campaign: token.CampaignID{1}, Amount: 5, Currency: d.usd}}
		}, func(d *desk) journal.Instruction {
			return journal.Instruction{Account: d.account, Grant: &journal.Grant{Campaign: token.CampaignID{1}, Amount: 5, Currency: d.usd}}
		}, journal.Granted},
		journal.BoundVendors: {func(d *desk) core.Command {
			return &core.BoundIncentives{Vendor: d.vendor, Currency: d.usd, Max: 5}
		}, func(d *desk) journal.Instruction {
			return journal.Instruction{Vendor: d.vendor, Bound: &journal.Bound{Currency: d.usd, Max: 5}}
		}, journal.IncentiveBound},
		journal.CreditLine: {func(d *desk) core.Command {
			return &core.Permit{Account: d.account, SetCredit: &journal.Credit{Currency: d.usd, Line: 5}}
		}, func(d *desk) journal.Instruction {
			return journal.Instruction{Account: d.account, Credit: &journal.Credit{Currency: d.usd, Line: 5}}
		}, journal.CreditSet},
		journal.Freeze: {func(d *desk) core.Command { return &core.Permit{Account: d.account, SetStanding: &frozen} },
			func(d *desk) journal.Instruction {
				return journal.Instruction{Account: d.account, Standing: &frozen}
			}, journal.StandingSet},
		journal.Unfreeze: {func(d *desk) core.Command { return &core.Permit{Account: d.account, SetStanding: &good} },
			func(d *desk) journal.Instruction {
				return journal.Instruction{Account: d.account, Standing: &good}
			}, journal.StandingSet},
	} {
		t.Run(action.String(), func(t *testing.T) {
			d := newDesk(t)
			if in := of.asked(d); in.Policy == nil {
				if got, _, _ := in.Subject(); got != action {
					t.Fatalf("the instruction is to %v", got)
				}
			}
			d.must(d.policy(d.operator, journal.Policy{Action: action, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}))
			d.refused(of.direct(d), token.CodeApprovalNeeded)
			request, digest := d.ask(&core.Instruct{By: d.operator, LapsesAt: d.now + day, Instruction: of.asked(d)})
			d.refused(of.direct(d), token.CodeApprovalNeeded)
			out := d.must(approve(d.supervisor, request, digest))
			if out.Then == nil || out.Then.Kind != of.after || out.Then.Seq != out.Entry.Seq+1 {
				t.Errorf("the approval led to %+v", out.Then)
			}
			if left := d.s.Accounts[journal.Approvals].Desk.Request(request); left != nil {
				t.Errorf("the request still waits: %+v", left)
			}
		})
	}
	for _, action := range journal.Actions() { // the map above names them all
		if action > journal.ChangePolicy || action.String() == "unknown" {
			t.Errorf("action %d is not tested", action)
		}
	}
}

func TestOnlyWhatIsAboveTheSumIsAsked(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	d.must(d.deposit(d.operator, 100*token.PerUnit))
	d.hasBalance(100 * token.PerUnit)
	request, digest := d.ask(d.deposit(d.operator, 100*token.PerUnit+1))
	d.hasBalance(100 * token.PerUnit)
	out := d.must(approve(d.other, request, digest))
	d.hasBalance(200*token.PerUnit + 1)
	// A click more, or an unknown outcome tried again, is answered as the first.
	again := d.must(approve(d.other, request, digest))
	if !again.Replayed || again.Entry != out.Entry {
		t.Errorf("approved again: %+v", again)
	}
	d.refused(approve(d.supervisor, request, digest), token.CodeApprovalClosed)
	d.hasBalance(200*token.PerUnit + 1)
	// A row without a currency is for those that have none of their own.
	d.s.Accounts[journal.Approvals].Desk = &core.Desk{Policies: []journal.Policy{
		{Action: journal.Deposit, Above: 5, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}},
		{Action: journal.Deposit, Currency: d.usd, Above: 50, Needs: journal.Needs{Persons: 2, Role: journal.Operator}}}}
	for amount, want := range map[token.Amount]uint8{5: 0, 50: 0, 51: 2} {
		if got := d.s.Accounts[journal.Approvals].Desk.Needs(journal.Deposit, d.usd, amount); got.Persons != want {
			t.Errorf("%d USD needs %+v", amount, got)
		}
	}
	if got := d.s.Accounts[journal.Approvals].Desk.Needs(journal.Deposit, token.MustCurrency("EUR"), 6); got.Persons != 1 {
		t.Errorf("6 EUR needs %+v", got)
	}
}

// Nobody approves what he asked, by whatever way he comes.
func TestNobodyApprovesHisOwn(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
	d.refused(approve(d.operator, request, digest), token.CodeApprovalNotYours)
	withKey := d.operator
	withKey.Key = token.KeyID{1}
	d.refused(approve(withKey, request, digest), token.CodeApprovalNotYours)
	d.refused(approve(d.command, request, digest), token.CodeApprovalNotYours)
	noPerson := journal.Staff{Key: token.KeyID{2}, Role: journal.Operator} // made by a command
	d.refused(approve(noPerson, request, digest), token.CodeApprovalNotYours)
	d.refused(approve(d.representative, request, digest), token.CodeApprovalNotYours)
	forged := d.supervisor
	forged.Role = journal.Operator + 1
	d.refused(approve(forged, request, digest), token.CodeApprovalNotYours)
	d.hasBalance(0)

	// What a key asked is what the person asked who made it.
	request, digest = d.ask(d.deposit(withKey, 500*token.PerUnit))
	d.refused(approve(d.operator, request, digest), token.CodeApprovalNotYours)
	d.must(approve(d.supervisor, request, digest))
	d.hasBalance(500 * token.PerUnit)

	// Who typed a command is not known: of two who approve, one is somebody else.
	request, digest = d.ask(d.deposit(d.command, 500*token.PerUnit))
	if out := d.must(approve(d.operator, request, digest)); out.Then != nil || out.Entry.Decision().Left != 1 {
		t.Errorf("one person approved what a command asked: %+v", out)
	}
	if out := d.must(approve(d.operator, request, digest)); !out.Replayed {
		t.Error("one person counted twice")
	}
	d.hasBalance(500 * token.PerUnit)
	d.must(approve(d.supervisor, request, digest))
	d.hasBalance(1000 * token.PerUnit)
	if out := d.must(approve(d.operator, request, digest)); !out.Replayed { // also when the request is closed
		t.Error("who approved first is not answered as then")
	}
}

// What staff ask who are not operators always needs a second person.
func TestRepresentativesAsk(t *testing.T) {
	d := newDesk(t)
	for _, by := range []journal.Staff{d.representative, d.supervisor} {
		request, digest := d.ask(d.deposit(by, 5*token.PerUnit))
		d.refused(approve(by, request, digest), token.CodeApprovalNotYours)
		d.must(approve(d.operator, request, digest))
	}
	d.hasBalance(10 * token.PerUnit)
	d.refused(d.deposit(journal.Staff{User: d.user}, 5), token.CodeForbidden)
	d.refused(d.deposit(journal.Staff{User: d.user, Role: 9}, 5), token.CodeForbidden)
}

func TestWhatWasShownIsWhatIsDone(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
	other, otherDigest := d.ask(d.deposit(d.operator, 900*token.PerUnit))
	d.refused(approve(d.supervisor, request, otherDigest), token.CodeStale)
	d.refused(approve(d.supervisor, other, digest), token.CodeStale)
	// The same while it waits is the same request, whoever asks.
	again := d.deposit(d.other, 500*token.PerUnit)
	again.Instruction.Fund.Reference = "1"
	if out := d.must(again); !out.Replayed || out.Entry.Seq != request {
		t.Errorf("asked twice: %+v", out.Entry)
	}
	// Changed in what is stored, it is not done.
	d.s.Accounts[journal.Approvals].Desk.Requests[0].Asked.Instruction.Fund.Amount++
	d.refused(approve(d.supervisor, request, digest), token.CodeStale)
	d.hasBalance(0)
}

// In the millisecond in which it lapses, a request cannot be approved, refused or asked for
// again as the same, whether or not anybody swept; before that, it does not lapse.
func TestApprovedAndLapsedAtOnce(t *testing.T) {
	for _, sweptFirst := range []bool{false, true} {
		d := newDesk(t)
		d.guarded(1, journal.Supervisor)
		request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
		d.now += day - 1
		if out := d.must(&core.LapseRequest{Request: request}); out.Entry != nil {
			t.Error("lapsed before its time")
		}
		d.now++
		if sweptFirst {
			d.must(&core.LapseRequest{Request: request})
		}
		d.refused(approve(d.supervisor, request, digest), token.CodeApprovalClosed)
		d.refused(&core.Refuse{Request: request, By: d.supervisor}, token.CodeApprovalClosed)
		d.must(&core.LapseRequest{Request: request})
		if out := d.must(&core.LapseRequest{Request: request}); out.Entry != nil {
			t.Error("lapsed twice")
		}
		d.hasBalance(0)
	}
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
	d.now += day - 1
	d.must(approve(d.supervisor, request, digest))
	d.now++
	if out := d.must(&core.LapseRequest{Request: request}); out.Entry != nil {
		t.Error("what was approved lapsed")
	}
	d.hasBalance(500 * token.PerUnit)
}

// Of two who decide at once the first one does.
func TestTwoDecideAtOnce(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
	d.must(approve(d.supervisor, request, digest))
	d.refused(approve(d.other, request, digest), token.CodeApprovalClosed)
	d.refused(&core.Refuse{Request: request, By: d.other}, token.CodeApprovalClosed)
	d.hasBalance(500 * token.PerUnit)

	request, digest = d.ask(d.deposit(d.operator, 500*token.PerUnit))
	refusal := d.must(&core.Refuse{Request: request, By: d.other, Why: "no receipt"})
	if out := d.must(&core.Refuse{Request: request, By: d.other}); !out.Replayed || out.Entry != refusal.Entry {
		t.Error("refused twice")
	}
	d.refused(approve(d.supervisor, request, digest), token.CodeApprovalClosed)
	d.refused(approve(d.supervisor, 12345, digest), token.CodeNotFound)
	d.refused(&core.Refuse{Request: 12345, By: d.other}, token.CodeNotFound)
	d.hasBalance(500 * token.PerUnit)
	// What was refused may be asked for again, and is another request.
	again := d.deposit(d.operator, 500*token.PerUnit)
	again.Instruction.Fund.Reference = "2"
	if next, _ := d.ask(again); next == request {
		t.Error("a refused request came back")
	}
	// Who asked may take it back in any role; others of that role may not.
	request, _ = d.ask(d.deposit(d.representative, 5))
	d.refused(&core.Refuse{Request: request, By: journal.Staff{User: id[token.UserKind](99), Role: journal.Representative}}, token.CodeApprovalNotYours)
	d.must(&core.Refuse{Request: request, By: d.representative})
}

// What has become impossible is approved, and refused by the core, for good.
func TestApprovedWhenImpossible(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	grant := journal.Instruction{Account: d.account, Grant: &journal.Grant{Campaign: token.CampaignID{1}, Amount: 5, Currency: d.usd, Expiry: d.now + hour}}
	request, digest := d.ask(&core.Instruct{By: d.representative, LapsesAt: d.now + day, Instruction: grant})
	d.now += 2 * hour
	out := d.must(approve(d.supervisor, request, digest))
	if out.Then != nil || out.Entry.Decision().Refused != string(token.CodeFieldInvalid) || token.CodeOf(out.Refusal) != token.CodeFieldInvalid {
		t.Errorf("%+v, %v", out.Entry.Decision(), out.Refusal)
	}
	if again := d.must(approve(d.supervisor, request, digest)); !again.Replayed {
		t.Error("it was tried again")
	}
	// Done by other means meanwhile, it is not done again.
	first := d.deposit(d.operator, 50*token.PerUnit)
	asked := *first
	asked.By = d.representative
	request, digest = d.ask(&asked)
	d.must(first)
	if out := d.must(approve(d.supervisor, request, digest)); out.Then != nil || out.Entry.Decision().Refused != journal.AlreadySo {
		t.Errorf("%+v", out.Entry.Decision())
	}
	d.hasBalance(50 * token.PerUnit)
	// The reference went to another sum meanwhile.
	asked.Instruction.Fund = &journal.Fund{Amount: 7, Currency: d.usd, Method: journal.ByOperator, Reference: "x"}
	request, digest = d.ask(&asked)
	first.Instruction.Fund = &journal.Fund{Amount: 8, Currency: d.usd, Method: journal.ByOperator, Reference: "x"}
	d.must(first)
	if out := d.must(approve(d.supervisor, request, digest)); out.Entry.Decision().Refused != string(token.CodeKeyReused) {
		t.Errorf("%+v", out.Entry.Decision())
	}
	d.hasBalance(50*token.PerUnit + 8)
}

// A policy that has become stricter holds for what waits; one that has become milder does not.
func TestPolicyChangedMeanwhile(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	request, digest := d.ask(d.deposit(d.operator, 500*token.PerUnit))
	stricter, its := d.ask(d.policy(d.operator, journal.Policy{Action: journal.Deposit, Currency: d.usd, Above: 5, Needs: journal.Needs{Persons: 2, Role: journal.Operator}}))
	d.must(approve(d.supervisor, stricter, its))
	d.refused(approve(d.supervisor, request, digest), token.CodeApprovalNotYours)
	if out := d.must(approve(d.other, request, digest)); out.Entry.Decision().Left != 1 {
		t.Errorf("%+v", out.Entry.Decision())
	}
	third := journal.Staff{User: id[token.UserKind](15), Role: journal.Operator}
	d.must(approve(third, request, digest))
	d.hasBalance(500 * token.PerUnit)

	request, digest = d.ask(d.deposit(d.operator, 500*token.PerUnit))
	milder, its := d.ask(d.policy(d.operator, journal.Policy{Action: journal.Deposit, Currency: d.usd}))
	d.must(approve(d.other, milder, its))
	d.must(approve(third, milder, its))
	if d.s.Accounts[journal.Approvals].Desk.Needs(journal.Deposit, d.usd, token.MaxAmount).Persons != 0 {
		t.Error("the row is still there")
	}
	d.refused(approve(d.supervisor, request, digest), token.CodeApprovalNotYours)
	if out := d.must(approve(d.other, request, digest)); out.Entry.Decision().Left != 1 {
		t.Errorf("a milder policy freed what waited: %+v", out.Entry.Decision())
	}
}

// A bound of all shops is one in every currency, so it needs what the row of any of them needs.
func TestABoundOfEveryCurrencyNeedsWhatEachNeeds(t *testing.T) {
	d := newDesk(t)
	d.must(d.policy(d.operator, journal.Policy{Action: journal.BoundVendors, Currency: d.usd, Above: 100 * token.PerUnit, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}))
	all := func(most token.Amount) *core.Instruct {
		return &core.Instruct{By: d.operator, LapsesAt: d.now + day, Instruction: journal.Instruction{Bound: &journal.Bound{Max: most}}}
	}
	d.refused(&core.BoundIncentives{Max: 101 * token.PerUnit}, token.CodeApprovalNeeded)
	request, digest := d.ask(all(101 * token.PerUnit))
	d.must(all(100 * token.PerUnit))
	d.must(approve(d.supervisor, request, digest))

	row := journal.Policy{Action: journal.BoundVendors, Above: 500 * token.PerUnit, Needs: journal.Needs{Persons: 1, Role: journal.Operator}}
	request, digest = d.ask(d.policy(d.operator, row))
	d.must(approve(d.supervisor, request, digest))
	d.ask(all(200 * token.PerUnit)) // the row of USD, though that of all others lets it pass
}

// The first policy needs nobody else; each further change does.
func TestChangingThePolicyNeedsASecondPerson(t *testing.T) {
	d := newDesk(t)
	d.guarded(1, journal.Supervisor)
	off := d.policy(d.operator, journal.Policy{Action: journal.Deposit, Currency: d.usd})
	request, digest := d.ask(off)
	d.refused(approve(d.operator, request, digest), token.CodeApprovalNotYours)
	d.must(approve(d.supervisor, request, digest))
	d.must(d.deposit(d.operator, 500*token.PerUnit))
	d.hasBalance(500 * token.PerUnit)
	one := journal.Needs{Persons: 1, Role: journal.Supervisor}
	for _, bad := range []journal.Policy{{Action: journal.ChangePolicy, Needs: one}, {Action: 99, Needs: one}, {Action: journal.Freeze, Above: 5, Needs: one},
		{Action: journal.Deposit, Needs: journal.Needs{Persons: 4, Role: journal.Supervisor}}, {Action: journal.Deposit, Needs: journal.Needs{Persons: 1, Role: journal.Representative}}} {
		d.refused(d.policy(d.operator, bad), token.CodeFieldInvalid)
	}
}

func TestWhoAskedLeft(t *testing.T) {
	d := newDesk(t)
	request, digest := d.ask(d.deposit(d.representative, 5))
	out := d.must(&core.LapseRequest{Request: request, Gone: true})
	if !out.Entry.Decision().Gone {
		t.Error("it does not say why")
	}
	d.refused(approve(d.operator, request, digest), token.CodeApprovalClosed)
	d.hasBalance(0)
}

// A retry with the request's key finds it, decided or not; the key with something else is refused.
func TestAskedAgainWithTheKey(t *testing.T) {
	d := newDesk(t)
	c := d.deposit(d.representative, 5)
	c.Key = journal.NewKey(d.vendor, "ask", "k", []byte("5"))
	request, _ := d.ask(c)
	if out := d.must(c); !out.Replayed || out.Entry.Seq != request {
		t.Errorf("%+v", out)
	}
	d.must(&core.Refuse{Request: request, By: d.supervisor})
	if out := d.must(c); !out.Replayed || out.Entry.Seq != request {
		t.Errorf("%+v", out)
	}
	other := d.deposit(d.representative, 6)
	other.Key = journal.NewKey(d.vendor, "ask", "k", []byte("6"))
	d.refused(other, token.CodeKeyReused)
}

// How much waits is bounded, of one person and of all.
func TestRequestsAreBounded(t *testing.T) {
	d := newDesk(t)
	for range core.MaxRequestsOfOne {
		d.ask(d.deposit(d.representative, 5))
	}
	d.refused(d.deposit(d.representative, 5), token.CodeApprovalsFull)
	for n := range core.MaxRequests - core.MaxRequestsOfOne {
		d.ask(d.deposit(journal.Staff{User: id[token.UserKind](uint64(100 + n/core.MaxRequestsOfOne)), Role: journal.Representative}, 5))
	}
	d.refused(d.deposit(d.supervisor, 5), token.CodeApprovalsFull)
	late := d.deposit(d.operator, 5)
	late.By.Role, late.LapsesAt = journal.Supervisor, d.now+core.MaxWait+1
	d.refused(late, token.CodeFieldInvalid)
}

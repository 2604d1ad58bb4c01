package local

import (
	"context"
	"strings"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// App is what the commands need of the application.
type App interface {
	AddStaff(ctx context.Context, by caller.Actor, email string, role staff.Role) (operating.NewOperator, error)
	RemoveStaff(ctx context.Context, by caller.Actor, email string, role staff.Role) error
	Staff(ctx context.Context) ([]operating.StaffView, error)
	CreateOperatorKey(ctx context.Context, by caller.Actor, name string) (secret string, view operating.OperatorKeyView, err error)
	OperatorKeys(ctx context.Context) ([]operating.OperatorKeyView, error)
	RevokeOperatorKey(ctx context.Context, by caller.Actor, id token.KeyID) error
	Deposit(ctx context.Context, by caller.Actor, in funding.DepositInput) (funding.Deposit, error)
	SetIncentiveBound(ctx context.Context, by caller.Actor, vendor token.VendorID, currency token.Currency, most token.Amount) (request uint64, err error)
	Requests(ctx context.Context, by caller.Actor) ([]approving.RequestView, error)
	Refuse(ctx context.Context, by caller.Actor, request uint64, why string) error
	Policies(ctx context.Context, by caller.Actor) ([]journal.Policy, error)
	SetPolicy(ctx context.Context, by caller.Actor, p journal.Policy, why string) (request uint64, err error)
	SetStanding(ctx context.Context, by caller.Actor, account token.AccountID, standing journal.Standing, why string) (request uint64, err error)
	StaffLog(ctx context.Context, by caller.Actor, search staff.Search, before string, limit int) ([]staff.Line, string, error)
	IncentiveDebts(ctx context.Context, vendor token.VendorID) ([]incentive.IncentiveDebt, error)
	Followers(ctx context.Context) []operating.Follower
	Broken(ctx context.Context) (staff.BrokenInvariant, bool, error)
	ClearBroken(ctx context.Context, by caller.Actor, reason string) (staff.BrokenInvariant, error)
	DeadLetters(ctx context.Context, by caller.Actor, before string, limit int) ([]operating.DeadLetter, string, error)
	RetryDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
	DropDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
}

// What can be asked for.
const (
	AddOperator    = "operator add"
	RemoveOperator = "operator remove"
	ListOperators  = "operator list"
	MakeKey        = "operator key"
	ListKeys       = "operator keys"
	RevokeKey      = "operator revoke"
	Fund           = "fund"
	BoundVendor    = "vendor incentive-bound"
	VendorDebts    = "vendor incentives"
	ListRequests   = "request list"
	RefuseRequest  = "request refuse"
	ListPolicy     = "policy list"
	SetPolicy      = "policy set"
	SetStanding    = "account standing"
	StaffLog       = "staff-log"
	ListFollowers  = "followers"
	LookAtWatchdog = "watchdog status"
	ClearWatchdog  = "watchdog clear"
	ListDeliveries = "deliveries list"
	RetryDelivery  = "deliveries retry"
	DropDelivery   = "deliveries drop"
)

// Request is what a command asks for. Which of the fields count depends on Do.
type Request struct {
	Do        string `json:"do"`
	Email     string `json:"email,omitempty"`
	Account   string `json:"account,omitempty"`
	Vendor    string `json:"vendor,omitempty"`
	Key       string `json:"key,omitempty"`
	Name      string `json:"name,omitempty"`
	Amount    string `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Reference string `json:"reference,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Delivery  string `json:"delivery,omitempty"`
	Before    string `json:"before,omitempty"`
	Role      string `json:"role,omitempty"`
	Request   uint64 `json:"request,omitempty"`
	Action    string `json:"action,omitempty"`
	Persons   uint8  `json:"persons,omitempty"`
	Actor     string `json:"actor,omitempty"`
	Subject   string `json:"subject,omitempty"`
	Frozen    bool   `json:"frozen,omitempty"`
}

// Answer is what was done or found. It is what the commands write with --json.
type Answer struct {
	Operator   *Operator  `json:"operator,omitempty"`
	Operators  []Operator `json:"operators,omitempty"`
	Key        *Key       `json:"key,omitempty"`
	Keys       []Key      `json:"keys,omitempty"`
	Deposit    *Deposit   `json:"deposit,omitempty"`
	Debts      []Debt     `json:"incentive_debts,omitempty"`
	Followers  []Follower `json:"followers,omitempty"`
	Broken     *Broken    `json:"broken_invariant,omitempty"`
	Cleared    *Broken    `json:"cleared_invariant,omitempty"`
	Deliveries []Delivery `json:"deliveries,omitempty"`
	Next       string     `json:"next,omitempty"`    // where the next page begins
	Request    uint64     `json:"request,omitempty"` // the number of the request that waits for a second person: nothing was done yet
	Requests   []Asked    `json:"requests,omitempty"`
	Policies   []Row      `json:"policy,omitempty"`
	Acts       []Act      `json:"acts,omitempty"`
}

// Operator is somebody with the role.
type Operator struct {
	User        string     `json:"user,omitempty"`
	Email       string     `json:"email"`
	Role        string     `json:"role,omitempty"`
	Since       *time.Time `json:"since,omitempty"`
	HasPassword bool       `json:"has_password"`
	Already     bool       `json:"already,omitempty"`    // had the role before
	LoginMade   bool       `json:"login_made,omitempty"` // there was no login with this address
	LoginFrom   *time.Time `json:"login_from,omitempty"` // when the login was made
	Link        string     `json:"link,omitempty"`       // where the first password is set, once
	LinkUntil   *time.Time `json:"link_until,omitempty"`
	Removed     bool       `json:"removed,omitempty"`
}

// Key is an operator's key.
type Key struct {
	ID        string     `json:"id"`
	Name      string     `json:"name,omitempty"`
	Hint      string     `json:"hint,omitempty"`
	Secret    string     `json:"secret,omitempty"` // when it is made, and never again
	CreatedAt *time.Time `json:"created_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Revoked   bool       `json:"revoked,omitempty"`
}

// Deposit is money that was credited.
type Deposit struct {
	Entry     uint64    `json:"entry"`
	At        time.Time `json:"at"`
	Account   string    `json:"account"`
	Amount    string    `json:"amount"`
	Currency  string    `json:"currency"`
	Reference string    `json:"reference"`
	Replayed  bool      `json:"replayed"` // it was credited before
}

// Run does what is asked for.
func Run(ctx context.Context, a App, r Request) (Answer, error) {
	by := caller.ByCommand()
	switch r.Do {
	case AddOperator:
		made, err := a.AddStaff(ctx, by, r.Email, role(r))
		o := operator(made.StaffView)
		o.Already, o.LoginMade, o.Link = made.Already, made.LoginMade, made.Link
		o.LoginFrom, o.LinkUntil = moment(made.LoginFrom), moment(made.LinkUntil)
		return Answer{Operator: &o}, err
	case RemoveOperator:
		return Answer{Operator: &Operator{Email: r.Email, Removed: true}}, a.RemoveStaff(ctx, by, r.Email, role(r))
	case ListOperators:
		found, err := a.Staff(ctx)
		return Answer{Operators: each(found, operator)}, err
	case MakeKey:
		secret, view, err := a.CreateOperatorKey(ctx, by, r.Name)
		k := key(view)
		k.Secret = secret
		return Answer{Key: &k}, err
	case ListKeys:
		found, err := a.OperatorKeys(ctx)
		return Answer{Keys: each(found, key)}, err
	case RevokeKey:
		id, err := token.ParseID[token.KeyKind](r.Key)
		if err == nil {
			err = a.RevokeOperatorKey(ctx, by, id)
		}
		return Answer{Key: &Key{ID: r.Key, Revoked: true}}, err
	case Fund:
		return fund(ctx, a, r)
	case BoundVendor, VendorDebts:
		return incentives(ctx, a, r)
	case ListRequests, RefuseRequest, ListPolicy, SetPolicy, SetStanding, StaffLog:
		return approvals(ctx, a, r)
	case ListFollowers, LookAtWatchdog, ClearWatchdog:
		return followers(ctx, a, r)
	case ListDeliveries, RetryDelivery, DropDelivery:
		return deliveries(ctx, a, r)
	}
	return Answer{}, token.Refuse(token.Malformed, "malformed.command", token.Given("got", r.Do))
}

func fund(ctx context.Context, a App, r Request) (Answer, error) {
	in := funding.DepositInput{Email: r.Email, Reference: r.Reference, Why: r.Reason}
	var err error
	if r.Account != "" {
		if in.Account, err = token.ParseID[token.AccountKind](r.Account); err != nil {
			return Answer{}, err
		}
	}
	if in.Amount, err = token.ParseAmount(r.Amount); err != nil {
		return Answer{}, err
	}
	if in.Currency, err = token.ParseCurrency(strings.TrimSpace(r.Currency)); err != nil {
		return Answer{}, err
	}
	d, err := a.Deposit(ctx, caller.ByCommand(), in)
	if err != nil || d.Request != 0 {
		return waits(d.Request), err
	}
	return Answer{Deposit: &Deposit{
		Entry: d.Entry, At: d.At, Account: d.Account.String(), Amount: d.Amount.Decimal(d.Currency.Digits()),
		Currency: d.Currency.String(), Reference: d.Reference, Replayed: d.Replayed,
	}}, nil
}

func operator(v operating.StaffView) Operator {
	return Operator{User: v.User.String(), Email: v.Email, Role: v.Role, Since: moment(v.Since), HasPassword: v.HasPassword}
}

func key(v operating.OperatorKeyView) Key {
	return Key{ID: v.ID.String(), Name: v.Name, Hint: v.Hint, CreatedAt: moment(v.CreatedAt), RevokedAt: moment(v.RevokedAt)}
}

func each[From, To any](from []From, convert func(From) To) []To {
	to := make([]To, 0, len(from))
	for _, one := range from {
		to = append(to, convert(one))
	}
	return to
}

// moment returns a time, or nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

package local

import (
	"context"
	"encoding/hex"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Asked is a request that waits for a second person.
type Asked struct {
	Request  uint64    `json:"request"`
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	Amount   string    `json:"amount,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Account  string    `json:"account,omitempty"`
	Digest   string    `json:"digest"`
	By       string    `json:"by"` // a user, or "command"
	Why      string    `json:"why,omitempty"`
	Persons  uint8     `json:"persons"` // how many have to approve it
	Given    int       `json:"given"`   // how many did
	LapsesAt time.Time `json:"lapses_at"`
}

// Row is one of which commands need a second person.
type Row struct {
	Action   string `json:"action"`
	Currency string `json:"currency,omitempty"`
	Above    string `json:"above,omitempty"`
	Persons  uint8  `json:"persons"`
	Role     string `json:"role"`
}

// Act is a line of the staff log.
type Act struct {
	Number  uint64    `json:"number"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject,omitempty"`
	Detail  string    `json:"detail"`
	Hash    string    `json:"hash"`
}

// logPage is how many lines of the staff log one answer lists.
const logPage = 100

// waits is the answer where a second person is needed.
func waits(request uint64) Answer { return Answer{Request: request} }

// role is the role that a request names: operator where it names none.
func role(r Request) staff.Role {
	if r.Role == "" {
		return staff.Operator
	}
	return staff.Role(r.Role)
}

// approvals does what is about requests, the policy and the staff log.
func approvals(ctx context.Context, a App, r Request) (Answer, error) {
	by := caller.ByCommand()
	switch r.Do {
	case ListRequests:
		found, err := a.Requests(ctx, by)
		return Answer{Requests: each(found, asked)}, err
	case RefuseRequest:
		return Answer{Request: r.Request}, a.Refuse(ctx, by, r.Request, r.Reason)
	case ListPolicy:
		found, err := a.Policies(ctx, by)
		return Answer{Policies: each(found, row)}, err
	case SetPolicy:
		p, err := staff.PolicyInput{Action: r.Action, Currency: r.Currency, Above: r.Amount, Persons: r.Persons, Role: r.Role}.Policy()
		if err != nil {
			return Answer{}, err
		}
		request, err := a.SetPolicy(ctx, by, p, r.Reason)
		return waits(request), err
	case SetStanding:
		account, err := token.ParseID[token.AccountKind](r.Account)
		if err != nil {
			return Answer{}, err
		}
		standing := journal.GoodStanding
		if r.Frozen {
			standing = journal.Frozen
		}
		request, err := a.SetStanding(ctx, by, account, standing, r.Reason)
		return waits(request), err
	}
	found, next, err := a.StaffLog(ctx, by, staff.Search{Actor: r.Actor, Action: r.Action, Subject: r.Subject}, r.Before, logPage)
	return Answer{Acts: each(found, act), Next: next}, err
}

func asked(v approving.RequestView) Asked {
	action, currency, amount := v.Instruction.Subject()
	out := Asked{Request: v.Number, At: v.At, Action: action.String(), Digest: hex.EncodeToString(v.Digest[:]), By: staff.ByCommand, Why: v.Why,
		Persons: v.Needs.Persons, Given: len(v.Given), LapsesAt: v.LapsesAt}
	if !v.By.User.IsZero() {
		out.By = v.By.User.String()
	}
	if !v.Instruction.Account.IsZero() {
		out.Account = v.Instruction.Account.String()
	}
	if !currency.IsZero() {
		out.Amount, out.Currency = amount.Decimal(currency.Digits()), currency.String()
	}
	return out
}

func row(p journal.Policy) Row {
	out := Row{Action: p.Action.String(), Persons: p.Needs.Persons, Role: string(staff.RoleOf(uint8(p.Needs.Role)))}
	if !p.Currency.IsZero() {
		out.Currency = p.Currency.String()
	}
	if p.Above != 0 {
		out.Above = p.Above.Decimal(2)
	}
	return out
}

func act(l staff.Line) Act {
	return Act{Number: l.Number, At: time.UnixMilli(l.At).UTC(), Actor: l.Actor, Action: l.Action, Subject: l.Subject, Detail: l.Detail, Hash: hex.EncodeToString(l.Hash[:])}
}

package vendorapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

type approvals interface {
	ListRequests(ctx context.Context, by caller.Actor, state approving.RequestState, before string, limit int) ([]approving.RequestRecord, string, error)
	Request(ctx context.Context, by caller.Actor, number uint64) (approving.RequestRecord, error)
	Approve(ctx context.Context, by caller.Actor, request uint64, digest [32]byte, why string) (approving.Approved, error)
	Refuse(ctx context.Context, by caller.Actor, request uint64, why string) error
	Policies(ctx context.Context, by caller.Actor) ([]journal.Policy, error)
	StaffLog(ctx context.Context, by caller.Actor, search staff.Search, before string, limit int) ([]staff.Line, string, error)
}

// staffRequest is what staff asked for that needs others, as it travels.
type staffRequest struct {
	Request   uint64          `json:"request" doc:"Its number"`
	State     string          `json:"state" enum:"waiting,done,failed,refused,lapsed"`
	Action    string          `json:"action" enum:"deposit,incentives,incentive_bound,credit_line,freeze,unfreeze,policy"`
	Amount    string          `json:"amount,omitzero"`
	Currency  token.Currency  `json:"currency,omitzero"`
	Account   token.AccountID `json:"account,omitzero" doc:"Whose wallet or standing"`
	Vendor    token.VendorID  `json:"vendor,omitzero"`
	Reference string          `json:"reference,omitzero" doc:"Of a deposit"`
	Policy    *policyRow      `json:"policy,omitempty" doc:"The row that is to be set; without persons, that is to be taken away"`
	Digest    string          `json:"digest" doc:"Of all that is asked, in hexadecimal: an approval names it"`
	AskedAt   time.Time       `json:"asked_at"`
	AskedBy   string          `json:"asked_by" doc:"A user's id; command for a command on the server, or a key that one made"`
	Why       string          `json:"why,omitzero"`
	Persons   uint8           `json:"persons" doc:"How many others have to approve it"`
	Role      string          `json:"role" doc:"At least in which role"`
	Given     int             `json:"given,omitzero" doc:"How many did, of one that waits"`
	LapsesAt  time.Time       `json:"lapses_at"`
	DecidedAt time.Time       `json:"decided_at,omitzero"`
	DecidedBy string          `json:"decided_by,omitzero"`
	Decision  string          `json:"decision,omitzero" doc:"What the one who decided said"`
	Entry     uint64          `json:"entry,omitzero" doc:"The journal's entry by which it was done"`
	Refused   string          `json:"refused,omitzero" doc:"The code for which an approved request could not be done"`
}

// policyRow is one row of what needs a second person, as it travels.
type policyRow struct {
	Action   string         `json:"action"`
	Currency token.Currency `json:"currency,omitzero" doc:"Absent: every currency that has no row of its own"`
	Above    string         `json:"above,omitzero" doc:"What is above this sum needs others; absent where no sum counts"`
	Persons  uint8          `json:"persons"`
	Role     string         `json:"role,omitzero"`
}

// staffAct is a line of the staff log, as it travels.
type staffAct struct {
	Number  uint64    `json:"number" doc:"From 1 without a gap"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"A user's or a key's id, or command"`
	Action  string    `json:"action"`
	Subject string    `json:"subject,omitzero" doc:"The id of what it was done to"`
	Detail  string    `json:"detail"`
	Hash    string    `json:"hash" doc:"Over the line and the hash of the line before, in hexadecimal"`
}

// approval agrees to a request, as it travels.
type approval struct {
	Digest string `json:"digest" minLength:"64" maxLength:"64" doc:"Of the request as it was shown: what is approved is what is done"`
	Why    string `json:"why,omitzero" maxLength:"200"`
}

// refusal closes a request, as it travels.
type refusal struct {
	Why string `json:"why,omitzero" maxLength:"200"`
}

// approved is what became of an approval, as it travels.
type approved struct {
	Request uint64 `json:"request"`
	Left    int    `json:"left" doc:"How many more have to approve it"`
	Entry   uint64 `json:"entry,omitzero" doc:"The journal's entry by which it was done, with the last approval"`
	Refused string `json:"refused,omitzero" doc:"The code for which it could not be done any more; the request is closed"`
}

// closedRequest is a request that was refused or taken back, as it travels.
type closedRequest struct {
	Request uint64 `json:"request"`
}

// who is a person of the staff, as the API writes it.
func who(by journal.Staff) string {
	if by.User.IsZero() {
		return staff.ByCommand
	}
	return by.User.String()
}

func staffRequestOf(r approving.RequestRecord) staffRequest {
	i := &r.Instruction
	action, currency, amount := i.Subject()
	out := staffRequest{
		Request: r.Number, State: string(r.State), Action: action.String(), Account: i.Account, Vendor: i.Vendor, Digest: hex.EncodeToString(r.Digest[:]),
		AskedAt: r.At, AskedBy: who(r.By), Why: r.Why, Persons: r.Needs.Persons, Role: roleOf(r.Needs), Given: len(r.Given), LapsesAt: r.LapsesAt,
		Decision: r.Decision, Entry: r.Entry, Refused: r.Refused,
	}
	if !currency.IsZero() {
		out.Amount, out.Currency = money(amount, currency), currency
	}
	if i.Fund != nil {
		out.Reference = i.Fund.Reference
	}
	if i.Policy != nil {
		row := policyRowOf(*i.Policy)
		out.Policy = &row
	}
	if r.State != approving.RequestWaits {
		out.DecidedAt = r.DecidedAt
	}
	if r.State != approving.RequestWaits && r.State != approving.RequestLapsed {
		out.DecidedBy = who(r.DecidedBy)
	}
	return out
}

func roleOf(needs journal.Needs) string { return string(staff.RoleOf(uint8(needs.Role))) }

func policyRowOf(p journal.Policy) policyRow {
	out := policyRow{Action: p.Action.String(), Currency: p.Currency, Persons: p.Needs.Persons, Role: roleOf(p.Needs)}
	if p.Action <= journal.CreditLine {
		out.Above = p.Above.Decimal(2)
	}
	return out
}

func staffActOf(l staff.Line) staffAct {
	return staffAct{l.Number, time.UnixMilli(l.At).UTC(), l.Actor, l.Action, l.Subject, l.Detail, hex.EncodeToString(l.Hash[:])}
}

// requestNumber reads the number in the path. What is none names nothing that could be there.
func requestNumber(c *call) (uint64, error) {
	number, err := strconv.ParseUint(c.request.PathValue("request"), 10, 63)
	if err != nil {
		return 0, errNotHere
	}
	return number, nil
}

// search reads which lines of the log are asked for.
func (c *call) search() (s staff.Search, err error) {
	s.Actor, s.Action, s.Subject = c.filters.Get("actor"), c.filters.Get("action"), c.filters.Get("subject")
	for name, into := range map[string]*int64{"from": &s.From, "to": &s.To} {
		text := c.filters.Get(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return s, malformed("malformed.query_time", token.Given("got", text))
		}
		*into = at.UnixMilli()
	}
	return s, nil
}

func (a *api) addApprovals() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/requests", id: "listOperatorRequests", tag: "Operator", summary: "List what staff asked for that needs others", operator: true, list: true,
		explain: "Newest first. The staff log tells that the key's holder looked.",
		filters: []filter{{"state", "Only those in one state: waiting, done, failed, refused or lapsed"}},
	}, func(ctx context.Context, c *call, _ *none) (answer[list[staffRequest]], error) {
		found, next, err := a.app.ListRequests(ctx, c.actor, approving.RequestState(c.filters.Get("state")), c.cursor, c.limit)
		return page(found, next, staffRequestOf), err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/requests/{request}", id: "getOperatorRequest", tag: "Operator", summary: "Get a request of staff", operator: true,
		explain: "Whatever became of it. The staff log tells that the key's holder looked.",
		refuses: []token.Code{token.CodeNotFound},
	}, func(ctx context.Context, c *call, _ *none) (answer[staffRequest], error) {
		number, err := requestNumber(c)
		if err != nil {
			return answer[staffRequest]{}, err
		}
		found, err := a.app.Request(ctx, c.actor, number)
		return answer[staffRequest]{body: staffRequestOf(found)}, err
	})
	decided := []token.Code{token.CodeNotFound, token.CodeApprovalNotYours, token.CodeApprovalClosed, token.CodeFieldInvalid}
	route(a, operation{
		method: http.MethodPost, path: "/v1/operator/requests/{request}/approve", id: "approveOperatorRequest", tag: "Operator", summary: "Approve a request as a second person",
		operator: true, keyless: true,
		explain: "The key acts for the person who made it, in that person's role. With the last approval that is needed, what was asked is done in the same step. No idempotency key is needed: the same person's approval again is answered as the first time.",
		refuses: append(decided, token.CodeStale),
	}, func(ctx context.Context, c *call, in *approval) (answer[approved], error) {
		number, err := requestNumber(c)
		if err != nil {
			return answer[approved]{}, err
		}
		digest, err := hex.DecodeString(in.Digest)
		if err != nil || len(digest) != 32 {
			return answer[approved]{}, token.Refuse(token.Unprocessable, "field_invalid.request_digest").In("/digest")
		}
		done, err := a.app.Approve(ctx, c.actor, number, [32]byte(digest), in.Why)
		return answer[approved]{body: approved(done)}, err
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/operator/requests/{request}/refuse", id: "refuseOperatorRequest", tag: "Operator", summary: "Refuse a request, or take it back",
		operator: true, keyless: true,
		explain: "Who asked takes it back in any role. No idempotency key is needed: the same again is answered as the first time.",
		refuses: decided,
	}, func(ctx context.Context, c *call, in *refusal) (answer[closedRequest], error) {
		number, err := requestNumber(c)
		if err != nil {
			return answer[closedRequest]{}, err
		}
		return answer[closedRequest]{body: closedRequest{number}}, a.app.Refuse(ctx, c.actor, number, in.Why)
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/policy", id: "getOperatorPolicy", tag: "Operator", summary: "Get what needs a second person", operator: true,
		explain: "All of its rows, at most 128. Without any, nothing needs a second person.",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[policyRow]], error) {
		found, err := a.app.Policies(ctx, c.actor)
		return page(found, "", policyRowOf), err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/log", id: "listOperatorLog", tag: "Operator", summary: "Read the staff log", operator: true, list: true,
		explain: "What staff, programs and commands looked at and did, newest first.",
		filters: []filter{{"actor", "Only what this user, key or command did"}, {"action", "Only this action, such as reader_looked_at"}, {"subject", "Only what was done to this id"},
			{"from", "Only from this time on, as RFC 3339 writes it"}, {"to", "Only before this time"}},
	}, func(ctx context.Context, c *call, _ *none) (answer[list[staffAct]], error) {
		search, err := c.search()
		if err != nil {
			return answer[list[staffAct]]{}, err
		}
		found, next, err := a.app.StaffLog(ctx, c.actor, search, c.cursor, c.limit)
		return page(found, next, staffActOf), err
	})
}

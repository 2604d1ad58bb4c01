package operator

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// waiting is what the page of requests shows.
type waiting struct {
	Done     string // what was done a moment ago
	Requests []requestLine
	Policies []policyLine

	Form    string // which form was refused
	Refused string // why
	Deposit depositForm
	Policy  policyForm
	Actions []option // that can need a second person; none for who may not say what does
}

// option is one of a list to choose from.
type option struct {
	Value, Name string
	Chosen      bool
}

// requestLine is a request as it is shown: what an approval names the digest of.
type requestLine struct {
	Number       uint64
	What, Amount string
	On           string // whose account, or which shop
	Reference    string
	By, Why      string
	At, LapsesAt time.Time
	Given        int
	Persons      uint8
	Role         string
	Digest       string
	Own          bool // who looks asked for it
	Approvable   bool
	Refusable    bool
}

type policyLine struct {
	What, Amount string
	Persons      uint8
	Role         string
}

// what says what staff ask for.
func what(action journal.Action) string {
	switch action {
	case journal.Deposit:
		return "Credit a wallet"
	case journal.GiveIncentives:
		return "Give incentive tokens"
	case journal.BoundVendors:
		return "Bound what shops may give"
	case journal.CreditLine:
		return "Set a credit line"
	case journal.Freeze:
		return "Freeze an account"
	case journal.Unfreeze:
		return "Open an account again"
	}
	return "Change what needs a second person"
}

func roleName(of journal.Role) string { return string(staff.RoleOf(uint8(of))) }

func lineOf(v visit, r *approving.RequestView) requestLine {
	i := &r.Instruction
	action, currency, amount := i.Subject()
	line := requestLine{Number: r.Number, What: what(action), By: "a command on the server", Why: r.Why, At: r.At, LapsesAt: r.LapsesAt, Given: len(r.Given),
		Persons: r.Needs.Persons, Role: roleName(r.Needs.Role), Digest: hex.EncodeToString(r.Digest[:]), Own: v.by.Is(r.By.User)}
	line.Approvable = v.by.May(staff.Approve) && !line.Own
	line.Refusable = v.by.May(staff.Approve) || line.Own
	if !r.By.User.IsZero() {
		line.By = r.By.User.String()
	}
	switch {
	case i.Policy != nil:
		line.On = policyText(i.Policy)
	case !i.Account.IsZero():
		line.On = i.Account.String()
	case !i.Vendor.IsZero():
		line.On = i.Vendor.String()
	}
	if i.Fund != nil {
		line.Reference = i.Fund.Reference
	}
	if action <= journal.CreditLine {
		line.Amount = moneyOf(amount, currency)
	}
	return line
}

func moneyOf(amount token.Amount, currency token.Currency) string {
	if currency.IsZero() {
		return amount.Decimal(2) + " of every currency"
	}
	return amount.Decimal(currency.Digits()) + " " + currency.String()
}

func policyText(p *journal.Policy) string {
	if p.Needs.Persons == 0 {
		return fmt.Sprintf("%s, %s: nobody else any more", what(p.Action), moneyOf(0, p.Currency))
	}
	return fmt.Sprintf("%s, above %s: %d, at least %s", what(p.Action), moneyOf(p.Above, p.Currency), p.Needs.Persons, roleName(p.Needs.Role))
}

func (h *Handler) requests(v visit) error {
	return h.showRequests(v, http.StatusOK, waiting{}, "")
}

func (h *Handler) showRequests(v visit, status int, part waiting, refusal string) error {
	found, err := h.app.Requests(v.r.Context(), v.by)
	if err != nil {
		return err
	}
	rows, err := h.app.Policies(v.r.Context(), v.by)
	if err != nil {
		return err
	}
	if v.by.May(staff.ManageStaff) {
		for _, action := range journal.Actions() {
			if action != journal.ChangePolicy {
				part.Actions = append(part.Actions, option{action.String(), what(action), action.String() == part.Policy.Action})
			}
		}
	}
	for i := range found {
		part.Requests = append(part.Requests, lineOf(v, &found[i]))
	}
	for _, p := range rows {
		line := policyLine{What: what(p.Action), Persons: p.Needs.Persons, Role: roleName(p.Needs.Role)}
		if p.Action <= journal.CreditLine {
			line.Amount = moneyOf(p.Above, p.Currency)
		}
		part.Policies = append(part.Policies, line)
	}
	return h.show(v, status, "requests.html", "Requests", frame{Tab: "requests", Refusal: refusal, Part: part})
}

// decide approves or refuses a request. The form carries the digest of what was shown.
func (h *Handler) decide(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	form := v.r.PostForm
	number, err := strconv.ParseUint(form.Get("request"), 10, 63)
	digest, err2 := hex.DecodeString(form.Get("digest"))
	if err != nil || err2 != nil || len(digest) != 32 {
		return token.Refuse(token.NotFound, "not_found.request")
	}
	done := ""
	switch form.Get("do") {
	case "approve":
		var a approving.Approved
		a, err = h.app.Approve(v.r.Context(), v.by, number, [32]byte(digest), "")
		switch {
		case a.Refused != "":
			done = fmt.Sprintf("Request %d is approved, but it could not be done: %s.", number, a.Refused)
		case a.Left > 0:
			done = fmt.Sprintf("You approved request %d. It needs %d more.", number, a.Left)
		default:
			done = fmt.Sprintf("Request %d is approved and done, by entry %d.", number, a.Entry)
		}
	case "refuse":
		err = h.app.Refuse(v.r.Context(), v.by, number, "")
		done = fmt.Sprintf("Request %d is closed.", number)
	default:
		return token.Refuse(token.NotFound, "not_found.request")
	}
	if err != nil {
		sentence, correctable := web.Explain(v.r, err)
		if code := token.CodeOf(err); !correctable && code != token.CodeApprovalClosed && code != token.CodeApprovalNotYours && code != token.CodeStale {
			return err
		}
		return h.showRequests(v, web.StatusOf(err), waiting{}, sentence)
	}
	return h.showRequests(v, http.StatusOK, waiting{Done: done}, "")
}

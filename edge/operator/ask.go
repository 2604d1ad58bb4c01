package operator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// depositForm and policyForm are what somebody typed, which a page with a refusal shows again.
type (
	depositForm struct{ Email, Amount, Currency, Reference, Why string }
	policyForm  struct{ Action, Above, Currency, Persons, Role, Why string }
)

// asked says what became of something that may need a second person.
func asked(request uint64, done string) string {
	if request == 0 {
		return done
	}
	return fmt.Sprintf("Nothing was done yet: request %d waits for a second person.", request)
}

// fields reads a form.
func fields(v visit) (func(name string) string, error) {
	err := web.ParseForm(v.r)
	return func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }, err
}

// answerForm shows the page of requests with what was done, or with the refusal beside the form.
func (h *Handler) answerForm(v visit, part waiting, err error) error {
	if err == nil {
		return h.showRequests(v, http.StatusOK, part, "")
	}
	sentence, correctable := web.Explain(v.r, err)
	code := token.CodeOf(err)
	if !correctable && code != token.CodeNotFound || code == token.CodeForbidden {
		return err
	}
	part.Done, part.Refused = "", sentence
	return h.showRequests(v, web.StatusOf(err), part, "")
}

// deposit credits a wallet, or asks for it. The same form twice credits once: by its reference.
func (h *Handler) deposit(v visit) error {
	get, err := fields(v)
	if err != nil {
		return err
	}
	form := depositForm{get("email"), get("amount"), get("currency"), get("reference"), get("why")}
	in := funding.DepositInput{Email: form.Email, Reference: form.Reference, Why: form.Why}
	if in.Amount, err = token.ParseAmount(form.Amount); err == nil {
		in.Currency, err = token.ParseCurrency(form.Currency)
	}
	var made funding.Deposit
	if err == nil {
		made, err = h.app.Deposit(v.r.Context(), v.by, in)
	}
	if err != nil {
		return h.answerForm(v, waiting{Form: "deposit", Deposit: form}, err)
	}
	return h.answerForm(v, waiting{Done: asked(made.Request, fmt.Sprintf("%s are credited, by entry %d.", moneyOf(made.Amount, made.Currency), made.Entry))}, nil)
}

// setPolicy sets a row of what needs a second person, or takes it away.
func (h *Handler) setPolicy(v visit) error {
	get, err := fields(v)
	if err != nil {
		return err
	}
	form := policyForm{get("action"), get("above"), get("currency"), get("persons"), get("role"), get("why")}
	refused := waiting{Form: "policy", Policy: form}
	persons, err := strconv.ParseUint(form.Persons, 10, 8)
	if err != nil {
		return h.answerForm(v, refused, token.Refuse(token.Unprocessable, "field_invalid.policy_persons"))
	}
	p, err := staff.PolicyInput{Action: form.Action, Currency: form.Currency, Above: form.Above, Persons: uint8(persons), Role: form.Role}.Policy()
	if err != nil {
		return h.answerForm(v, refused, err)
	}
	request, err := h.app.SetPolicy(v.r.Context(), v.by, p, form.Why)
	if err != nil {
		return h.answerForm(v, refused, err)
	}
	return h.answerForm(v, waiting{Done: asked(request, "What needs a second person is set.")}, nil)
}

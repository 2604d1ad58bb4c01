package sdk

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Problem is the provider's refusal of a call (RFC 9457). Programs switch on Code, and find in
// Field and Params what they need to mend the request; people read Detail.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Instance  string `json:"instance"`
	Code      string `json:"code"`
	RequestID string `json:"request_id"`
	// Field is the member of the request's body that is meant, as a JSON pointer such as "/item/url"
	// (in a batch "/purchases/3/offer"); "" where no one member is.
	Field string `json:"field,omitempty"`
	// Params are what Detail names, by name: what was given ("got"), what would be right, bounds. Texts
	// and addresses are strings, numbers float64, lists []any, amounts objects of amount and currency.
	Params  map[string]any `json:"params,omitempty"`
	Limit   string         `json:"limit,omitempty"`   // with "limit_exceeded": which limit of the reader
	RetryAt time.Time      `json:"retry_at,omitzero"` // when trying again can help
	// RetryAfter is the pause that the provider asked for, zero where it asked for none.
	RetryAfter time.Duration `json:"-"`
}

// The codes that vendors most often act on; docs/api.md lists all of them.
const (
	InsufficientFunds    = "insufficient_funds"
	LimitExceeded        = "limit_exceeded"
	AllowanceMissing     = "allowance_missing"
	AllowanceExceeded    = "allowance_exceeded"
	IdempotencyKeyReused = "idempotency_key_reused"
	OrderState           = "order_state"
	TicketInvalid        = "ticket_invalid"
	TicketExpired        = "ticket_expired"
	TicketUsed           = "ticket_used"
	TicketElsewhere      = "ticket_elsewhere"
	EntitlementUsedUp    = "entitlement_used_up"
	EntitlementExpired   = "entitlement_expired"
	EntitlementRevoked   = "entitlement_revoked"
	NotFound             = "not_found"
)

// Error returns the code, the detail and the request id to quote to the provider.
func (p *Problem) Error() string {
	text := "farthing: " + strconv.Itoa(p.Status)
	if p.Code != "" {
		text += " " + p.Code
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if p.RequestID != "" {
		text += " (request " + p.RequestID + ")"
	}
	return text
}

// Code returns the code of the Problem in err's chain, or "" where there is none:
// the provider was not reached, or did not answer as a provider does.
func Code(err error) string {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem.Code
	}
	return ""
}

// readProblem makes a Problem of any answer that is not a success, also of one by
// something between us and the provider.
func readProblem(response *http.Response, body []byte) *Problem {
	problem := &Problem{}
	if json.Unmarshal(body, problem) != nil {
		problem = &Problem{}
	}
	if problem.Title == "" {
		problem.Title = http.StatusText(response.StatusCode)
	}
	problem.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		problem.RetryAfter = time.Duration(min(seconds, 24*60*60)) * time.Second
	}
	return problem
}

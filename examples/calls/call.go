package calls

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"farthing.dev/farthing/examples/calls/answers"
	"farthing.dev/farthing/sdk"
)

// A question computes its answer, or returns an error that wraps answers.ErrQuestion.
type question func(*http.Request) (any, error)

func askRoman(r *http.Request) (any, error) { return answers.ConvertRoman(r.PathValue("text")) }

func askIBAN(r *http.Request) (any, error) { return answers.CheckIBAN(r.PathValue("text")) }

func askSun(r *http.Request) (any, error) {
	lat, errLat := strconv.ParseFloat(r.FormValue("lat"), 64)
	lon, errLon := strconv.ParseFloat(r.FormValue("lon"), 64)
	date, errDate := time.Parse(time.DateOnly, r.FormValue("date"))
	if errLat != nil || errLon != nil || errDate != nil {
		return nil, errors.Join(answers.ErrQuestion, errors.New("give lat and lon in degrees and date as 2026-06-21"))
	}
	return answers.SunAt(lat, lon, date)
}

// receipt says how a call was paid.
type receipt struct {
	Order string `json:"order"`
	By    string `json:"by"` // "pack" or "allowance"
	Price string `json:"price"`
	Left  *int   `json:"calls_left,omitempty"` // in the pack
}

// priced answers a question for a call's price: who asks, is there an answer, pay, answer.
func (s *site) priced(ask question) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		who, known := s.readKey(r)
		if !known {
			w.Header().Set("WWW-Authenticate", `Bearer realm="Plain Answers"`)
			refuse(w, problem{Status: http.StatusUnauthorized, Code: "key_missing", Detail: "send your key as Authorization: Bearer pa_…; one call or a pack buys it", Buy: s.SiteURL + "/"})
			return
		}
		answer, err := ask(r)
		if err != nil {
			refuse(w, problem{Status: http.StatusBadRequest, Code: "question_invalid", Detail: strings.ReplaceAll(err.Error(), "\n", ": ")})
			return
		}
		key, repeated := callKey(who, r)
		paid, err := s.charge(r.Context(), who, key, repeated)
		if err != nil {
			s.refuseCharge(w, err)
			return
		}
		writeJSON(w, http.StatusOK, struct {
			Answer any     `json:"answer"`
			Paid   receipt `json:"paid"`
		}{answer, paid})
	}
}

// callKey makes the idempotency key of a call: the caller's own, bound to the
// caller and the question, or a fresh one. It reports whether the call may be a
// repeat, which only the caller's own key can make it.
func callKey(who customer, r *http.Request) (key string, repeated bool) {
	own := r.Header.Get("Idempotency-Key")
	if own == "" || len(own) > 255 {
		return rand.Text(), false
	}
	sum := sha256.Sum256([]byte(who.Reader + "\n" + who.Order + "\n" + r.URL.RequestURI() + "\n" + own))
	return hex.EncodeToString(sum[:16]), true
}

// charge takes one call out of the pack, or else charges it under the allowance. A
// pack known to be empty is not asked again, unless the call may be the repeat of
// one that the pack paid.
func (s *site) charge(ctx context.Context, who customer, key string, repeated bool) (receipt, error) {
	if repeated || !s.isEmpty(who.Order) {
		viewing, err := s.Client.View(ctx, who.Order, sdk.IdempotencyKey(key))
		if err == nil {
			return receipt{Order: viewing.Order, By: "pack", Price: callPrice, Left: viewing.Entitlement.ViewsLeft}, nil
		}
		switch sdk.Code(err) {
		case sdk.EntitlementUsedUp, sdk.EntitlementExpired, sdk.EntitlementRevoked:
			s.remember(who.Order)
		default:
			return receipt{}, err
		}
	}
	offer, err := s.callOffer(ctx)
	if err != nil {
		return receipt{}, err
	}
	purchase, err := s.Client.CreatePurchase(ctx, sdk.NewPurchase{Reader: who.Reader, Offer: offer}, sdk.IdempotencyKey(key))
	if err != nil {
		return receipt{}, err
	}
	return receipt{Order: purchase.ID, By: "allowance", Price: purchase.Price}, nil
}

func (s *site) isEmpty(order string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.empty[order]
}

func (s *site) remember(order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.empty) >= maxEmpty {
		clear(s.empty)
	}
	s.empty[order] = true
}

// problem is a refusal (RFC 9457).
type problem struct {
	Status  int       `json:"status"`
	Title   string    `json:"title"`
	Code    string    `json:"code"`
	Detail  string    `json:"detail"`
	Buy     string    `json:"buy,omitempty"`   // where a pack can be bought
	Allow   string    `json:"allow,omitempty"` // where an allowance can be given
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// refuseCharge turns the provider's refusal into the caller's.
func (s *site) refuseCharge(w http.ResponseWriter, err error) {
	refusal, answered := errors.AsType[*sdk.Problem](err)
	if !answered || refusal.Status >= 500 || refusal.Status == http.StatusUnauthorized {
		s.Log.Error("charge call", "error", err)
		w.Header().Set("Retry-After", "2")
		refuse(w, problem{Status: http.StatusServiceUnavailable, Code: "till_away", Detail: "the till is not answering; try again with the same Idempotency-Key"})
		return
	}
	switch refusal.Code {
	case sdk.AllowanceMissing, sdk.AllowanceExceeded, sdk.LimitExceeded, sdk.InsufficientFunds:
		refuse(w, problem{
			Status: http.StatusPaymentRequired, Code: refusal.Code, RetryAt: refusal.RetryAt,
			Detail: "this call costs " + callPrice + " " + currency + ", and your key has no paid calls left: " + refusal.Detail,
			Buy:    s.SiteURL + "/", Allow: s.Client.BaseURL + "/wallet/limits",
		})
	case sdk.IdempotencyKeyReused:
		refuse(w, problem{Status: http.StatusUnprocessableEntity, Code: refusal.Code, Detail: refusal.Detail})
	default:
		refuse(w, problem{Status: http.StatusForbidden, Code: refusal.Code, Detail: refusal.Detail})
	}
}

func refuse(w http.ResponseWriter, p problem) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	write(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the caller is gone where this fails
}

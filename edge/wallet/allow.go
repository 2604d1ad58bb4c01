package wallet

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// What the form for an allowance suggests: ten times the price a week, for 30 days.
const (
	suggestedTimes = 10
	suggestedDays  = "30"
)

// allowForm is the form beside a purchase that gives the shop an allowance too.
type allowForm struct {
	Each, Max, Days string
	Spans           []choice
	Open            bool
}

// newAllowForm returns the form for a purchase, with what was typed into it before, if
// it was sent and refused.
func newAllowForm(r *http.Request, c buying.Checkout) *allowForm {
	f := &allowForm{
		Each: c.Price.Decimal(c.Currency.Digits()), Max: min(suggestedTimes*c.Price, token.MaxAmount).Decimal(c.Currency.Digits()), Days: suggestedDays,
		Spans: periodChoices(limit.Week.String(), limit.Day, limit.Week, limit.Month),
	}
	if given := c.Allowance; given != nil {
		f.Each, f.Max = max(given.PerPurchase, c.Price).Decimal(c.Currency.Digits()), given.Max.Decimal(c.Currency.Digits())
		f.Spans = periodChoices(given.Period.String(), limit.Day, limit.Week, limit.Month)
	}
	if wantsAllowance(r.PostForm) {
		f.Open, f.Each, f.Max, f.Days = true, r.PostForm.Get("per_purchase"), r.PostForm.Get("max"), r.PostForm.Get("days")
		f.Spans = periodChoices(r.PostForm.Get("period"), limit.Day, limit.Week, limit.Month)
	}
	return f
}

// wantsAllowance reports whether the button was the one that pays and allows.
func wantsAllowance(form url.Values) bool { return form.Get("allow") != "" }

// notAllowed is why an allowance was not given that was asked for with a purchase, so
// that the purchase was not made either.
type notAllowed struct{ cause error }

// Error says why.
func (e *notAllowed) Error() string { return e.cause.Error() }

// Unwrap returns why.
func (e *notAllowed) Unwrap() error { return e.cause }

// allowFirst gives the allowance that was asked for with a purchase, if one was.
// Where it cannot be given nothing is paid: the reader looks at the form again.
func (h *Handler) allowFirst(ctx context.Context, v caller.Viewer, c buying.Checkout, form url.Values) error {
	if !wantsAllowance(form) {
		return nil
	}
	in, err := readAllowance(form, c.Currency)
	if err == nil {
		in.Vendor = c.Vendor
		err = h.app.GiveAllowance(ctx, v, in)
	}
	if err != nil {
		return &notAllowed{err}
	}
	return nil
}

// readAllowance reads all fields of an allowance but the vendor's.
func readAllowance(form url.Values, currency token.Currency) (buying.AllowanceInput, error) {
	in := buying.AllowanceInput{Currency: currency}
	var err error
	if in.PerPurchase, err = token.ParseAmount(form.Get("per_purchase")); err != nil {
		return in, err
	}
	if in.Max, err = token.ParseAmount(form.Get("max")); err != nil {
		return in, err
	}
	if in.Period, err = limit.ParsePeriod(form.Get("period")); err != nil {
		return in, err
	}
	if in.Days, err = strconv.Atoi(form.Get("days")); err != nil {
		return in, token.Refuse(token.Unprocessable, "field_invalid.whole_days")
	}
	return in, nil
}

// isNotAllowed reports whether a refusal was of the allowance, not of the purchase.
func isNotAllowed(err error) bool {
	_, is := errors.AsType[*notAllowed](err)
	return is
}

// held turns an allowance back into the form that changes it.
func (h *Handler) held(a buying.AllowanceView) url.Values {
	days := int(a.Until.Sub(h.clock.Now()).Hours()/24 + 0.999)
	return url.Values{
		"vendor": {a.Vendor.String()}, "currency": {a.Currency.String()}, "period": {a.Period.String()}, "days": {strconv.Itoa(days)},
		"per_purchase": {a.PerPurchase.Decimal(a.Currency.Digits())}, "max": {a.Max.Decimal(a.Currency.Digits())},
	}
}

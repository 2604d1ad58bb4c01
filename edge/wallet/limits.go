package wallet

import (
	"net/http"
	"net/url"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// knownVendors is how many past purchases are looked at for the names of vendors.
const knownVendors = 100

// limitsView is what bounds spending, and the forms that change it.
type limitsView struct {
	Limits     []limitLine
	Approvals  []buying.ApprovalView
	Allowances []allowanceLine

	Currencies   []choice
	Vendors      []choice
	Periods      []choice // of limits
	Spans        []choice // of allowances
	Vendor       string   // chosen before
	Form         string   // which form was refused
	Refusal      string
	Again        string // where the refusal asks for a login: the way to it
	Max, Per     string
	Days         string
	Changing     string // whose allowance is about to be changed
	GiveOpen     bool   // an allowance is about to be given
	AnyAllowance bool
}

type limitLine struct {
	buying.LimitView
	Per   string
	Times bool // counts over a period, so how much of it is used can be shown
}

type allowanceLine struct {
	buying.AllowanceView
	Per string
}

func (h *Handler) limits(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.showLimits(w, r, v, nil, "", nil)
}

// showLimits renders the page. form is the one that was refused, with why and what it held.
func (h *Handler) showLimits(w http.ResponseWriter, r *http.Request, v caller.Viewer, cause error, form string, held url.Values) error {
	status := http.StatusOK
	view := limitsView{Form: form, Days: "30"}
	if cause != nil {
		sentence, correctable := web.Explain(r, cause)
		if !correctable {
			return cause
		}
		view.Refusal, status = sentence, web.StatusOf(cause)
		if token.CodeOf(cause) == token.CodeWindowClosed {
			view.Again = web.AgainURL("/wallet/limits")
		}
		view.Max, view.Per, view.Days = held.Get("max"), held.Get("per_purchase"), held.Get("days")
	}
	wallet, err := h.app.Wallet(r.Context(), v)
	if err != nil {
		return err
	}
	if a := chosenAllowance(r, wallet); a != nil && cause == nil {
		held, view.Form, view.Changing = h.held(*a), "allowance", a.VendorName
		view.Max, view.Per, view.Days = held.Get("max"), held.Get("per_purchase"), held.Get("days")
	}
	vendors, err := h.vendors(r, v, wallet, &view)
	if err != nil {
		return err
	}
	for _, l := range wallet.Limits {
		view.Limits = append(view.Limits, limitLine{LimitView: l, Per: periodLabel(l.Period), Times: l.Period != limit.PerPurchase})
	}
	for _, a := range wallet.Allowances {
		view.Allowances = append(view.Allowances, allowanceLine{AllowanceView: a, Per: periodLabel(a.Period)})
	}
	view.Approvals = wallet.Approvals
	if held.Has("vendor") {
		view.Vendor = held.Get("vendor")
	}
	view.Vendors = vendors.choices(view.Vendor)
	view.Currencies = h.currencyChoices(held.Get("currency"))
	view.Periods = periodChoices(held.Get("period"), limit.PerPurchase, limit.Day, limit.Week, limit.Month)
	view.Spans = periodChoices(held.Get("period"), limit.Day, limit.Week, limit.Month)
	page := web.Page{Title: "Limits", Reader: web.Reader(&v), Section: "limits", Body: view}
	return h.pages.Render(w, r, status, "limits.html", page)
}

// chosenAllowance returns the allowance that the address says is to be changed.
func chosenAllowance(r *http.Request, wallet buying.WalletView) *buying.AllowanceView {
	for i := range wallet.Allowances {
		if wallet.Allowances[i].ID.String() == r.URL.Query().Get("allowance") {
			return &wallet.Allowances[i]
		}
	}
	return nil
}

// vendors gathers the vendors that the reader has to do with: those of limits and
// allowances, of purchases, and of the order that led here.
func (h *Handler) vendors(r *http.Request, v caller.Viewer, wallet buying.WalletView, view *limitsView) (*vendorNames, error) {
	names := &vendorNames{}
	if id, err := token.ParseID[token.OrderKind](r.URL.Query().Get("order")); err == nil {
		if checkout, err := h.app.Checkout(r.Context(), id, &v); err == nil {
			names.add(checkout.Vendor, checkout.VendorName)
			view.Vendor, view.GiveOpen = checkout.Vendor.String(), true
		}
	}
	for _, l := range wallet.Limits {
		names.add(l.Vendor, l.VendorName)
	}
	for _, a := range wallet.Allowances {
		names.add(a.Vendor, a.VendorName)
	}
	bought, _, err := h.app.Purchases(r.Context(), v, "", knownVendors)
	if err != nil {
		return nil, err
	}
	for _, p := range bought {
		names.add(p.Vendor, p.VendorName)
	}
	return names, nil
}

// change runs one of the forms: read and act on it, then show the page anew.
func (h *Handler) change(w http.ResponseWriter, r *http.Request, v caller.Viewer, form, done string, act func(url.Values) error) error {
	if err := web.ParseForm(r); err != nil {
		return err
	}
	if err := act(r.PostForm); err != nil {
		return h.showLimits(w, r, v, err, form, r.PostForm)
	}
	h.site.Flash(w, done)
	http.Redirect(w, r, "/wallet/limits", http.StatusSeeOther)
	return nil
}

func (h *Handler) setLimit(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.change(w, r, v, "limit", "The limit is set.", func(form url.Values) error {
		in := buying.LimitInput{}
		var err error
		if in.Currency, in.Max, err = readMoney(form.Get("currency"), form.Get("max")); err != nil {
			return err
		}
		if in.Period, err = limit.ParsePeriod(form.Get("period")); err != nil {
			return err
		}
		if written := form.Get("vendor"); written != "" {
			if in.Vendor, err = token.ParseID[token.VendorKind](written); err != nil {
				return err
			}
		}
		return h.app.SetLimit(r.Context(), v, in)
	})
}

func (h *Handler) removeLimit(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.change(w, r, v, "limit", "The limit is removed.", func(form url.Values) error {
		id, err := token.ParseID[token.LimitKind](form.Get("limit"))
		if err != nil {
			return err
		}
		return h.app.RemoveLimit(r.Context(), v, id)
	})
}

func (h *Handler) setApproval(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.change(w, r, v, "approval", "Your choice is kept.", func(form url.Values) error {
		currency, most, err := readMoney(form.Get("currency"), form.Get("max"))
		if err != nil {
			return err
		}
		return h.app.SetApproval(r.Context(), v, currency, most)
	})
}

func (h *Handler) giveAllowance(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.change(w, r, v, "allowance", "The allowance is given.", func(form url.Values) error {
		currency, err := token.ParseCurrency(form.Get("currency"))
		if err != nil {
			return err
		}
		in, err := readAllowance(form, currency)
		if err != nil {
			return err
		}
		if in.Vendor, err = token.ParseID[token.VendorKind](form.Get("vendor")); err != nil {
			return token.Refuse(token.Unprocessable, "field_invalid.allowance_shop")
		}
		return h.app.GiveAllowance(r.Context(), v, in)
	})
}

func (h *Handler) takeAllowance(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
	return h.change(w, r, v, "allowance", "The allowance is taken back.", func(form url.Values) error {
		id, err := token.ParseID[token.AllowanceKind](form.Get("allowance"))
		if err != nil {
			return err
		}
		return h.app.TakeAllowance(r.Context(), v, id)
	})
}

package wallet

import (
	"net/http"
	"strings"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// bill is an order as the page shows it.
type bill struct {
	buying.Checkout
	Terms   []string // what the reader gets
	Quoted  string   // the price shown, for the form to carry
	After   token.Amount
	Missing token.Amount
	Host    string // where the shop is
	Demo    bool
	Page    string     // the path of the page that shows it
	Action  string     // where its form goes
	Allow   *allowForm // gives the shop an allowance with the purchase
	AtOnce  bool       // offers to buy at once from now on
	Once    string     // of an offer: tells this page from another one that is shown later

	Heading string // why it cannot be paid now
	Refusal string
	Limit   *buying.LimitView
	RetryAt time.Time // when the limit frees
	State   string    // which part of the template answers: confirm, funds, limit, closed, refused
}

// showOrder is GET /pay/{order}: the page that asks to pay, or says why not.
func (h *Handler) showOrder(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	id, err := orderID(r)
	if err != nil {
		return err
	}
	checkout, err := h.app.Checkout(r.Context(), id, v)
	if err != nil {
		return err
	}
	if v == nil && !checkout.Test && payable(checkout) {
		return h.askLogIn(w, r, nil, http.StatusOK, loginView{Next: "/pay/" + id.String()})
	}
	if v != nil && !checkout.Test && (checkout.WithoutAsking || checkout.Paid) && chosen(r) {
		back, err := h.app.Pay(r.Context(), *v, id, checkout.Price, journal.ByApproval)
		if err == nil {
			web.LeaveTo(w, r, back)
			return nil
		}
		return h.refuseOrder(w, r, v, id, err)
	}
	return h.showBill(w, r, v, checkout, nil)
}

// pay is POST /pay/{order}: the click on the button.
func (h *Handler) pay(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	id, err := orderID(r)
	if err != nil {
		return err
	}
	if err := web.ParseForm(r); err != nil {
		return err
	}
	quoted, err := token.ParseAmount(r.PostForm.Get("quoted"))
	if err != nil {
		return err
	}
	checkout, err := h.app.Checkout(r.Context(), id, v)
	if err != nil {
		return err
	}
	var back string
	switch {
	case checkout.Test:
		back, err = h.app.PayTest(r.Context(), id, quoted)
	case v == nil:
		return h.loggedOut(w, r, pageOf(checkout))
	default:
		if err = h.confirmed(r, *v, checkout); err == nil {
			err = h.allowFirst(r.Context(), *v, checkout, r.PostForm)
		}
		if err == nil {
			back, err = h.app.Pay(r.Context(), *v, id, quoted, journal.ByClick)
		}
		if err == nil {
			h.buyAtOnce(r, *v, checkout)
		}
	}
	if err != nil {
		return h.refuseOrder(w, r, v, id, err)
	}
	web.LeaveTo(w, r, back)
	return nil
}

// refuseOrder shows the order as it stands now, with why it was not paid.
func (h *Handler) refuseOrder(w http.ResponseWriter, r *http.Request, v *caller.Viewer, id token.OrderID, cause error) error {
	return h.refuse(w, r, v, cause, func() (buying.Checkout, error) { return h.app.Checkout(r.Context(), id, v) })
}

// refuse shows what was not paid, and why, as look finds it now.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v *caller.Viewer, cause error, look func() (buying.Checkout, error)) error {
	if _, correctable := web.Explain(r, cause); !correctable && web.StatusOf(cause) != http.StatusGone {
		return cause
	}
	checkout, err := look()
	if err != nil {
		return err
	}
	web.CountRefusal(w, token.CodeOf(cause))
	h.site.HintRetry(w, cause)
	return h.showBill(w, r, v, checkout, cause)
}

// showBill renders the order. cause is why paying was refused just now, if it was.
func (h *Handler) showBill(w http.ResponseWriter, r *http.Request, v *caller.Viewer, checkout buying.Checkout, cause error) error {
	if cause == nil && checkout.Problem != nil && !checkout.Test {
		cause = checkout.Problem
	}
	if v != nil && !checkout.Test && payable(checkout) && needsLogIn(cause) {
		return h.askLogIn(w, r, v, http.StatusOK, loginView{Next: pageOf(checkout), Email: v.Email, Again: true})
	}
	b := h.bill(checkout)
	if checkout.Order.IsZero() {
		var err error
		if b.Once, err = h.once(); err != nil {
			return err
		}
	}
	status := h.judge(r, b, cause)
	if b.State == "limit" && v != nil {
		b.Limit, b.RetryAt = h.findLimit(r, *v, cause), web.RetryAt(cause)
	}
	if payable(checkout) {
		web.AllowFormsTo(w, web.Origin(checkout.VendorSite))
	}
	if b.State == "confirm" && v != nil && !b.Test && !b.Owned {
		b.Allow, b.AtOnce = newAllowForm(r, checkout), !b.WithoutAsking
	}
	page := web.Page{Title: b.title(), Reader: web.Reader(v), Quiet: true, Body: b}
	if wantsAllowance(r.PostForm) && cause != nil && !isNotAllowed(cause) {
		page.Flash = "The allowance is given. The purchase was not made."
	}
	return h.pages.Render(w, r, status, "pay.html", page)
}

// bill prepares an order for the page.
func (h *Handler) bill(c buying.Checkout) *bill {
	b := &bill{Checkout: c, Terms: terms(c.Terms), Quoted: c.Price.Decimal(0), Host: web.Host(c.VendorSite), Demo: h.demo}
	b.Page = pageOf(c)
	b.Action = b.Page
	if c.Order.IsZero() {
		b.Action = "/buy/" + c.Buy.Offer.String() + "/confirm"
	}
	b.After = c.Balance - c.Price
	if c.Owned {
		b.After = c.Balance
	}
	if missing := c.Price - c.Balance; missing > 0 {
		b.Missing = missing
	}
	return b
}

// pageOf is the path of the page that shows an order, or the offer that it will be of.
func pageOf(c buying.Checkout) string {
	if c.Order.IsZero() {
		return buyPath(c.Buy)
	}
	return "/pay/" + c.Order.String()
}

// judge decides which answer the page gives, and its status.
func (h *Handler) judge(r *http.Request, b *bill, cause error) int {
	b.State = "confirm"
	switch {
	case b.Paid:
		b.State, b.Heading = "paid", "Already paid"
		return http.StatusOK
	case b.Expired:
		b.State, b.Heading = "closed", "This order has expired"
		b.Refusal = "It was not paid in time, so nothing was charged. Start again at the shop and you get a new one."
		return http.StatusGone
	case b.Status != "open":
		b.State, b.Heading = "closed", "This order is closed"
		b.Refusal = "It was settled before, and not from this wallet. Nothing was charged to you."
		return http.StatusConflict
	case cause == nil:
		return http.StatusOK
	}
	sentence, _ := web.Explain(r, cause)
	b.Refusal = sentence
	if isNotAllowed(cause) {
		b.Heading = "The allowance was not given, and nothing was paid"
		return web.StatusOf(cause)
	}
	switch token.CodeOf(cause) {
	case token.CodeFundsMissing:
		b.State, b.Heading = "funds", "Not enough in your wallet"
	case token.CodeLimitExceeded:
		b.State, b.Heading = "limit", "Over your limit"
	case token.CodeFormStale, token.CodeFormInvalid:
		b.Heading = "Please confirm again"
	case token.CodeQuoteChanged:
		b.Heading = "Please look at the price again"
	default:
		b.State, b.Heading = "refused", "This cannot be paid now"
	}
	return web.StatusOf(cause)
}

// findLimit returns the limit that a refusal names, where it is the reader's.
func (h *Handler) findLimit(r *http.Request, v caller.Viewer, cause error) *buying.LimitView {
	wallet, err := h.app.Wallet(r.Context(), v)
	if err != nil {
		return nil // the refusal itself says enough
	}
	named := web.LimitOf(cause)
	for i := range wallet.Limits {
		if wallet.Limits[i].ID == named {
			return &wallet.Limits[i]
		}
	}
	return nil
}

func (b *bill) title() string {
	if b.State == "confirm" {
		return "Pay " + web.Money(b.Price, b.Currency)
	}
	return b.Heading
}

// payable reports whether the order waits to be paid by somebody.
func payable(c buying.Checkout) bool { return c.Status == "open" && !c.Expired }

func needsLogIn(cause error) bool {
	switch token.CodeOf(cause) {
	case token.CodeWindowClosed, token.CodeUnauthorised:
		return true
	}
	return false
}

// chosen reports whether a person chose to go to this page, by a click or a form at
// the top of a window. Only then may the page charge without asking: not when it is
// fetched ahead, framed, embedded as an image, or opened by a script alone.
func chosen(r *http.Request) bool {
	h := r.Header
	return h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document" && h.Get("Sec-Fetch-User") == "?1" &&
		h.Get("Sec-Purpose") == "" && h.Get("Purpose") == "" && r.Method == http.MethodGet
}

// orderID reads the order's id from the path. What is no id names no order.
func orderID(r *http.Request) (token.OrderID, error) {
	id, err := token.ParseID[token.OrderKind](strings.ToLower(r.PathValue("order")))
	if err != nil {
		return id, token.Refuse(token.NotFound, "not_found.order")
	}
	return id, nil
}

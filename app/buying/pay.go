package buying

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// buyer is who would pay an order, and how she agreed.
type buyer struct {
	user    token.UserID
	account token.AccountID
	consent journal.Consent
}

// buyerOf returns the viewer as one who pays.
func buyerOf(v *caller.Viewer, method journal.ConsentMethod) buyer {
	return buyer{user: v.User, account: v.Account, consent: journal.Consent{
		Method: method, Login: v.AuthAt, Until: v.WindowUntil.UnixMilli(),
	}}
}

// testReader returns the sandbox's reader, who pays all test orders.
func testReader(vendor catalog.Vendor) buyer {
	return buyer{user: vendor.SandboxUser, account: vendor.SandboxAccount, consent: journal.Consent{Method: journal.ByTest}}
}

// Checkout shows an order to the person who is asked to pay it, and whether paying
// would succeed. Without a viewer it shows only what everyone may see who has the
// address.
func (a *Buying) Checkout(ctx context.Context, id token.OrderID, v *caller.Viewer) (Checkout, error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil || order.ExpiresAt == 0 {
		return Checkout{}, caller.Foreign(err, "not_found.order")
	}
	c, err := a.checkout(ctx, order, v)
	if err == nil && v != nil {
		c.Form, err = a.form(v, &c)
	}
	return c, err
}

// checkout shows an order, recorded or only planned.
func (a *Buying) checkout(ctx context.Context, order *core.Order, v *caller.Viewer) (Checkout, error) {
	vendor, err := a.directory.VendorByID(ctx, order.Vendor)
	if err != nil {
		return Checkout{}, err
	}
	now := a.clock.Now().UnixMilli()
	c := Checkout{
		Order: order.ID, Version: order.OfferVer, Vendor: order.Vendor, VendorName: vendor.Name, VendorSite: originOf(order.ReturnURL),
		Title: order.Item.Title, Description: order.Item.Description, ItemURL: order.Item.URL, Price: order.Price, Currency: order.Currency,
		Terms: order.Item.Terms, Status: selling.StatusAt(order, now), ExpiresAt: token.TimeAt(order.ExpiresAt),
		CancelURL: order.CancelURL, Test: order.Test, Manual: order.Manual, HoldHours: order.HoldHours,
	}
	c.Expired = c.Status == "expired"
	switch {
	case order.Test:
		err = a.tryToPay(ctx, order, testReader(vendor), now, &c)
	case v == nil:
		c.Problem = token.Refuse(token.Unauthorised, "unauthorised.log_in")
	default:
		if err = a.tryToPay(ctx, order, buyerOf(v, journal.ByApproval), now, &c); err != nil || c.CanPay {
			c.WithoutAsking = c.CanPay && !c.Paid
			break
		}
		err = a.tryToPay(ctx, order, buyerOf(v, journal.ByClick), now, &c)
	}
	return c, err
}

// tryToPay lets the core decide what paying would do, on copies and without
// recording anything; so what the page says and what paying does are one rule. All of a page
// is of one moment, now.
func (a *Buying) tryToPay(ctx context.Context, order *core.Order, who buyer, now int64, c *Checkout) error {
	account, err := a.engine.Account(ctx, who.account)
	if err != nil {
		return err
	}
	split, err := a.offering.SplitOf(ctx, order.Rule)
	if err != nil {
		return err
	}
	state := core.NewState()
	state.Accounts[who.account], state.Orders[order.ID] = account, order
	if err := a.loadOwned(ctx, state, order, who.account); err != nil {
		return err
	}
	pay := &core.Pay{Order: order.ID, Account: who.account, User: who.user, Consent: who.consent, Quoted: order.Price, Split: split}
	if err := a.loadAccounts(ctx, state, pay); err != nil {
		return err
	}
	out, err := pay.Decide(state, now)
	c.Balance, c.Allowance = spendable(account, order), a.allowanceFor(ctx, account, order, who.user)
	c.CanPay, c.Problem = err == nil, nil
	if err == nil {
		c.Paid = out.Replayed
		c.Owned = out.Entry != nil && out.Entry.Kind == journal.Covered
		return nil
	}
	problem, ok := errors.AsType[*token.Error](err)
	if !ok {
		return err
	}
	c.Problem = problem
	return nil
}

// loadAccounts puts the accounts into the state that the command must see and the state does
// not hold: those of the vendors who gave the payer incentive tokens.
func (a *Buying) loadAccounts(ctx context.Context, state *core.State, command core.Command) error {
	var facts core.Facts
	command.Need(state, &facts)
	for _, id := range facts.Accounts {
		if state.Accounts[id] != nil {
			continue
		}
		account, err := a.engine.Account(ctx, id)
		if err != nil {
			return err
		}
		state.Accounts[id] = account
	}
	return nil
}

// loadOwned puts the purchase into the state by which the account owns what the
// order is for, if there is one.
func (a *Buying) loadOwned(ctx context.Context, state *core.State, order *core.Order, account token.AccountID) error {
	item := order.Item.Hash()
	if item == (journal.ItemHash{}) {
		return nil
	}
	key := journal.ItemKey{Account: account, Vendor: order.Vendor, Item: item}
	entries, err := a.engine.Find(ctx, journal.TermItem(key), func(e *journal.Entry) bool {
		owned, ok := e.ItemKey()
		return ok && owned == key
	}, 0, 1)
	if err != nil || len(entries) == 0 {
		return err
	}
	owned, err := a.engine.Order(ctx, entries[0].Order)
	if err == nil && owned != nil && owned.ID != order.ID {
		state.Orders[owned.ID] = owned
	}
	state.Items[key] = entries[0].Order
	return err
}

// spendable is what the account could spend on the order: purchased tokens with
// their credit line, or test tokens for a test order.
func spendable(account *core.Account, order *core.Order) token.Amount {
	class := token.PurchasedClass
	if order.Test {
		class = token.TestClass
	}
	wallet := account.Wallet(order.Currency, class)
	if wallet == nil {
		return 0
	}
	return wallet.Spendable()
}

// Pay pays an order, or places a hold on its price, and returns where the browser
// goes then: back to the vendor with a ticket. Paying again what the same account
// has paid charges nothing and makes a new ticket.
func (a *Buying) Pay(ctx context.Context, v caller.Viewer, id token.OrderID, quoted token.Amount, method journal.ConsentMethod) (returnURL string, err error) {
	if method != journal.ByClick && method != journal.ByApproval {
		return "", token.Refuse(token.Malformed, "malformed.by_person")
	}
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil {
		return "", caller.Foreign(err, "not_found.order")
	}
	if order.Test {
		return "", caller.WrongMode(true)
	}
	return a.pay(ctx, order, buyerOf(&v, method), quoted)
}

// PayTest pays a test order with the sandbox's test tokens.
func (a *Buying) PayTest(ctx context.Context, id token.OrderID, quoted token.Amount) (returnURL string, err error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil {
		return "", caller.Foreign(err, "not_found.order")
	}
	if !order.Test {
		return "", caller.WrongMode(false)
	}
	vendor, err := a.directory.VendorByID(ctx, order.Vendor)
	if err != nil {
		return "", err
	}
	return a.pay(ctx, order, testReader(vendor), quoted)
}

func (a *Buying) pay(ctx context.Context, order *core.Order, who buyer, quoted token.Amount) (string, error) {
	split, err := a.offering.SplitOf(ctx, order.Rule)
	if err != nil {
		return "", err
	}
	if err := a.keys.CanSeal(ctx); err != nil { // before anything is charged
		return "", err
	}
	_, err = a.engine.Do(ctx, &core.Pay{
		Order: order.ID, Account: who.account, User: who.user, Consent: who.consent, Quoted: quoted, Split: split,
	})
	if err != nil {
		return "", a.refusedPayment(ctx, order, who, quoted, err)
	}
	back, err := a.wayBack(ctx, order, who.user)
	if err != nil { // what is paid is not refused: the purchase's own page makes a way back when it can
		a.log.ErrorContext(ctx, "no ticket for what was paid", "order", order.ID, "error", err)
		return a.selling.PayURL(order.ID), nil
	}
	return back, nil
}

// wayBack is the order's return URL with the order's id, a new ticket, and the
// vendor's post parameter.
func (a *Buying) wayBack(ctx context.Context, order *core.Order, user token.UserID) (string, error) {
	c := keys.Claims{Order: order.ID, URL: keys.HashURL(order.ReturnURL), Expires: a.clock.Now().Add(keys.TicketLife).UnixMilli()}
	var err error
	if c.Reader, err = a.deriver.Pseudonym(order.Vendor, user); err != nil {
		return "", err
	}
	if err := a.random.Fill(c.Nonce[:]); err != nil {
		return "", err
	}
	ticket, err := a.keys.SealTicket(ctx, order.Vendor, c)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(order.ReturnURL)
	if strings.Contains(order.ReturnURL, "?") {
		out.WriteString("&order=")
	} else {
		out.WriteString("?order=")
	}
	out.WriteString(order.ID.String() + "&ticket=" + ticket)
	if order.Post != "" {
		out.WriteString("&post=" + url.QueryEscape(order.Post))
	}
	return out.String(), nil
}

// originOf returns scheme, host and port of an address that was checked before.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

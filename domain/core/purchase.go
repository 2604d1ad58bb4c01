package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Pay pays an open order, or places a hold where the order asks for one.
type Pay struct {
	Order   token.OrderID
	Account token.AccountID
	User    token.UserID
	Consent journal.Consent
	Quoted  token.Amount  // the price that the user saw
	Split   royalty.Split // the version that the order names
}

var _ Command = (*Pay)(nil)

// Need asks for the order, the account, who gave it incentive tokens, and what it already
// owns.
func (c *Pay) Need(s *State, f *Facts) {
	f.Orders = append(f.Orders, c.Order)
	f.Accounts = append(f.Accounts, c.Account)
	needIssuers(s, f, c.Account)
	if o := s.Orders[c.Order]; o != nil {
		if !o.By.IsZero() {
			f.Orders = append(f.Orders, o.By)
		}
		needItem(s, f, c.Account, o.Vendor, o.Item.Hash())
	}
}

// needItem asks for the purchase by which an account owns an item.
func needItem(s *State, f *Facts, account token.AccountID, vendor token.VendorID, item journal.ItemHash) {
	if item == (journal.ItemHash{}) {
		return
	}
	key := journal.ItemKey{Account: account, Vendor: vendor, Item: item}
	f.Items = append(f.Items, key)
	if owned, ok := s.Items[key]; ok {
		f.Orders = append(f.Orders, owned)
	}
}

// Decide checks, in order: the order exists, was not paid before (by this account:
// that is the answer again), has not expired; the quote; the account; the consent and
// the login's window; the account's standing; what it already owns; the approval limit
// where that is the consent; that the item can still be opened; its limits; its tokens.
func (c *Pay) Decide(s *State, now int64) (Outcome, error) {
	o := s.Orders[c.Order]
	if o == nil {
		return Outcome{}, token.Refuse(token.NotFound, "not_found.order")
	}
	switch {
	case o.Status != Open && o.Account != c.Account:
		return Outcome{}, token.Refuse(token.Conflict, "order_state.paid_by_other")
	case o.Status == Paid || o.Status == OnHold || o.Status == Covers:
		return Outcome{Order: o, Replayed: true}, nil
	case o.Status != Open:
		return Outcome{}, token.Refuse(token.Conflict, "order_state.given_back")
	case now >= o.ExpiresAt:
		return Outcome{}, token.Refuse(token.Gone, "order_expired.order")
	case c.Quoted != o.Price:
		return Outcome{}, token.Refuse(token.Conflict, "quote_changed.not_confirmed")
	}
	r := s.record()
	r.sale = journal.Sale{
		Price: o.Price, Currency: o.Currency, Consent: c.Consent, Rule: o.Rule,
		Item: o.Item.Hash(), Terms: o.Item.Terms, Test: o.Test,
	}
	if o.Manual {
		hours := o.HoldHours
		if hours == 0 {
			hours = DefaultHoldHours
		}
		r.sale.Until = now + int64(hours)*60*60*1000
	}
	charge := charge{order: c.Order, account: c.Account, user: c.User, vendor: o.Vendor, campaigns: o.Item.Campaigns, split: &c.Split}
	return charge.decide(s, now, r)
}

// Charge buys an offer for a reader who gave the vendor an allowance: one call
// from server to server, no browser.
type Charge struct {
	ID        token.OrderID // of the order that it makes
	Account   token.AccountID
	User      token.UserID
	Vendor    token.VendorID
	Item      journal.ItemHash // zero for a repeatable item
	Campaigns []token.CampaignID
	Sale      journal.Sale // Price, Currency, Rule, Terms, Offer, OfferVer, Tracking, Test
	Split     royalty.Split
	Key       journal.Key
}

var _ Command = (*Charge)(nil)

// Need asks for the key, the account, who gave it incentive tokens, and what it already
// owns.
func (c *Charge) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	f.Accounts = append(f.Accounts, c.Account)
	needIssuers(s, f, c.Account)
	needItem(s, f, c.Account, c.Vendor, c.Item)
}

// Decide checks, in order: key, that the id is new, price, currency, text, account,
// standing, what it already owns, that the item can still be opened, the allowance,
// the limits, the tokens.
func (c *Charge) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	if c.ID.IsZero() || s.Orders[c.ID] != nil {
		return Outcome{}, token.Refuse(token.Conflict, "already_taken.order")
	}
	if err := priced(c.Sale.Price, c.Sale.Currency); err != nil {
		return Outcome{}, err
	}
	if err := readable(c.Sale.Tracking); err != nil {
		return Outcome{}, err
	}
	r := s.record()
	sale := &r.sale // empty so far; setting what counts is quicker than copying all of it
	sale.Price, sale.Currency, sale.Rule, sale.Item, sale.Terms = c.Sale.Price, c.Sale.Currency, c.Sale.Rule, c.Item, c.Sale.Terms
	sale.Offer, sale.OfferVer, sale.Tracking, sale.Test = c.Sale.Offer, c.Sale.OfferVer, c.Sale.Tracking, c.Sale.Test
	charge := charge{order: c.ID, account: c.Account, user: c.User, vendor: c.Vendor, campaigns: c.Campaigns, split: &c.Split, key: c.Key, allowed: true}
	return charge.decide(s, now, r)
}

// record is an entry, its sale, and room for the lines of most splits, in one piece
// of memory.
type record struct {
	entry journal.Entry
	sale  journal.Sale
	lines [3]royalty.Line
}

// record takes the next of the records that were allocated together.
func (s *State) record() *record {
	if len(s.records) == 0 {
		s.records = make([]record, 16)
	}
	r := &s.records[0]
	s.records = s.records[1:]
	r.entry.Sale = &r.sale
	return r
}

// charge is what Pay and Charge have in common.
type charge struct {
	order     token.OrderID
	account   token.AccountID
	user      token.UserID
	vendor    token.VendorID
	campaigns []token.CampaignID
	split     *royalty.Split
	key       journal.Key
	allowed   bool // an allowance must cover it
}

func (c *charge) decide(s *State, now int64, r *record) (Outcome, error) {
	a, err := s.account(c.account)
	if err != nil {
		return Outcome{}, err
	}
	sale := &r.sale
	if !c.allowed {
		if err := checkConsent(sale, now); err != nil {
			return Outcome{}, err
		}
	}
	if a.Standing == journal.Frozen {
		return Outcome{}, token.Refuse(token.Forbidden, "account_closed.payer")
	}
	if owned := c.owned(s, now, sale); owned != nil {
		return c.cover(owned), nil
	}
	if sale.Consent.Method == journal.ByApproval && sale.Price > a.Approval(c.user, sale.Currency) {
		return Outcome{}, token.Refuse(token.Conflict, "quote_changed.needs_confirmation")
	}
	if sale.Terms.Expiry > 0 && now >= sale.Terms.Expiry {
		return Outcome{}, token.Refuse(token.Gone, "entitlement_expired.not_sold")
	}
	if c.allowed {
		allowance, err := a.checkAllowance(c.user, c.vendor, sale, now)
		if err != nil {
			return Outcome{}, err
		}
		sale.Consent.Method, sale.Consent.Allowance = journal.ByAllowance, allowance.ID
	}
	if err := a.checkLimits(c.user, c.vendor, sale.Currency, sale.Price, now); err != nil {
		return Outcome{}, err
	}
	if sale.Sources, err = a.plan(s, c.vendor, c.campaigns, sale, now); err != nil {
		return Outcome{}, err
	}
	sale.Grants = a.grants(sale.Sources, sale.Currency)
	entry := &r.entry
	entry.Kind, entry.Order, entry.Account, entry.User, entry.Vendor, entry.Key = journal.Purchased, c.order, c.account, c.user, c.vendor, c.key
	if sale.Until > 0 {
		entry.Kind = journal.HoldPlaced
		entry.Legs = holdLegs(s, c.account, sale, false)
		return Outcome{Entry: entry}, nil
	}
	sale.Lines = r.lines[:0:len(r.lines)]
	if err := divide(sale, c.split); err != nil {
		return Outcome{}, err
	}
	entry.Legs = saleLegs(s, ledger.Wallet, c.account, c.vendor, sale)
	return Outcome{Entry: entry}, nil
}

// checkConsent refuses a purchase to which the user has not agreed in a way that
// holds for it now.
func checkConsent(sale *journal.Sale, now int64) error {
	switch sale.Consent.Method {
	case journal.ByClick, journal.ByApproval:
	case journal.ByTest:
		if !sale.Test {
			return token.Refuse(token.Forbidden, "mode_mismatch.test_reader")
		}
	default:
		return token.Fault("a purchase without the user's consent")
	}
	if sale.Consent.Until > 0 && now >= sale.Consent.Until {
		return token.Refuse(token.Unauthorised, "purchase_window_closed.buy")
	}
	return nil
}

// owned returns the order that entitles the account to the item now, if any.
func (c *charge) owned(s *State, now int64, sale *journal.Sale) *Order {
	if sale.Item == (journal.ItemHash{}) {
		return nil
	}
	id, ok := s.Items[journal.ItemKey{Account: c.account, Vendor: c.vendor, Item: sale.Item}]
	if !ok {
		return nil
	}
	o := s.Orders[id]
	if o == nil || o.Sale.Test != sale.Test || o.Usable(now) != nil {
		return nil // what was bought in the sandbox opens nothing outside it
	}
	return o
}

// cover answers with the purchase that already holds, and charges nothing.
func (c *charge) cover(owned *Order) Outcome {
	order := c.order
	if c.allowed {
		order = owned.ID // a direct purchase makes no order of its own
	}
	return Outcome{Entry: &journal.Entry{
		Kind: journal.Covered, Order: order, By: owned.ID, Account: c.account, User: c.user, Vendor: c.vendor, Key: c.key,
	}}
}

func (a *Account) checkAllowance(user token.UserID, vendor token.VendorID, sale *journal.Sale, now int64) (*limit.Allowance, error) {
	p := a.Allowance(user, vendor, sale.Currency)
	switch {
	case p == nil || now >= p.Until:
		return nil, token.Refuse(token.Forbidden, "allowance_missing.none")
	case sale.Price > p.PerPurchase:
		return nil, token.Refuse(token.Forbidden, "allowance_exceeded.one_purchase")
	case sale.Price > p.Max:
		return nil, token.Refuse(token.Forbidden, "allowance_exceeded.all")
	case p.Counter.At(now)+sale.Price > p.Max:
		return nil, token.Refuse(token.Forbidden, allowanceUsedUp(p.Period)).Until(millis(p.Period.End(now)))
	}
	return p, nil
}

// checkLimits refuses a purchase above any limit that covers it: each purchase's
// first, then those of periods, in the order in which they were set.
func (a *Account) checkLimits(user token.UserID, vendor token.VendorID, currency token.Currency, price token.Amount, now int64) error {
	for i := range a.Limits {
		l := &a.Limits[i]
		if !l.Covers(user, vendor, currency) {
			continue
		}
		if l.Period == limit.PerPurchase && price > l.Max {
			return refuseLimit(l)
		}
		if l.Period != limit.PerPurchase && l.Counter.At(now)+price > l.Max {
			refusal := refuseLimit(l)
			if price <= l.Max { // otherwise no waiting helps
				refusal.RetryAt = millis(l.Period.End(now))
			}
			return refusal
		}
	}
	return nil
}

// refuseLimit is why a purchase does not fit into a limit.
func refuseLimit(l *limit.Limit) *token.Error {
	var reason token.Reason
	switch l.Period {
	case limit.PerPurchase:
		reason = "limit_exceeded.one_purchase"
	case limit.Day:
		reason = "limit_exceeded.day"
	case limit.Week:
		reason = "limit_exceeded.week"
	default:
		reason = "limit_exceeded.month"
	}
	refusal := token.Refuse(token.Forbidden, reason, token.Money("most", l.Max, l.Currency))
	refusal.Limit = l.ID
	return refusal
}

// allowanceUsedUp is why an allowance covers nothing more in its period.
func allowanceUsedUp(p limit.Period) token.Reason {
	switch p {
	case limit.Day:
		return "allowance_exceeded.day"
	case limit.Week:
		return "allowance_exceeded.week"
	}
	return "allowance_exceeded.month"
}

// plan says which wallets pay: incentive tokens that fit and are backed, soonest to expire
// first, then purchased tokens with their credit line. A sandbox sale is paid by test
// tokens only. One purchased source that pays all is left out (nil).
func (a *Account) plan(s *State, vendor token.VendorID, campaigns []token.CampaignID, sale *journal.Sale, now int64) ([]journal.Source, error) {
	if sale.Test {
		return a.planTest(sale)
	}
	var sources []journal.Source
	left := sale.Price
	for left > 0 {
		w := a.nextIncentive(s, sources, vendor, campaigns, sale.Currency, now)
		if w == nil {
			break
		}
		part := min(left, w.Balance)
		sources = append(sources, journal.Source{Class: w.Class, Amount: part, Issuer: w.Issuer})
		left -= part
	}
	if left == 0 {
		return sources, nil
	}
	w := a.Wallet(sale.Currency, token.PurchasedClass)
	if w == nil || w.Spendable() < left {
		missing := left
		if w != nil {
			missing -= w.Spendable()
		}
		return nil, token.Refuse(token.Unfunded, "insufficient_funds.wallet", token.Money("short", missing, sale.Currency))
	}
	if sources == nil {
		return nil, nil
	}
	return append(sources, journal.Source{Amount: left}), nil
}

func (a *Account) planTest(sale *journal.Sale) ([]journal.Source, error) {
	w := a.Wallet(sale.Currency, token.TestClass)
	if w == nil || w.Balance < sale.Price {
		return nil, token.Refuse(token.Unfunded, "insufficient_funds.test_reader")
	}
	return []journal.Source{{Class: token.TestClass, Amount: sale.Price}}, nil
}

// nextIncentive returns the wallet of incentive tokens to use next, soonest to
// expire first, that is not among the sources yet.
func (a *Account) nextIncentive(s *State, used []journal.Source, vendor token.VendorID, campaigns []token.CampaignID, currency token.Currency, now int64) *Wallet {
	var next *Wallet
	for i := range a.Wallets {
		w := &a.Wallets[i]
		if w.Class.Kind != token.Incentive || w.Currency != currency || w.Balance <= 0 || !w.fits(vendor, campaigns, now) {
			continue
		}
		if isUsed(used, w.Class) || !s.backed(w.Issuer, currency) {
			continue
		}
		if next == nil || (w.Expiry != 0 && (next.Expiry == 0 || w.Expiry < next.Expiry)) {
			next = w
		}
	}
	return next
}

func isUsed(sources []journal.Source, class token.Class) bool {
	for i := range sources {
		if sources[i].Class == class {
			return true
		}
	}
	return false
}

// fits reports whether the campaign's terms let its tokens pay here and now.
func (w *Wallet) fits(vendor token.VendorID, campaigns []token.CampaignID, now int64) bool {
	if w.Expired(now) {
		return false
	}
	if len(w.Vendors) > 0 && !contains(w.Vendors, vendor) {
		return false
	}
	return !w.Listed || contains(campaigns, w.Class.Campaign)
}

func contains[T comparable](list []T, value T) bool {
	for i := range list {
		if list[i] == value {
			return true
		}
	}
	return false
}

// grants returns the terms of the incentive tokens among the sources.
func (a *Account) grants(sources []journal.Source, currency token.Currency) []journal.Grant {
	var grants []journal.Grant
	for i := range sources {
		if sources[i].Class.Kind != token.Incentive {
			continue
		}
		if w := a.Wallet(currency, sources[i].Class); w != nil {
			grants = append(grants, w.grant(sources[i].Amount))
		}
	}
	return grants
}

// divide computes net, fee and royalties of the sale's price, by the version of the
// split that the sale names and no other. The lines go where sale.Lines has room.
func divide(sale *journal.Sale, split *royalty.Split) error {
	if split.ID != sale.Rule.Split || split.Version != sale.Rule.Version {
		return token.Fault("a sale is divided by the split version that it names")
	}
	d := royalty.Divide(sale.Price, sale.Rule.Fee, split, sale.Lines)
	sale.Net, sale.Fee, sale.Lines = d.Net, d.Fee, d.Lines
	return nil
}

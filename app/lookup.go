package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// What can be changed or revoked is remembered for so long at most: that is how late
// another replica can learn of it.
const revocable = 5 * time.Second

// unfollowed is how long something is remembered at most where changes are followed: an
// earlier version of this program, beside which this one runs for a while, does not tell of
// them.
const unfollowed = 5 * time.Minute

// caches are what the app remembers of the catalogue.
type caches struct {
	followed *follower // what vendors, their sites and keys, offers and splits are good by

	vendors     *cache[token.VendorID, catalog.Vendor]
	sites       *cache[token.VendorID, []catalog.Site]
	apiKeys     *cache[catalog.KeyHash, catalog.APIKey]
	newestOffer *cache[token.OfferID, catalog.Offer]
	newestSplit *cache[token.SplitID, catalog.Split]

	sessions *cache[account.SessionHash, login]
	memberOf *cache[token.UserID, []token.VendorID]

	accounts  *cache[token.UserID, token.AccountID]
	payees    *cache[token.PayeeID, catalog.Payee]
	campaigns *cache[token.CampaignID, catalog.Campaign]
	offers    *cache[version[token.OfferID], catalog.Offer]
	splits    *cache[version[token.SplitID], catalog.Split]
}

// version names one version of a thing that does not change.
type version[ID comparable] struct {
	id     ID
	number uint32
}

func newCaches(store changes, clock token.Clock, alone bool) caches {
	f := newFollower(store, clock, alone)
	return caches{
		followed:    f,
		vendors:     followedCache[token.VendorID, catalog.Vendor](clock, f, 16384),
		sites:       followedCache[token.VendorID, []catalog.Site](clock, f, 16384),
		apiKeys:     followedCache[catalog.KeyHash, catalog.APIKey](clock, f, 16384),
		newestOffer: followedCache[token.OfferID, catalog.Offer](clock, f, 32768),
		newestSplit: followedCache[token.SplitID, catalog.Split](clock, f, 16384),

		sessions: newCache[account.SessionHash, login](clock, revocable, 65536),
		memberOf: newCache[token.UserID, []token.VendorID](clock, revocable, 65536),

		accounts:  newCache[token.UserID, token.AccountID](clock, forever, 262144),
		payees:    newCache[token.PayeeID, catalog.Payee](clock, forever, 16384),
		campaigns: newCache[token.CampaignID, catalog.Campaign](clock, forever, 16384),
		offers:    newCache[version[token.OfferID], catalog.Offer](clock, forever, 32768),
		splits:    newCache[version[token.SplitID], catalog.Split](clock, forever, 16384),
	}
}

func (a *App) vendor(ctx context.Context, id token.VendorID) (catalog.Vendor, error) {
	return a.vendors.get(id, func() (catalog.Vendor, error) { return a.catalog.Vendor(ctx, id) })
}

func (a *App) vendorName(ctx context.Context, id token.VendorID) string {
	if id.IsZero() {
		return ""
	}
	vendor, err := a.vendor(ctx, id)
	if err != nil {
		return "a shop"
	}
	return vendor.Name
}

func (a *App) vendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error) {
	return a.memberOf.get(user, func() ([]token.VendorID, error) { return a.catalog.VendorsOf(ctx, user) })
}

// accountOf returns the account that a user's purchases are charged to.
func (a *App) accountOf(ctx context.Context, user token.UserID) (token.AccountID, error) {
	return a.accounts.get(user, func() (token.AccountID, error) { return a.catalog.AccountOf(ctx, user) })
}

// offer returns a version of an offer of whichever vendor; version 0 is the newest.
func (a *App) offer(ctx context.Context, id token.OfferID, number uint32) (catalog.Offer, error) {
	if number == 0 {
		return a.newestOffer.get(id, func() (catalog.Offer, error) {
			newest, err := a.catalog.Offer(ctx, id, 0)
			if err == nil { // its sales will name the version
				a.offers.put(version[token.OfferID]{id, newest.Version}, newest, 0)
			}
			return newest, err
		})
	}
	return a.offers.get(version[token.OfferID]{id, number}, func() (catalog.Offer, error) { return a.catalog.Offer(ctx, id, number) })
}

// split returns a version of a split of whichever vendor; version 0 is the newest.
func (a *App) split(ctx context.Context, id token.SplitID, number uint32) (catalog.Split, error) {
	if number == 0 {
		return a.newestSplit.get(id, func() (catalog.Split, error) {
			newest, err := a.catalog.Split(ctx, id, 0)
			if err == nil {
				a.splits.put(version[token.SplitID]{id, newest.Version}, newest, 0)
			}
			return newest, err
		})
	}
	return a.splits.get(version[token.SplitID]{id, number}, func() (catalog.Split, error) { return a.catalog.Split(ctx, id, number) })
}

// splitOf returns the version of the split that a rule names.
func (a *App) splitOf(ctx context.Context, rule journal.Rule) (royalty.Split, error) {
	if rule.Split.IsZero() {
		return royalty.Split{}, nil
	}
	split, err := a.split(ctx, rule.Split, rule.Version)
	return split.Rule(), err
}

// ruleNow returns by what rule a sale of the vendor is divided if it is made now.
func (a *App) ruleNow(ctx context.Context, id token.VendorID, split token.SplitID) (journal.Rule, royalty.Split, error) {
	vendor, err := a.vendor(ctx, id)
	if err != nil {
		return journal.Rule{}, royalty.Split{}, err
	}
	rule := journal.Rule{Fee: vendor.Fee}
	if split.IsZero() {
		return rule, royalty.Split{}, nil
	}
	newest, err := a.split(ctx, split, 0)
	if err != nil || newest.Vendor != id {
		return rule, royalty.Split{}, foreign(err, "not_found.split")
	}
	rule.Split, rule.Version = newest.ID, newest.Version
	return rule, newest.Rule(), nil
}

// order returns a vendor's order of the seller's mode.
func (a *App) order(ctx context.Context, s Seller, id token.OrderID) (*core.Order, error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil || order.Vendor != s.Vendor {
		return nil, a.refusedOrder(ctx, s, order, foreign(err, "not_found.order"))
	}
	if order.Test != s.Test {
		return nil, a.refusedOrder(ctx, s, order, wrongMode(order.Test))
	}
	return order, nil
}

func wrongMode(test bool) error {
	if test {
		return token.Refuse(token.Forbidden, "mode_mismatch.needs_test_key")
	}
	return token.Refuse(token.Forbidden, "mode_mismatch.needs_live_key")
}

// foreign answers for what is not there or not the caller's: both look the same.
func foreign(err error, reason token.Reason) error {
	if err != nil && token.CodeOf(err) != token.CodeNotFound {
		return err
	}
	return token.Refuse(token.NotFound, reason)
}

// currency refuses what the provider does not deal in.
func (a *App) currency(c token.Currency) error {
	if a.currencies[c] {
		return nil
	}
	dealt := make([]string, 0, len(a.currencies))
	for known := range a.currencies {
		dealt = append(dealt, known.String())
	}
	slices.Sort(dealt)
	return token.Refuse(token.Unprocessable, "currency_invalid.not_dealt_in", token.Given("got", c.String()), token.List("currencies", dealt))
}

// The bounds of a page.
const (
	maxPage     = 100
	defaultPage = 25
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// parseCursor reads where a page of journal entries begins; empty is the newest.
func parseCursor(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	seq, err := strconv.ParseUint(text, 36, 64)
	if err != nil || seq == 0 {
		return 0, token.Refuse(token.Malformed, "malformed.cursor")
	}
	return seq, nil
}

// maxScan bounds how many entries are looked at for one page. Where few of many match, a
// page may end before it is full; its cursor goes on from there.
const maxScan = 20_000

// finder finds entries of the journal, as Engine does.
type finder interface {
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
}

// entriesOf returns a page of the entries that match, and the cursor of the next page.
func entriesOf(ctx context.Context, engine finder, term journal.Term, match func(*journal.Entry) bool, before uint64, size int) (entries []*journal.Entry, next string, err error) {
	seen := 0
	found, err := engine.Find(ctx, term, func(e *journal.Entry) bool {
		seen++
		return seen > maxScan || match(e)
	}, before, size+1)
	if err != nil {
		return nil, "", err
	}
	if len(found) > size {
		found = found[:size]
		next = cursor(found[size-1].Seq)
	}
	for _, e := range found {
		if match(e) {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}

func cursor(seq uint64) string { return strconv.FormatUint(seq, 36) }

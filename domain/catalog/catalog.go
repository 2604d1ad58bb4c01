// Package catalog is who sells and what: vendors with their members, sites and
// keys; payees and the splits by which they share a price; offers; campaigns.
//
// Offers and splits never change: a change makes a new version, and each sale
// names the versions that it was made by. So a version, once seen, can be kept in
// memory for ever.
package catalog

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Vendor is a shop.
type Vendor struct {
	ID        token.VendorID
	Name      string
	Fee       royalty.FeeRule // what the provider takes of each sale
	CreatedAt int64

	// The sandbox: a reader with test tokens, who pays for test orders.
	SandboxUser    token.UserID
	SandboxAccount token.AccountID
}

// Member says that a user acts for a vendor.
type Member struct {
	Vendor   token.VendorID
	User     token.UserID
	JoinedAt int64
}

// KeyHash is SHA-256 of a key's secret, which only the vendor's server knows.
type KeyHash [32]byte

// APIKey lets a vendor's server act for the vendor.
type APIKey struct {
	ID        token.KeyID
	Vendor    token.VendorID
	Hash      KeyHash
	Login     string // the name of what uses it; stands in each order it creates
	Hint      string // the secret's last characters, to tell keys apart
	Test      bool   // acts in the sandbox only
	CreatedAt int64
	RevokedAt int64 // zero while it is good
}

// Payee is an author, publisher or other owner of rights who earns royalties.
type Payee struct {
	ID        token.PayeeID
	Vendor    token.VendorID
	Name      string
	CreatedAt int64
}

// Split is one version of a rule for dividing a price.
type Split struct {
	ID        token.SplitID
	Version   uint32
	Vendor    token.VendorID
	Name      string
	Shares    []royalty.Share
	CreatedAt int64
}

// Rule returns the split as the core computes with it.
func (s *Split) Rule() royalty.Split {
	return royalty.Split{ID: s.ID, Version: s.Version, Shares: s.Shares}
}

// Offer is one version of a thing for sale.
type Offer struct {
	ID        token.OfferID
	Version   uint32
	Vendor    token.VendorID
	Item      journal.Item
	Price     token.Amount
	Currency  token.Currency
	Split     token.SplitID // its version of the time of sale divides the price; zero for none
	CreatedAt int64
}

// Campaign is a cause for which incentive tokens are given.
type Campaign struct {
	ID        token.CampaignID
	Issuer    token.VendorID // who pays when they are spent; zero for the provider
	Name      string
	Currency  token.Currency
	Listed    bool  // only for items that list the campaign
	ExpiresAt int64 // milliseconds since 1970; zero for never
	CreatedAt int64
}

// Request is what makes an addition repeatable: the caller's idempotency key and a
// digest of what was asked. The zero Request repeats nothing.
type Request struct {
	Key journal.Key
	At  int64
}

// Store keeps the catalogue. What is not there is answered with CodeNotFound. Pages are
// newest first, below the id `before` (zero: from the newest).
//
// The Add methods answer a repeated Request with the id and version that the first one
// made (and replayed), and refuse the key with another digest: CodeKeyReused.
type Store interface {
	// AddVendor adds a vendor, its first member, its first site and its test reader.
	AddVendor(ctx context.Context, vendor Vendor, member Member, site Site, reader account.User, sandbox account.Account) error
	Vendor(ctx context.Context, id token.VendorID) (Vendor, error)
	VendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error)

	AddKey(ctx context.Context, key APIKey) error
	Keys(ctx context.Context, vendor token.VendorID) ([]APIKey, error)
	KeyByHash(ctx context.Context, hash KeyHash) (APIKey, error)
	// RevokeKey returns the key's hash, so that caches can forget it.
	RevokeKey(ctx context.Context, vendor token.VendorID, id token.KeyID, at int64) (KeyHash, error)

	AddSite(ctx context.Context, site Site, request Request) (Made[token.SiteID], error)
	// ProveSite records that a vendor showed a site to be its own, if it had not before.
	ProveSite(ctx context.Context, vendor token.VendorID, id token.SiteID, at int64) error
	Sites(ctx context.Context, vendor token.VendorID, before token.SiteID, limit int) ([]Site, error)

	AddPayee(ctx context.Context, payee Payee, request Request) (Made[token.PayeeID], error)
	Payee(ctx context.Context, id token.PayeeID) (Payee, error)
	Payees(ctx context.Context, vendor token.VendorID, before token.PayeeID, limit int) ([]Payee, error)

	// AddSplit adds a version: of a new split (Version 1), or the next version of one.
	AddSplit(ctx context.Context, split Split, request Request) (Made[token.SplitID], error)
	// Split returns a version; version 0 is the newest.
	Split(ctx context.Context, id token.SplitID, version uint32) (Split, error)
	Splits(ctx context.Context, vendor token.VendorID, before token.SplitID, limit int) ([]Split, error)

	AddOffer(ctx context.Context, offer Offer, request Request) (Made[token.OfferID], error)
	// Offer returns a version; version 0 is the newest.
	Offer(ctx context.Context, id token.OfferID, version uint32) (Offer, error)
	Offers(ctx context.Context, vendor token.VendorID, before token.OfferID, limit int) ([]Offer, error)

	// NewestChange returns the number of the newest change to what was there before: a new
	// version of an offer or a split, a revoked key or another site of a vendor.
	NewestChange(ctx context.Context) (uint64, error)
	// Changes returns, in their order, what changed after the change with a number.
	Changes(ctx context.Context, after uint64) (Changes, error)

	AddCampaign(ctx context.Context, campaign Campaign, request Request) (Made[token.CampaignID], error)
	Campaign(ctx context.Context, id token.CampaignID) (Campaign, error)
	Campaigns(ctx context.Context, vendor token.VendorID, before token.CampaignID, limit int) ([]Campaign, error)
}

// Made is what an addition made: now, or when it was first asked for.
type Made[ID comparable] struct {
	ID       ID
	Version  uint32
	Replayed bool
}

// Changes are what changed up to the change with a number: offers and splits with a new
// version, and vendors with other sites or keys.
type Changes struct {
	Offers  []token.OfferID
	Splits  []token.SplitID
	Vendors []token.VendorID
	Upto    uint64
	More    bool // there may be later ones already
}

// The bounds of texts, in characters.
const (
	MaxTitle       = 200
	MaxDescription = 1000
	MaxURL         = 2000
	MaxSKU         = 200
	MaxTracking    = 500
	MaxPost        = 500
	MaxLogin       = 100
	MaxReason      = 200
	MaxCampaigns   = 16
)

// CheckText refuses a text that is too long or not printable. field is a JSON pointer.
func CheckText(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return token.Refuse(token.Unprocessable, "field_invalid.text_long", token.Number("most", int64(most)), token.Number("got", int64(n))).In(field)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return token.Refuse(token.Unprocessable, "field_invalid.text_unprintable").In(field)
	}
	return nil
}

// CheckName refuses the name of a vendor, payee, split, key or campaign that is
// empty or too long, or that could be taken for another.
func CheckName(what, name string) error { return token.CheckLabel(what, name, 100) }

// NormalItem checks what is for sale and fills in its SKU where none is given.
func NormalItem(item journal.Item) (journal.Item, error) {
	if strings.TrimSpace(item.Title) == "" {
		return item, token.Refuse(token.Unprocessable, "field_invalid.item_title")
	}
	if token.Hides(item.Title) {
		return item, token.Refuse(token.Unprocessable, "field_invalid.title_hides")
	}
	if item.URL != "" {
		if err := CheckItemURL(item.URL); err != nil {
			return item, err
		}
	}
	if item.SKU == "" {
		item.SKU = item.URL
		if len(item.SKU) > MaxSKU {
			return item, token.Refuse(token.Unprocessable, "field_invalid.sku_needed", token.Number("most", MaxSKU)).In("/sku")
		}
	}
	if item.SKU == "" && !item.Repeatable {
		return item, token.Refuse(token.Unprocessable, "field_invalid.item_sku")
	}
	if len(item.Campaigns) > MaxCampaigns {
		return item, token.Refuse(token.Unprocessable, "field_invalid.item_campaigns", token.Number("most", MaxCampaigns), token.Number("got", int64(len(item.Campaigns)))).In("/incentives")
	}
	for _, check := range []error{
		CheckText("/sku", item.SKU, MaxSKU), CheckText("/title", item.Title, MaxTitle),
		CheckText("/description", item.Description, MaxDescription), item.Terms.Validate(),
	} {
		if check != nil {
			return item, check
		}
	}
	return item, nil
}

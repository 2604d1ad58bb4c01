package audit

import (
	"crypto/sha256"
	"encoding/binary"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Offers looks up one version of an offer.
type Offers func(id token.OfferID, version uint32) (Offer, bool)

// Offer is what a version of an offer sells.
type Offer struct {
	Vendor   token.VendorID
	Item     journal.Item
	Price    token.Amount
	Currency token.Currency
}

// KnowOffers lets the auditor compare direct purchases with the offers that they name.
func (a *Auditor) KnowOffers(offers Offers) { a.lookUp = offers }

// offerName names a version of an offer.
type offerName struct {
	id      token.OfferID
	version uint32
}

// known is a version of an offer, as far as sales are compared with it.
type known struct {
	vendor    token.VendorID
	item      uint64
	price     token.Amount
	currency  token.Currency
	terms     entitlement.Terms
	campaigns []token.CampaignID
}

// offer returns the version that a sale names, nil where it is not known.
func (a *Auditor) offer(sale *journal.Sale) *known {
	if a.lookUp == nil || sale.Offer.IsZero() {
		return nil
	}
	name := offerName{sale.Offer, sale.OfferVer}
	found, asked := a.offers[name]
	if !asked {
		if o, ok := a.lookUp(sale.Offer, sale.OfferVer); ok {
			found = &known{o.Vendor, itemOf(&o.Item), o.Price, o.Currency, o.Item.Terms, o.Item.Campaigns}
		}
		a.offers[name] = found
	}
	return found
}

// itemOf stands for what an item is owned by: the first eight bytes of the SHA-256 of its SKU.
// It is zero where nobody can own it: it is repeatable, or has no name.
func itemOf(item *journal.Item) uint64 {
	if item.Repeatable || item.SKU == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(item.SKU))
	return binary.BigEndian.Uint64(sum[:])
}

// forItem checks that a sale is for what its order, or the offer that it names, is for.
func (a *Auditor) forItem(e *journal.Entry, o *order) {
	sale := e.Sale
	is := binary.BigEndian.Uint64(sale.Item[:])
	a.report.Checked(OrderItem, 1)
	if sale.Consent.Method != journal.ByAllowance {
		if is != o.item || !sale.Offer.IsZero() {
			a.report.Fault(OrderItem, "entry %d is for another item than order %s", e.Seq, e.Order)
		}
		return
	}
	o.item = is
	if offer := a.offer(sale); offer != nil &&
		(offer.vendor != e.Vendor || offer.item != is || offer.price != sale.Price || offer.currency != sale.Currency || offer.terms != sale.Terms) {
		a.report.Fault(OrderItem, "entry %d is not what version %d of offer %s sells", e.Seq, sale.OfferVer, sale.Offer)
	}
}

// ownedBefore checks that the item is not charged which the account owns already, and remembers
// that it does now. Of ten million items, 64 bits of hash confuse two once in 370,000 audits.
func (a *Auditor) ownedBefore(e *journal.Entry, o *order) {
	if o.item == 0 {
		return
	}
	key := (o.item ^ uint64(o.account)<<32 ^ uint64(o.vendor)) * 0x9E3779B97F4A7C15
	key = (key ^ key>>29 ^ uint64(o.account)) * 0xBF58476D1CE4E5B9
	a.report.Checked(OwnedOnce, 1)
	n := a.orders.byID[e.Order]
	if before, owned := a.owned[key]; owned && before != n {
		p := &a.orders.slabs[before/slabSize][before%slabSize]
		times := a.termsTable.values[p.terms].Times
		if (p.status == paid || p.status == onHold) && p.test == o.test && p.item == o.item && e.At < a.ends(p) && (times == 0 || p.views < times) {
			a.report.Fault(OwnedOnce, "entry %d charges account %s for what it owns already", e.Seq, e.Account)
		}
	}
	a.owned[key] = n
}

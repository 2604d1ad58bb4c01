package bench

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Workload is who there is and what they buy. Everything is computed from the seed
// and a number, so that a million readers need no memory.
type Workload struct {
	Seed     uint64
	Accounts int // all of them are funded
	Vendors  int
	Offers   int // of each vendor; the first half are articles, the others repeatable

	vendors []float64 // cumulative share of each vendor in all purchases
}

// The bounds and shape of the workload.
const (
	maxFavourites = 3   // vendors that one reader buys from
	limitedEvery  = 4   // every fourth account has a spending limit
	zipfExponent  = 1.1 // of readers: the busiest make about 0.3 % of all purchases each
	zipfFlat      = 50  // so many readers share the top
	vendorZipf    = 0.8 // of vendors
	offerZipf     = 1.3 // of a vendor's offers
	offerFlat     = 5
	machines      = 100     // one of so many readers, the busiest, is a program, which buys what is repeatable
	farFuture     = 1 << 42 // milliseconds since 1970 (the year 2109): when allowances end
	epochMillis   = 1_735_689_600_000
)

// NewWorkload returns the workload of a seed.
func NewWorkload(seed uint64, accounts, vendors, offers int) *Workload {
	w := &Workload{Seed: seed, Accounts: accounts, Vendors: vendors, Offers: offers, vendors: make([]float64, vendors)}
	var sum float64
	for i := range w.vendors {
		sum += math.Pow(float64(i+1), -vendorZipf)
		w.vendors[i] = sum
	}
	for i := range w.vendors {
		w.vendors[i] /= sum
	}
	return w
}

// buyers is how many of the accounts ever buy: half. The others only hold tokens.
func (w *Workload) buyers() int { return max(1, w.Accounts/2) }

// number mixes a kind of thing and its numbers into 64 random-looking bits.
func (w *Workload) number(kind byte, a, b uint64) uint64 {
	h := w.Seed ^ uint64(kind)<<56
	for _, word := range [2]uint64{a, b} {
		h ^= word + 0x9E3779B97F4A7C15
		h *= 0xBF58476D1CE4E5B9
		h ^= h >> 27
		h *= 0x94D049BB133111EB
		h ^= h >> 31
	}
	return h
}

// makeID makes the id of a thing: its number orders it in time, as real ids are.
func makeID[K token.Kind](w *Workload, kind byte, a, b uint64) token.ID[K] {
	var id token.ID[K]
	binary.BigEndian.PutUint64(id[:8], uint64(epochMillis+a*1000+b)<<16|w.number(kind, a, b)>>48)
	binary.BigEndian.PutUint64(id[8:], w.number(kind, b, ^a))
	return id
}

// Account returns the id of a reader's account.
func (w *Workload) Account(reader int) token.AccountID {
	return makeID[token.AccountKind](w, 'a', uint64(reader), 0)
}

// User returns the id of a reader.
func (w *Workload) User(reader int) token.UserID {
	return makeID[token.UserKind](w, 'u', uint64(reader), 0)
}

// Vendor returns the id of a vendor.
func (w *Workload) Vendor(vendor int) token.VendorID {
	return makeID[token.VendorKind](w, 'v', uint64(vendor), 0)
}

// Offer returns the id of a vendor's offer.
func (w *Workload) Offer(vendor, offer int) token.OfferID {
	return makeID[token.OfferKind](w, 'o', uint64(vendor), uint64(offer))
}

// Payee returns the id of a vendor's author (0) or publisher (1).
func (w *Workload) Payee(vendor, payee int) token.PayeeID {
	return makeID[token.PayeeKind](w, 'p', uint64(vendor), uint64(payee))
}

// Split returns the vendor's rule: 30 % to the publisher, and half of that on to the author.
func (w *Workload) Split(vendor int) royalty.Split {
	return royalty.Split{ID: makeID[token.SplitKind](w, 's', uint64(vendor), 0), Version: 1, Shares: []royalty.Share{
		{Payee: w.Payee(vendor, 1), PPM: 300_000},
		{Payee: w.Payee(vendor, 0), PPM: 500_000, Of: 1},
	}}
}

// Fee is what the provider takes of each sale.
func (w *Workload) Fee() royalty.FeeRule { return royalty.FeeRule{PPM: 40_000, Fixed: 2_000} }

// Currency is what everything costs.
func (w *Workload) Currency() token.Currency { return token.Currency{'U', 'S', 'D'} }

// Price returns the price of an offer: 0.05 to 2.00.
func (w *Workload) Price(vendor, offer int) token.Amount {
	return token.Amount(5+w.number('c', uint64(vendor), uint64(offer))%196) * 10_000
}

// Repeatable reports whether the offer can be bought again and again.
func (w *Workload) Repeatable(offer int) bool { return offer >= w.Offers/2 }

// SKU returns the vendor's name for an offer.
func (w *Workload) SKU(offer int) string { return "item-" + strconv.Itoa(offer) }

// Favourites returns the vendors that a reader buys from.
func (w *Workload) Favourites(reader int) []int {
	wanted := 1 + int(w.number('n', uint64(reader), 0)%maxFavourites)
	found := make([]int, 0, maxFavourites)
	for i := range uint64(wanted) {
		u := float64(w.number('f', uint64(reader), i)>>11) / (1 << 53)
		vendor := sort.SearchFloat64s(w.vendors, u)
		if vendor < w.Vendors && !has(found, vendor) {
			found = append(found, vendor)
		}
	}
	return found
}

func has(list []int, n int) bool {
	for _, other := range list {
		if other == n {
			return true
		}
	}
	return false
}

// Fund returns the command that fills a reader's wallet.
func (w *Workload) Fund(reader int) *core.Fund {
	account := w.Account(reader)
	reference := strconv.Itoa(reader)
	return &core.Fund{
		Account: account, User: w.User(reader),
		Fund: journal.Fund{Amount: 1_000_000 * token.PerUnit, Currency: w.Currency(), Method: "bench", Reference: reference},
	}
}

// Allowance returns the command by which a reader permits a vendor to charge.
func (w *Workload) Allowance(reader, vendor int) *core.Permit {
	return &core.Permit{Account: w.Account(reader), User: w.User(reader), GiveAllowance: &limit.Allowance{
		ID: makeID[token.AllowanceKind](w, 'w', uint64(reader), uint64(vendor)), User: w.User(reader), Vendor: w.Vendor(vendor),
		Currency: w.Currency(), PerPurchase: 10 * token.PerUnit, Period: limit.Month, Max: token.MaxAmount, Until: farFuture,
	}}
}

// Limit returns the command that bounds what a reader spends in a month, if she is
// one of those who have one. seq is that of her account's last entry.
func (w *Workload) Limit(reader int, seq uint64) *core.Permit {
	if reader%limitedEvery != 0 {
		return nil
	}
	return &core.Permit{Account: w.Account(reader), User: w.User(reader), AsOf: seq, SetLimit: &limit.Limit{
		ID: makeID[token.LimitKind](w, 'l', uint64(reader), 0), Currency: w.Currency(), Period: limit.Month, Max: token.MaxAmount,
	}}
}

// Purchase is one purchase to be made.
type Purchase struct {
	Reader, Vendor, Offer int
	Key                   string // the idempotency key
}

// Shopper makes an endless stream of purchases. Two shoppers of one round with
// different numbers never use the same key, nor do two rounds.
type Shopper struct {
	w      *Workload
	random *rand.Rand
	zipf   *rand.Zipf
	offers *rand.Zipf
	prefix string
	made   uint64
}

// Shopper returns the stream of one caller in a round of a run.
func (w *Workload) Shopper(round uint64, caller int) *Shopper {
	random := rand.New(rand.NewPCG(w.Seed^round, uint64(caller)))
	return &Shopper{
		w: w, random: random, zipf: rand.NewZipf(random, zipfExponent, zipfFlat, uint64(w.buyers()-1)),
		offers: rand.NewZipf(random, offerZipf, offerFlat, uint64(w.Offers-1)),
		prefix: "b" + strconv.FormatUint(round, 36) + "-" + strconv.Itoa(caller) + "-",
	}
}

// spread is a prime larger than any number of accounts: it scatters the busiest
// readers over the whole range of accounts.
const spread = 2_147_483_647

// Next returns the next purchase.
func (s *Shopper) Next() Purchase {
	s.made++
	busy := s.zipf.Uint64()
	reader := int(busy * spread % uint64(s.w.buyers()))
	favourites := s.w.Favourites(reader)
	return Purchase{
		Reader: reader, Vendor: favourites[s.random.IntN(len(favourites))], Offer: s.offer(busy < uint64(s.w.buyers()/machines)),
		Key: s.prefix + strconv.FormatUint(s.made, 36),
	}
}

// offer returns the number of an offer: the same few are bought most, of both kinds.
func (s *Shopper) offer(repeatable bool) int {
	rank := int(s.offers.Uint64())
	if rank%2 == 0 && !repeatable {
		return rank / 2
	}
	return s.w.Offers/2 + rank/2
}

// Charge returns the purchase as the application would hand it to the core. Items
// are named after the key, so that none is owned already.
func (w *Workload) Charge(p Purchase, id token.OrderID) *core.Charge {
	vendor, split := w.Vendor(p.Vendor), w.Split(p.Vendor)
	c := &core.Charge{
		ID: id, Account: w.Account(p.Reader), User: w.User(p.Reader), Vendor: vendor, Split: split,
		Sale: journal.Sale{
			Price: w.Price(p.Vendor, p.Offer), Currency: w.Currency(), Offer: w.Offer(p.Vendor, p.Offer), OfferVer: 1,
			Rule: journal.Rule{Split: split.ID, Version: split.Version, Fee: w.Fee()},
		},
		Key: journal.NewKey(vendor, "purchase", p.Key, []byte(p.Key)),
	}
	if !w.Repeatable(p.Offer) {
		c.Item = journal.HashItem(p.Key)
	}
	return c
}

package offering

import (
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// Deps is what an Offering is made of.
type Deps struct {
	Catalog   Catalog
	Changes   *cache.Follower
	Clock     token.Clock
	IDs       *token.Maker
	Directory *directory.Directory
}

// Offering knows what is for sale, and who is paid when it is sold. It is safe for concurrent
// use.
type Offering struct {
	catalog   Catalog
	clock     token.Clock
	ids       *token.Maker
	directory *directory.Directory

	newestOffer *cache.Cache[token.OfferID, catalog.Offer]
	newestSplit *cache.Cache[token.SplitID, catalog.Split]
	offers      *cache.Cache[version[token.OfferID], catalog.Offer]
	splits      *cache.Cache[version[token.SplitID], catalog.Split]
	payees      *cache.Cache[token.PayeeID, catalog.Payee]
}

// New makes an Offering.
func New(d Deps) *Offering {
	a := &Offering{
		catalog: d.Catalog, clock: d.Clock, ids: d.IDs, directory: d.Directory,
		newestOffer: cache.Followed[token.OfferID, catalog.Offer](d.Clock, d.Changes, 32768),
		newestSplit: cache.Followed[token.SplitID, catalog.Split](d.Clock, d.Changes, 16384),
		offers:      cache.New[version[token.OfferID], catalog.Offer](d.Clock, cache.Forever, 32768),
		splits:      cache.New[version[token.SplitID], catalog.Split](d.Clock, cache.Forever, 16384),
		payees:      cache.New[token.PayeeID, catalog.Payee](d.Clock, cache.Forever, 16384),
	}
	d.Changes.OnChange(a.forgetOffers)
	return a
}

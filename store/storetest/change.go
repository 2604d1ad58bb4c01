package storetest

import (
	"sync"
	"testing"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// testChanges sees that what was there before tells of its changes, and new things do not.
func testChanges(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	offer, key := s.offer(vendor.ID), s.key(vendor.ID)
	split := catalog.Split{ID: token.NewID[token.SplitKind](s.ids), Version: 1, Vendor: vendor.ID, Name: "books", CreatedAt: 4}
	upto := uint64(0)
	told := func(name string, err error, want catalog.Changes) {
		t.Helper()
		must(t, err)
		newest, err := s.NewestChange(t.Context())
		must(t, err)
		if len(want.Offers)+len(want.Splits)+len(want.Vendors) > 0 && newest <= upto {
			t.Errorf("%s: the newest change is %d after %d", name, newest, upto)
		}
		want.Upto = newest
		got, err := s.Changes(t.Context(), upto)
		same(t, got, err, want)
		upto = newest
	}
	_, err := s.AddOffer(t.Context(), offer, catalog.Request{})
	told("a new offer", err, catalog.Changes{})
	_, err = s.AddSplit(t.Context(), split, catalog.Request{})
	told("a new split", err, catalog.Changes{})
	told("a new key", s.AddKey(t.Context(), key), catalog.Changes{})

	offer.Version, split.Version = 2, 2
	_, err = s.AddOffer(t.Context(), offer, catalog.Request{})
	told("a changed offer", err, catalog.Changes{Offers: []token.OfferID{offer.ID}})
	_, err = s.AddSplit(t.Context(), split, catalog.Request{})
	told("a changed split", err, catalog.Changes{Splits: []token.SplitID{split.ID}})
	_, err = s.RevokeKey(t.Context(), vendor.ID, key.ID, 9)
	told("a revoked key", err, catalog.Changes{Vendors: []token.VendorID{vendor.ID}})
	site := catalog.Site{ID: token.NewID[token.SiteKind](s.ids), Vendor: vendor.ID, Origin: "https://daily.example", Path: "/more", CreatedAt: 7}
	_, err = s.AddSite(t.Context(), site, catalog.Request{})
	told("another site", err, catalog.Changes{Vendors: []token.VendorID{vendor.ID}})
	told("a proved site", s.ProveSite(t.Context(), vendor.ID, site.ID, 9), catalog.Changes{Vendors: []token.VendorID{vendor.ID}})

	_, err = s.AddOffer(t.Context(), offer, catalog.Request{})
	wantCode(t, err, token.CodeTaken)
	told("nothing", nil, catalog.Changes{})
	offer.Version = 3
	_, err = s.AddOffer(t.Context(), offer, catalog.Request{})
	must(t, err)
	offer.Version = 4
	_, err = s.AddOffer(t.Context(), offer, catalog.Request{})
	told("an offer that changed twice", err, catalog.Changes{Offers: []token.OfferID{offer.ID}})
}

// testConcurrentChanges follows changes while many are made: none is left out, whatever the
// order in which they are committed.
func testConcurrentChanges(t *testing.T, s *shelf) {
	vendor, _, _ := s.vendor(t)
	const writers, each = 8, 130 // more than are told at once
	changing := make(chan error, writers*each)
	unseen := map[token.OfferID]bool{}
	var all sync.WaitGroup
	for range writers {
		var mine []catalog.Offer
		for range each {
			offer := s.offer(vendor.ID)
			unseen[offer.ID] = true
			_, err := s.AddOffer(t.Context(), offer, catalog.Request{})
			must(t, err)
			offer.Version = 2
			mine = append(mine, offer)
		}
		all.Go(func() {
			for _, offer := range mine {
				_, err := s.AddOffer(t.Context(), offer, catalog.Request{})
				changing <- err
			}
		})
	}
	upto := uint64(0)
	follow := func() {
		changes, err := s.Changes(t.Context(), upto)
		must(t, err)
		for _, id := range changes.Offers {
			delete(unseen, id)
		}
		upto = changes.Upto
	}
	for range writers * each {
		must(t, <-changing)
		follow()
	}
	all.Wait()
	first, err := s.Changes(t.Context(), 0)
	must(t, err)
	rest, err := s.Changes(t.Context(), first.Upto)
	must(t, err)
	if told := len(first.Offers) + len(rest.Offers); !first.More || rest.More || told != writers*each || rest.Upto != upto {
		t.Errorf("told of %d changes, up to %d; there were %d, up to %d", told, rest.Upto, writers*each, upto)
	}
	if len(unseen) > 0 {
		t.Errorf("%d of %d changes were not told", len(unseen), writers*each)
	}
}

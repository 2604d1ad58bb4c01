package directory

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

// proofPath is where the provider looks for a site's proof: at the root of its origin,
// whose owner alone decides what stands there (RFC 8615).
const proofPath = "/.well-known/farthing-site.txt"

// Fetch asks for an address that a vendor named, and returns the status of the answer and
// its body. It reaches public addresses only, is bounded in time and length, and follows
// no redirect.
type Fetch func(ctx context.Context, address string) (status int, body string, err error)

// siteProof returns what a site has to show. It is the vendor's own for this very site,
// so where two vendors share an origin, its owner decides who has which part.
func (a *Directory) siteProof(site catalog.Site) (string, error) {
	proof, err := a.deriver.DeriveLasting("site", site.Vendor, []byte(site.URL()), 20)
	return "farthing-site-" + keys.Crockford.EncodeToString(proof), token.Wrap(err, "derive a site's proof")
}

// ProveSite looks whether the vendor's proof stands at the site's origin, and if so,
// lets live orders lead there.
func (a *Directory) ProveSite(ctx context.Context, s caller.Seller, id token.SiteID) (SiteView, error) {
	if err := s.NeedHand("purchase_window_closed.prove_site"); err != nil {
		return SiteView{}, err
	}
	known, err := a.catalog.Sites(ctx, s.Vendor, token.SiteID{}, maxSites)
	if err != nil {
		return SiteView{}, err
	}
	at := slices.IndexFunc(known, func(k catalog.Site) bool { return k.ID == id })
	if at < 0 {
		return SiteView{}, caller.Foreign(nil, "not_found.site")
	}
	site, err := a.viewOfSite(known[at])
	if err != nil || site.ProvedAt != 0 {
		return site, err
	}
	now := a.clock.Now()
	if err := a.proofs.Take(s.Vendor.String(), now); err != nil {
		return site, err
	}
	if err := a.lookForProof(ctx, site); err != nil {
		a.activity.Record(ctx, activity.Event{Code: token.CodeSiteUnproved, Vendor: s.Vendor, Detail: notVerified(site, err).Line(security.MaxDetail)})
		return site, err
	}
	if err := a.catalog.ProveSite(ctx, s.Vendor, id, now.UnixMilli()); err != nil {
		return site, err
	}
	a.sites.Drop(s.Vendor)
	a.activity.Record(ctx, activity.Event{Code: token.CodeSiteProved, Vendor: s.Vendor, Detail: site.URL() + " is verified; live orders may lead there"})
	site.ProvedAt = now.UnixMilli()
	return site, nil
}

// notVerified is the line of the security log about a site whose proof was not found.
func notVerified(site SiteView, why *token.Error) *token.Error {
	params := append([]token.Param{token.URL("site", site.URL()), token.Word("why", string(why.Reason))}, why.Params...)
	return token.Refuse(why.Kind, "security.not_verified", params...)
}

// lookForProof says why a site's proof is not there, or nil. It never tells what is inside
// the provider's own network: all that cannot be reached looks the same.
func (a *Directory) lookForProof(ctx context.Context, site SiteView) *token.Error {
	if a.fetch == nil {
		return token.Refuse(token.Unprocessable, "site_unproved.cannot_look")
	}
	status, body, err := a.fetch(ctx, site.ProofURL)
	if err != nil {
		a.log.InfoContext(ctx, "a site's proof could not be fetched", "vendor", site.Vendor.String(), "url", site.ProofURL, "error", err)
		return token.Refuse(token.Unprocessable, "site_unproved.unreadable", token.URL("url", site.ProofURL))
	}
	if status != http.StatusOK {
		return token.Refuse(token.Unprocessable, "site_unproved.status", token.URL("url", site.ProofURL), token.Number("status", int64(status)))
	}
	for line := range strings.Lines(body) {
		if strings.TrimSpace(line) == site.Proof {
			return nil
		}
	}
	return token.Refuse(token.Unprocessable, "site_unproved.no_proof", token.URL("url", site.ProofURL))
}

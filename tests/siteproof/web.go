// Package siteproof is a web for tests, on which vendors' sites show their proofs
// without a server.
package siteproof

import (
	"context"
	"errors"
	"sync"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// Web is all sites that there are. The zero Web has none.
type Web struct {
	mu    sync.Mutex
	pages map[string]string // by address
}

// Put has an address show a text.
func (w *Web) Put(address, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pages == nil {
		w.pages = map[string]string{}
	}
	w.pages[address] += text + "\n"
}

// Fetch is an app.Fetch for this web.
func (w *Web) Fetch(_ context.Context, address string) (status int, body string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text, there := w.pages[address]; there {
		return 200, text, nil
	}
	return 0, "", errors.New("there is no such host")
}

// Prove puts the proofs of all of a vendor's sites where they belong, and has them looked for.
func (w *Web) Prove(ctx context.Context, a *app.Rooms, vendor token.VendorID) error {
	seller := caller.Seller{Vendor: vendor}
	sites, _, err := a.Sites(ctx, seller, "", 100)
	for _, site := range sites {
		if site.ProvedAt != 0 {
			continue
		}
		w.Put(site.ProofURL, site.Proof)
		if _, err := a.ProveSite(ctx, seller, site.ID); err != nil {
			return err
		}
	}
	return err
}

package bench

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// loaders is how many callers load data: many, so that batches are large.
const loaders = 2048

// loadCatalog adds vendors, their keys, payees, splits and offers, and all readers.
func loadCatalog(ctx context.Context, w *Workload, c Catalog, watch *progress) error {
	watch.begin("vendors and offers", uint64(w.Vendors*w.Offers))
	for vendor := range w.Vendors {
		if err := addVendor(ctx, w, c, vendor); err != nil {
			return fmt.Errorf("add vendor %d: %w", vendor, err)
		}
		watch.add(uint64(w.Offers))
	}
	watch.begin("readers", uint64(w.Accounts))
	const many = 5000
	for first := 0; first < w.Accounts; first += many {
		n := min(many, w.Accounts-first)
		users, accounts := make([]account.User, n), make([]account.Account, n)
		for i := range n {
			reader := first + i
			accounts[i] = account.Account{ID: w.Account(reader), CreatedAt: epochMillis}
			users[i] = account.User{ID: w.User(reader), Email: "reader" + strconv.Itoa(reader) + "@bench.example",
				Name: "Reader " + strconv.Itoa(reader), Account: accounts[i].ID, CreatedAt: epochMillis}
		}
		if err := c.AddUsers(ctx, users, accounts); err != nil {
			return fmt.Errorf("add readers: %w", err)
		}
		watch.add(uint64(n))
	}
	watch.end()
	return nil
}

// Catalog is where vendors, offers and readers are added.
type Catalog interface {
	catalog.Store
	AddUsers(ctx context.Context, users []account.User, accounts []account.Account) error
	AddOffers(ctx context.Context, offers []catalog.Offer) error
}

// Bearer returns the secret key of a vendor's server.
func (w *Workload) Bearer(vendor int) string {
	return fmt.Sprintf("fk_live_%016x%016x", w.number('k', uint64(vendor), 0), w.number('k', uint64(vendor), 1))
}

func addVendor(ctx context.Context, w *Workload, c Catalog, n int) error {
	id := w.Vendor(n)
	sandbox := account.Account{ID: makeID[token.AccountKind](w, 'x', uint64(n), 0), Sandbox: id, CreatedAt: epochMillis}
	reader := account.User{ID: makeID[token.UserKind](w, 'y', uint64(n), 0), Name: "Test reader", Account: sandbox.ID, CreatedAt: epochMillis}
	err := c.AddVendor(ctx,
		catalog.Vendor{ID: id, Name: "Vendor " + strconv.Itoa(n), Fee: w.Fee(), CreatedAt: epochMillis, SandboxUser: reader.ID, SandboxAccount: sandbox.ID},
		catalog.Member{Vendor: id, User: w.User(n), JoinedAt: epochMillis},
		catalog.Site{ID: makeID[token.SiteKind](w, 'z', uint64(n), 0), Vendor: id, Origin: "https://vendor" + strconv.Itoa(n) + ".example", Path: "/", CreatedAt: epochMillis},
		reader, sandbox)
	if err != nil {
		return err
	}
	bearer := w.Bearer(n)
	err = c.AddKey(ctx, catalog.APIKey{ID: makeID[token.KeyKind](w, 'k', uint64(n), 0), Vendor: id, Hash: sha256.Sum256([]byte(bearer)),
		Login: "bench", Hint: bearer[len(bearer)-4:], CreatedAt: epochMillis})
	if err != nil {
		return err
	}
	for payee, name := range []string{"Author", "Publisher"} {
		if _, err := c.AddPayee(ctx, catalog.Payee{ID: w.Payee(n, payee), Vendor: id, Name: name, CreatedAt: epochMillis}, catalog.Request{}); err != nil {
			return err
		}
	}
	split := w.Split(n)
	_, err = c.AddSplit(ctx, catalog.Split{ID: split.ID, Version: 1, Vendor: id, Name: "Author and publisher", Shares: split.Shares, CreatedAt: epochMillis}, catalog.Request{})
	if err != nil {
		return err
	}
	offers := make([]catalog.Offer, w.Offers)
	for i := range offers {
		sku := w.SKU(i)
		offers[i] = catalog.Offer{
			ID: w.Offer(n, i), Version: 1, Vendor: id, Price: w.Price(n, i), Currency: w.Currency(), Split: split.ID, CreatedAt: epochMillis,
			Item: journal.Item{SKU: sku, Title: "Item " + strconv.Itoa(i), URL: "https://vendor" + strconv.Itoa(n) + ".example/" + sku, Repeatable: w.Repeatable(i)},
		}
	}
	return c.AddOffers(ctx, offers)
}

// loadAccounts funds every account and gives the permissions.
func loadAccounts(ctx context.Context, w *Workload, e Engine, watch *progress) error {
	watch.begin("accounts", uint64(w.Accounts))
	defer watch.end()
	var next atomic.Int64
	run := func(c core.Command) (core.Outcome, error) { return e.Do(ctx, c) }
	return together(loaders, func(int) error {
		for reader := int(next.Add(1)) - 1; reader < w.Accounts; reader = int(next.Add(1)) - 1 {
			if err := w.open(reader, run); err != nil {
				return fmt.Errorf("open account %d: %w", reader, err)
			}
			watch.add(1)
		}
		return ctx.Err()
	})
}

// loadPurchases makes n purchases, and returns at what cost.
func loadPurchases(ctx context.Context, w *Workload, s *System, ids *token.Maker, n int, watch *progress) (Sample, error) {
	watch.begin("purchases", uint64(n))
	defer watch.end()
	round, err := s.Head(ctx)
	if err != nil {
		return Sample{}, err
	}
	begun, cpu := time.Now(), cpuTime()
	callers := max(1, min(loaders, n))
	err = together(callers, func(caller int) error {
		shopper := w.Shopper(round, caller)
		mine := (n + caller) / callers // so that all callers together make n
		for range mine {
			if _, err := s.Engine.Do(ctx, w.Charge(shopper.Next(), token.NewID[token.OrderKind](ids))); err != nil {
				return fmt.Errorf("purchase: %w", err)
			}
			watch.add(1)
		}
		return nil
	})
	return Sample{Count: uint64(n), Elapsed: time.Since(begun), CPU: cpuTime() - cpu}, err
}

// together runs n callers and returns what went wrong with the first of them.
func together(n int, call func(caller int) error) error {
	var wait sync.WaitGroup
	failures := make(chan error, n)
	for caller := range n {
		wait.Go(func() {
			if err := call(caller); err != nil {
				failures <- err
			}
		})
	}
	wait.Wait()
	close(failures)
	if err, failed := <-failures; failed {
		if errors.Is(err, context.Canceled) {
			return context.Canceled
		}
		return err
	}
	return nil
}

// Package crash kills and stops the real binary under load, and looks for what was
// acknowledged.
package crash

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// callers is how many purchases are under way at once.
const callers = 16

// load buys until it is told to stop or the provider is gone, and keeps what was
// acknowledged.
type load struct {
	client *sdk.Client
	reader string
	offer  string

	mu     sync.Mutex
	next   int
	orders map[string]string // acknowledged: the order by its idempotency key
	unsure []string          // keys that got no answer
}

func newLoad(t *testing.T, provider string) *load {
	t.Helper()
	client, reader := launch.OpenVendor(t, provider)
	client.HTTPClient = newHTTPClient()
	offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.001", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	return &load{client: client, reader: reader, offer: offer.ID, orders: map[string]string{}}
}

func (l *load) key() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return fmt.Sprintf("purchase-%d", l.next)
}

func (l *load) buy(ctx context.Context, key string) (sdk.Purchase, error) {
	return l.client.CreatePurchase(ctx, sdk.NewPurchase{Reader: l.reader, Offer: l.offer}, sdk.IdempotencyKey(key))
}

// run buys from all callers until each of them has failed once. reached is called
// when so many purchases have been acknowledged in this run.
func (l *load) run(ctx context.Context, enough int, reached func()) {
	var callersDone sync.WaitGroup
	var once sync.Once
	l.mu.Lock()
	goal := len(l.orders) + enough
	l.mu.Unlock()
	for range callers {
		callersDone.Go(func() {
			for {
				key := l.key()
				made, err := l.buy(ctx, key)
				l.mu.Lock()
				if err != nil {
					l.unsure = append(l.unsure, key)
					l.mu.Unlock()
					return
				}
				l.orders[key] = made.ID
				full := len(l.orders) >= goal
				l.mu.Unlock()
				if full {
					once.Do(reached)
				}
			}
		})
	}
	callersDone.Wait()
}

// check looks for every acknowledged purchase: under its id, and as the answer to
// its idempotency key. Those without an answer are tried again, and are there once.
func (l *load) check(t *testing.T) {
	t.Helper()
	for key, id := range l.orders {
		order, err := l.client.Order(t.Context(), id)
		if err != nil || order.Status != "paid" || order.Price != "0.001" {
			t.Fatalf("purchase %s, acknowledged as %s, is %q: %v", key, id, order.Status, err)
		}
	}
	checked := 0
	for key, id := range l.orders {
		again, err := l.buy(t.Context(), key)
		if err != nil || again.ID != id || !again.Replayed {
			t.Fatalf("purchase %s, acknowledged as %s, is now answered with %s (replayed: %v): %v", key, id, again.ID, again.Replayed, err)
		}
		if checked++; checked == 200 {
			break
		}
	}
	for _, key := range l.unsure {
		made, err := l.buy(t.Context(), key)
		if err != nil {
			t.Fatalf("purchase %s, tried again: %v", key, err)
		}
		l.orders[key] = made.ID
	}
	l.unsure = nil
	seen := map[string]string{}
	for key, id := range l.orders {
		if other := seen[id]; other != "" {
			t.Fatalf("%s is the answer to both %s and %s", id, key, other)
		}
		seen[id] = key
	}
}

// recorded returns the ids of all orders that the provider has.
func (l *load) recorded(t *testing.T) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for page := (sdk.Page{Limit: 100}); ; {
		list, err := l.client.Orders(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range list.Data {
			ids[order.ID] = true
		}
		if list.NextCursor == "" {
			return ids
		}
		page.Cursor = list.NextCursor
	}
}

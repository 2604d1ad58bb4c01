// Package load buys at one or more replicas as vendors' servers do: each purchase is tried
// again under its key until it is answered. What was acknowledged is remembered, and
// looked for afterwards: nothing is missing, nothing was charged twice.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// Price is what each purchase costs.
const Price = "0.001"

// Buyers buy one thing again and again for one reader.
type Buyers struct {
	Reader string
	Offer  string
	Pace   time.Duration // what each caller waits after a sale; nothing unless it is set before Run

	mu       sync.Mutex
	clients  []*sdk.Client
	next     int
	orders   map[string]string // acknowledged: the order by its idempotency key
	unsure   []string          // keys that got no answer before time was up
	failures map[string]int    // tries that failed, by code
	since    time.Time         // of the last acknowledgement
	longest  time.Duration     // without one, while somebody tried
	lap      time.Duration     // the longest since Lap was called
}

// New opens a vendor at the address of one server, and buys at the replicas: addresses of
// servers, or of balancers before them.
func New(tb testing.TB, server string, replicas ...string) *Buyers {
	tb.Helper()
	client, reader := launch.OpenVendor(tb, server)
	offer, err := client.CreateOffer(tb.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: Price, Currency: "USD"})
	if err != nil {
		tb.Fatal(err)
	}
	transport := launch.Transport()
	transport.MaxIdleConnsPerHost = 64
	b := &Buyers{Reader: reader, Offer: offer.ID, orders: map[string]string{}, failures: map[string]int{}}
	for _, replica := range replicas {
		one := *client
		one.BaseURL, one.Attempts = replica, 1
		one.HTTPClient = &http.Client{Transport: transport, Timeout: 15 * time.Second}
		b.clients = append(b.clients, &one)
	}
	return b
}

// Client is the vendor's client at a replica.
func (b *Buyers) Client(replica int) *sdk.Client { return b.clients[replica] }

func (b *Buyers) key() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return fmt.Sprintf("purchase-%d", b.next)
}

func (b *Buyers) buy(ctx context.Context, client *sdk.Client, key string) (sdk.Purchase, error) {
	return client.CreatePurchase(ctx, sdk.NewPurchase{Reader: b.Reader, Offer: b.Offer}, sdk.IdempotencyKey(key))
}

// Run buys with so many callers until ctx ends. A try that fails goes on at another replica.
func (b *Buyers) Run(ctx context.Context, callers int, pause time.Duration) {
	b.mu.Lock()
	b.since = time.Now()
	b.mu.Unlock()
	var wait sync.WaitGroup
	for caller := range callers {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 7))
			at := caller % len(b.clients)
			for ctx.Err() == nil {
				at = b.one(ctx, at, random, pause)
				rest(ctx, b.Pace)
			}
		})
	}
	wait.Wait()
}

// one buys once, and returns at which replica it was answered.
func (b *Buyers) one(ctx context.Context, at int, random *rand.Rand, pause time.Duration) int {
	key := b.key()
	for {
		made, err := b.buy(ctx, b.clients[at], key)
		b.mu.Lock()
		if err == nil {
			b.orders[key] = made.ID
			now := time.Now()
			b.longest, b.lap, b.since = max(b.longest, now.Sub(b.since)), max(b.lap, now.Sub(b.since)), now
		} else if ctx.Err() == nil {
			b.failures[codeOf(err)]++
		} else {
			b.unsure = append(b.unsure, key)
		}
		b.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			return at
		}
		at = (at + 1) % len(b.clients)
		rest(ctx, pause+time.Duration(random.Int64N(int64(pause)+1)))
	}
}

// rest waits, unless ctx ends before.
func rest(ctx context.Context, pause time.Duration) {
	if pause == 0 {
		return
	}
	wait := time.NewTimer(pause)
	select {
	case <-wait.C:
	case <-ctx.Done():
		wait.Stop()
	}
}

// Lap returns the longest time without an acknowledgement that ended since it was called
// before.
func (b *Buyers) Lap() (longest time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	longest, b.lap = b.lap, 0
	return longest
}

// checkPatience is how long a server may ask to try again while it is looked what is there: a
// flipped bit that is met then has what is derived made again.
const checkPatience = time.Minute

// patiently does what answers 503 again, for checkPatience.
func patiently(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(checkPatience)
	for {
		err := do()
		problem, answered := errors.AsType[*sdk.Problem](err)
		if !answered || problem.Status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return err
		}
		wait := time.NewTimer(100 * time.Millisecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return err
		}
	}
}

// again buys under a key that was used.
func (b *Buyers) again(ctx context.Context, client *sdk.Client, key string) (made sdk.Purchase, err error) {
	err = patiently(ctx, func() error {
		made, err = b.buy(ctx, client, key)
		return err
	})
	return made, err
}

// codeOf is what tells failures apart.
func codeOf(err error) string {
	if problem, ok := errors.AsType[*sdk.Problem](err); ok {
		return fmt.Sprintf("%d %s", problem.Status, problem.Code)
	}
	return "no answer"
}

// Figures are what happened.
type Figures struct {
	Acknowledged int
	Unsure       int
	Failures     map[string]int // tries that were answered otherwise, by status and code
	Longest      time.Duration  // without an acknowledgement
}

// Figures returns what happened so far.
func (b *Buyers) Figures() Figures {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := Figures{Acknowledged: len(b.orders), Unsure: len(b.unsure), Failures: map[string]int{}, Longest: b.longest}
	for code, n := range b.failures {
		f.Failures[code] = n
	}
	return f
}

// Check tries again what has had no answer, and then compares everything that was
// acknowledged with everything that is recorded: the same orders, each once, at the same
// price, and (for a sample) each the answer to its key. It asks one replica.
func (b *Buyers) Check(tb testing.TB, replica int, sample int) {
	tb.Helper()
	client := b.clients[replica]
	for _, key := range b.unsure {
		made, err := b.again(tb.Context(), client, key)
		if err != nil {
			tb.Fatalf("purchase %s, tried again: %v", key, err)
		}
		b.orders[key] = made.ID
	}
	b.unsure = nil
	seen := map[string]string{}
	for key, id := range b.orders {
		if other := seen[id]; other != "" {
			tb.Errorf("%s is the answer to both %s and %s", id, key, other)
		}
		seen[id] = key
	}
	b.checkRecorded(tb, client, seen)
	b.Sample(tb, replica, sample)
}

// Sample asks a replica for so many of the purchases again: each is the answer to its key.
func (b *Buyers) Sample(tb testing.TB, replica int, sample int) {
	tb.Helper()
	client := b.clients[replica]
	for key, id := range b.orders { // maps are walked in no order
		if sample--; sample < 0 {
			break
		}
		again, err := b.again(tb.Context(), client, key)
		if err != nil || again.ID != id || !again.Replayed {
			tb.Errorf("purchase %s, acknowledged as %s, is now answered with %s (replayed: %v): %v", key, id, again.ID, again.Replayed, err)
		}
	}
}

func (b *Buyers) checkRecorded(tb testing.TB, client *sdk.Client, acknowledged map[string]string) {
	tb.Helper()
	recorded := map[string]bool{}
	for page := (sdk.Page{Limit: 100}); ; {
		var list sdk.List[sdk.Order]
		err := patiently(tb.Context(), func() (err error) {
			list, err = client.Orders(tb.Context(), page)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
		for _, order := range list.Data {
			if recorded[order.ID] {
				tb.Errorf("%s is listed twice", order.ID)
			}
			recorded[order.ID] = true
			if acknowledged[order.ID] == "" {
				tb.Errorf("%s is recorded, and nobody was told", order.ID)
			}
			if order.Status != "paid" || order.Price != Price {
				tb.Errorf("%s is %s at %s", order.ID, order.Status, order.Price)
			}
		}
		if list.NextCursor == "" {
			break
		}
		page.Cursor = list.NextCursor
	}
	lost := 0
	for id, key := range acknowledged {
		if !recorded[id] {
			if lost++; lost <= 10 {
				tb.Errorf("%s was acknowledged as %s and is not there", key, id)
			}
		}
	}
	if lost > 0 {
		tb.Errorf("%d of %d acknowledged purchases are lost", lost, len(acknowledged))
	}
}

// Package replicas runs the real binary twice on one PostgreSQL.
package replicas

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// secret is what both replicas derive pseudonyms and tickets from.
const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// cluster starts two replicas on one database, and returns a client of each for the
// same vendor.
func cluster(t *testing.T) (clients [2]*sdk.Client, reader, dsn string) {
	t.Helper()
	clients, reader, dsn, _ = replicasOf(t)
	return clients, reader, dsn
}

// replicasOf is cluster, and returns the replicas, too.
func replicasOf(t *testing.T) (clients [2]*sdk.Client, reader, dsn string, replicas [2]*launch.Process) {
	t.Helper()
	if testing.Short() {
		t.Skip("a database server is not for the quick round")
	}
	dsn = pgtest.Start(t)
	var urls [2]string
	for i := range urls {
		replicas[i] = launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--database", dsn, "--secret", secret)
		urls[i] = replicas[i].URL
	}
	clients[0], reader = launch.OpenVendor(t, urls[0])
	second := *clients[0]
	second.BaseURL = urls[1]
	clients[1] = &second
	return clients, reader, dsn, replicas
}

// TestLastCentsAreSoldOnce empties a wallet but for three cents, and pays sixty
// orders of a cent at both replicas at once. The wallet is the sandbox reader's, which holds
// 1,000,000,000 test dollars; orders are paid on the pay page, where no allowance counts.
func TestLastCentsAreSoldOnce(t *testing.T) {
	clients, _, dsn := cluster(t)
	order := func(price, sku string) sdk.Order {
		made, err := clients[0].CreateOrder(t.Context(), sdk.NewOrder{
			Item: &sdk.Item{SKU: sku, Title: sku, Repeatable: true}, Price: price, Currency: "USD", ReturnURL: "http://shop.localhost:1/back",
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	if !pay(t, clients[0].BaseURL, order("999999999.97", "nearly everything")) {
		t.Fatal("the wallet could not be emptied")
	}
	const contenders = 60
	orders := make([]sdk.Order, contenders)
	for i := range orders {
		orders[i] = order("0.01", "a cent")
	}
	var wait sync.WaitGroup
	paid := make([]bool, contenders)
	for i := range orders {
		wait.Go(func() { paid[i] = pay(t, clients[i%2].BaseURL, orders[i]) })
	}
	wait.Wait()
	sold := 0
	for i, order := range orders {
		for _, client := range clients { // whichever is asked says the same
			now, err := client.Order(t.Context(), order.ID)
			if err != nil {
				t.Fatal(err)
			}
			if (now.Status == "paid") != paid[i] {
				t.Errorf("%s is %s at %s, but paying it said %v", order.ID, now.Status, client.BaseURL, paid[i])
			}
		}
		if paid[i] {
			sold++
		}
	}
	if sold != 3 {
		t.Errorf("three cents bought %d things of a cent each", sold)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", t.TempDir(), "--database", dsn, "--secret", secret); code != 0 {
		t.Errorf("verify ended with code %d:\n%s%s", code, out, diag)
	}
}

// pay presses the button of the pay page at a replica, and reports whether the
// browser was sent back to the shop.
func pay(t *testing.T, replica string, order sdk.Order) bool {
	t.Helper()
	return strings.Contains(press(t, replica, order), "ticket=")
}

// press is pay, and returns where the browser was sent: nowhere without the money.
func press(t *testing.T, replica string, order sdk.Order) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, replica+"/pay/"+order.ID, strings.NewReader("quoted="+order.Price))
	if err != nil {
		t.Error(err)
		return ""
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusSeeOther:
		return response.Header.Get("Location")
	case http.StatusPaymentRequired:
		return ""
	}
	t.Errorf("paying %s answered %d", order.ID, response.StatusCode)
	return ""
}

// TestReplicasAgree sends the same purchase, under the same idempotency key, to both
// replicas at once: it is charged once, and both answer with it.
func TestReplicasAgree(t *testing.T) {
	clients, reader, _ := cluster(t)
	offer, err := clients[0].CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.001", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		key := sdk.IdempotencyKey("round-" + string(rune('a'+round)))
		var wait sync.WaitGroup
		var made [2]sdk.Purchase
		var errs [2]error
		for i, client := range clients {
			wait.Go(func() {
				made[i], errs[i] = client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID}, key)
			})
		}
		wait.Wait()
		if errs[0] != nil || errs[1] != nil || made[0].ID != made[1].ID || made[0].Replayed == made[1].Replayed {
			t.Fatalf("round %d: %s (replayed: %v, %v) and %s (replayed: %v, %v)", round,
				made[0].ID, made[0].Replayed, errs[0], made[1].ID, made[1].Replayed, errs[1])
		}
	}
}

// TestATicketIsGoodOnceAtAllReplicas brings one ticket to both replicas at once, many
// times: it opens once.
func TestATicketIsGoodOnceAtAllReplicas(t *testing.T) {
	clients, _, _ := cluster(t)
	for round := range 5 {
		order, err := clients[0].CreateOrder(t.Context(), sdk.NewOrder{
			Item: &sdk.Item{SKU: "essay", Title: "An essay", Repeatable: true}, Price: "0.25", Currency: "USD", ReturnURL: "http://shop.localhost:1/back",
		})
		if err != nil {
			t.Fatal(err)
		}
		back, err := url.Parse(press(t, clients[round%2].BaseURL, order))
		if err != nil {
			t.Fatal(err)
		}
		ticket := back.Query().Get("ticket")
		var wait sync.WaitGroup
		var opened atomic.Int32
		for i := range 40 {
			wait.Go(func() {
				_, err := clients[i%2].RedeemAt(t.Context(), sdk.Arrival{Ticket: ticket})
				switch code := sdk.Code(err); {
				case err == nil:
					opened.Add(1)
				case code != sdk.TicketUsed:
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		wait.Wait()
		if n := opened.Load(); n != 1 {
			t.Errorf("round %d: the ticket opened %d times", round, n)
		}
	}
}

package replicas

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/pgserver"
)

// until waits until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, again := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("%s: not in time", what)
		}
	}
}

// TestStalledStandbyOverHTTP has the standby's receiver stand still. What is bought is
// answered with 503 commit_unknown, what was bought before is still shown, the provider says
// that it is not ready and why, and it stops in its grace. After the standby has taken over,
// nothing acknowledged is missing.
func TestStalledStandbyOverHTTP(t *testing.T) {
	if testing.Short() {
		t.Skip("database servers are not for the quick round")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	primary, err := pgserver.Start("/tmp")
	if errors.Is(err, pgserver.ErrMissing) {
		t.Skip("there is no PostgreSQL")
	}
	must(err)
	t.Cleanup(func() { _ = primary.Stop() })
	standby, err := primary.Replica(t.Context())
	must(err)
	t.Cleanup(func() { _ = standby.Stop() })
	must(primary.AwaitStandbys(t.Context()))
	dsn, err := primary.CreateDatabase(t.Context())
	must(err)

	folder := t.TempDir()
	p := launch.Serve(t, launch.FreeAddress(t), "--data", folder, "--database", dsn, "--secret", secret, "--grace", "5s")
	client, reader := launch.OpenVendor(t, p.URL)
	offer, err := client.CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.001", Currency: "USD"})
	must(err)
	buy := func(client *sdk.Client, key string) (sdk.Purchase, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		return client.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer.ID}, sdk.IdempotencyKey(key))
	}
	bought, err := buy(client, "acknowledged")
	must(err)

	must(standby.Receiver(t.Context(), syscall.SIGSTOP))
	if made, err := buy(client, "waiting"); sdk.Code(err) != "commit_unknown" {
		t.Errorf("while no standby has it, a purchase is answered with %+v, %v", made, err)
	}
	if order, err := client.Order(t.Context(), bought.ID); err != nil || order.Status != "paid" {
		t.Errorf("an order that is confirmed: %+v, %v", order, err)
	}
	response, err := http.Get(p.URL + "/readyz")
	must(err)
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while nothing can be sold", response.StatusCode)
	}
	begun := time.Now()
	p.Stop(t)
	if took := time.Since(begun); took > 12*time.Second { // its grace of 5 s, and what a loaded machine adds
		t.Errorf("it took %v to stop", took)
	}

	primary.Crash()
	_ = standby.Receiver(t.Context(), syscall.SIGKILL)
	standby.Crash()
	must(standby.Restart())
	must(standby.Promote(t.Context()))
	after := launch.Serve(t, launch.FreeAddress(t), "--data", folder, "--database", standby.DSN("farthing1"), "--secret", secret)
	moved := *client
	moved.BaseURL = after.URL
	if order, err := moved.Order(t.Context(), bought.ID); err != nil || order.Status != "paid" {
		t.Errorf("after the standby took over, an acknowledged order is %+v, %v", order, err)
	}
	again, err := buy(&moved, "acknowledged")
	if err != nil || again.ID != bought.ID || !again.Replayed {
		t.Errorf("after the standby took over, the acknowledged purchase is answered with %+v, %v", again, err)
	}
	_, err = buy(&moved, "waiting")
	must(err)
	if code, out, diag := launch.Run(t, "verify", "--data", folder, "--database", standby.DSN("farthing1"), "--secret", secret); code != 0 {
		t.Errorf("verify ended with code %d:\n%s%s", code, out, diag)
	}
}

// TestPausedReplica stops a replica with a signal while it holds the journal's lock. The
// other sells on after seconds, and the paused one, awake, appends nothing out of turn.
func TestPausedReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("a database server is not for the quick round")
	}
	clients, reader, dsn, replicas := replicasOf(t)
	offer, err := clients[0].CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.001", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	buy := func(client *sdk.Client, key string) (sdk.Purchase, error) {
		return client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID}, sdk.IdempotencyKey(key))
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	held := func() bool { // whether somebody holds the lock
		_, err := conn.Exec(t.Context(), `SELECT id FROM journal_lock WHERE id = 1 FOR UPDATE NOWAIT`)
		failure, ok := errors.AsType[*pgconn.PgError](err)
		return ok && failure.Code == "55P03"
	}
	ctx, stop := context.WithCancel(t.Context())
	load := make(chan struct{})
	go func() { // keeps the replica at work that is to be paused
		defer close(load)
		for n := 0; ctx.Err() == nil; n++ {
			_, _ = clients[0].CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer.ID}, sdk.IdempotencyKey("load-"+strings.Repeat("i", n%7)+time.Now().Format(".000000000")))
		}
	}()
	until(t, "paused while it holds the lock", func() bool {
		replicas[0].Signal(t, syscall.SIGSTOP)
		// A commit under way ends by itself, and gives the lock free.
		for end := time.After(500 * time.Millisecond); held(); {
			select {
			case <-end:
				return true
			default:
			}
		}
		replicas[0].Signal(t, syscall.SIGCONT)
		return false
	})
	begun := time.Now()
	until(t, "the other replica sells on", func() bool { _, err := buy(clients[1], "beside"); return err == nil })
	t.Logf("the other replica sold on after %v", time.Since(begun))
	replicas[0].Signal(t, syscall.SIGCONT)
	until(t, "the paused replica sells again", func() bool { _, err := buy(clients[0], "awake"); return err == nil })
	stop()
	<-load
	if code, out, diag := launch.Run(t, "verify", "--data", t.TempDir(), "--database", dsn, "--secret", secret); code != 0 {
		t.Errorf("verify ended with code %d:\n%s%s", code, out, diag)
	}
}

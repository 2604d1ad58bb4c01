package replicas

import (
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// TestPausedFollowerDoesNoHarm stops the replica that follows the journal for longer than its
// lease, while the other one sells and takes over; and wakes it. Each entry was followed once:
// the cursor never went back, and no outside event that brought money stands twice.
func TestPausedFollowerDoesNoHarm(t *testing.T) {
	clients, reader, dsn, replicas := replicasOf(t)
	offer, err := clients[0].CreateOffer(t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.001", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	buy := func(replica int, key string) {
		t.Helper()
		if _, err := clients[replica].CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer.ID}, sdk.IdempotencyKey(key)); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var seq, fence, head, went int64
	look := func() {
		t.Helper()
		before := seq
		err := conn.QueryRow(t.Context(), `SELECT COALESCE((SELECT seq FROM followers WHERE name = 'watchdog'), 0), COALESCE((SELECT fence FROM leases WHERE name = 'follow watchdog'), 0),
			(SELECT MAX(first + count - 1) FROM block)`).Scan(&seq, &fence, &head)
		if err != nil {
			t.Fatal(err)
		}
		if seq < before {
			went++
		}
	}
	caughtUp := func() bool { look(); return seq == head }
	buy(0, "first")
	until(t, "the journal is followed", caughtUp)
	// Which of the two follows is not known from outside: the one whose stop ends the following.
	follows := -1
	for i := range replicas {
		held := fence
		replicas[i].Signal(t, syscall.SIGSTOP)
		buy(1-i, "while-"+string(rune('a'+i))+"-stands-still")
		until(t, "somebody goes on", caughtUp) // the other one, at once or after the lease
		if fence != held {
			follows = i
			break
		}
		replicas[i].Signal(t, syscall.SIGCONT)
	}
	if follows < 0 {
		t.Fatal("nobody who stood still had the lease")
	}
	taken := fence
	replicas[follows].Signal(t, syscall.SIGCONT)
	for n := range 5 {
		buy(follows, "awake-"+string(rune('a'+n)))
		buy(1-follows, "beside-"+string(rune('a'+n)))
	}
	until(t, "all is followed", caughtUp)
	if went > 0 {
		t.Errorf("the cursor went back %d times", went)
	}
	if fence != taken {
		t.Errorf("the lease changed hands again, from fence %d to %d: who woke took it from who has it", taken, fence)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", t.TempDir(), "--database", dsn, "--secret", secret); code != 0 {
		t.Errorf("verify ended with code %d:\n%s%s", code, out, diag)
	}
	if code, out, diag := launch.Run(t, "watchdog", "status", "--data", t.TempDir(), "--database", dsn, "--secret", secret); code != 0 || out != "All invariants that are watched hold.\n" {
		t.Errorf("the watchdog says (code %d): %s%s", code, out, diag)
	}
}

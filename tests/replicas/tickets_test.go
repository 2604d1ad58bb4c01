//go:build linux

package replicas

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/tests/siteproof"
	"farthing.dev/farthing/token"
)

// replica opens a whole provider, less its ways in, on a database that others use too.
func replica(t *testing.T, dsn string, web *siteproof.Web) *app.Rooms {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	must(t, store.Migrate(ctx, db))
	clock, log := token.SystemClock{}, slog.New(slog.DiscardHandler)
	engine, err := store.OpenEngine(ctx, db, clock, log, store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = engine.Close(ctx) })
	return app.Compose(app.Deps{
		Engine: engine, Catalog: store.NewCatalog(db), Clock: clock, IDs: token.NewMaker(clock, nil), Log: log,
		Secret: [32]byte{1, 2, 3}, Fetch: web.Fetch, BaseURL: "https://pay.example", Demo: true,
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// again calls work until the database is back.
func again(t *testing.T, work func() error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for {
		err := work()
		switch code := token.CodeOf(err); {
		case err == nil:
			return
		case code != token.CodeUnavailable && code != token.CodeCommitUnknown:
			t.Fatal(err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			t.Fatalf("the database does not come back: %v", err)
		}
	}
}

// crash has the server recover as after a power loss: one of its processes is killed.
func crash(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	must(t, syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL))
	_, err = conn.Exec(t.Context(), `SELECT 1`)
	if err == nil {
		t.Fatal("the server did not notice")
	}
	_ = conn.Close(t.Context())
}

// PostgreSQL loses the keys of tickets when it crashes. What a reader has paid for opens
// all the same, whichever replica made her ticket and whichever is asked: one that was there
// before, or one that started since.
func TestTicketsAreGoodAtEveryReplicaAfterTheDatabaseCrashed(t *testing.T) {
	dsn := pgtest.Start(t)
	web := &siteproof.Web{}
	first, second := replica(t, dsn, web), replica(t, dsn, web)
	ctx, usd := t.Context(), token.MustCurrency("USD")
	_, owner, err := first.SignUp(ctx, login.SignUp{Email: "owner@daily.example", Password: "correct horse battery"})
	must(t, err)
	vendor, err := first.CreateVendor(ctx, owner, "The Daily", "https://daily.example")
	must(t, err)
	must(t, web.Prove(ctx, first, vendor.ID))
	secret, _, err := first.CreateKey(ctx, owner, vendor.ID, "shop", false)
	must(t, err)
	_, reader, err := first.SignUp(ctx, login.SignUp{Email: "ada@reader.example", Password: "correct horse battery"})
	must(t, err)
	must(t, first.AddDemoFunds(ctx, reader, usd, 10_000_000, "funds-1"))

	sold := 0
	buy := func(at *app.Rooms) (ticket string) {
		t.Helper()
		sold++
		again(t, func() error {
			seller, err := at.Seller(ctx, secret)
			if err != nil {
				return err
			}
			key := "order-" + strconv.Itoa(sold)
			order, _, err := at.CreateOrder(ctx, seller, selling.OrderInput{
				Item: &journal.Item{SKU: key, Title: key}, Price: 10_000, Currency: usd, ReturnURL: "https://daily.example/",
			}, key, []byte(key))
			if err != nil {
				return err
			}
			back, err := at.Pay(ctx, reader, order.ID, order.Price, journal.ByClick)
			if err != nil {
				return err
			}
			u, err := url.Parse(back)
			must(t, err)
			ticket = u.Query().Get("ticket")
			return nil
		})
		return ticket
	}
	opens := func(which string, at *app.Rooms, ticket string) {
		t.Helper()
		again(t, func() error {
			seller, err := at.Seller(ctx, secret)
			if err != nil {
				return err
			}
			if _, err = at.Redeem(ctx, seller, ticket, false); err != nil && token.CodeOf(err) != token.CodeUnavailable && token.CodeOf(err) != token.CodeCommitUnknown {
				t.Errorf("%s: %v", which, err)
				return nil
			}
			return err
		})
	}
	before := buy(first)
	opens("of the other replica", second, buy(first))
	crash(t, dsn)
	var started *app.Rooms
	again(t, func() error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return token.Refuse(token.Unavailable, "unavailable.database").Because(err)
		}
		return conn.Close(ctx)
	})
	started = replica(t, dsn, web)
	theirs := buy(started)
	opens("of a replica that started after the crash", first, theirs)
	opens("of a replica that went on", started, buy(second))
	opens("made before the crash, at a replica that started after it", started, before)
}

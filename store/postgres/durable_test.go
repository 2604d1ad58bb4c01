package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/pgserver"
	"farthing.dev/farthing/token"
)

// pair is a primary with a synchronous standby, and what was acknowledged on it.
type pair struct {
	*testing.T
	primary, standby *pgserver.Server
	name             string // of the database
	db               *postgres.Database
	engine           *store.Engine
	acknowledged     []*core.Fund
	serial           int
}

// The patience of tests, which wait for it to run out.
const (
	testMoment   = 200 * time.Millisecond
	testPatience = time.Second
)

func newPair(t *testing.T) *pair {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers of its own")
	}
	p := &pair{T: t, name: "farthing1"}
	var err error
	p.primary, err = pgserver.Start("/tmp")
	if errors.Is(err, pgserver.ErrMissing) {
		t.Skip("there is no PostgreSQL")
	}
	p.must(err)
	t.Cleanup(func() { p.must(p.primary.Stop()) })
	p.standby, err = p.primary.Replica(t.Context())
	p.must(err)
	t.Cleanup(func() { p.must(p.standby.Stop()) })
	p.must(p.primary.AwaitStandbys(t.Context()))
	dsn, err := p.primary.CreateDatabase(t.Context())
	p.must(err)
	p.db, p.engine = p.open(dsn)
	for range 3 {
		p.buy()
	}
	return p
}

func (p *pair) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// open starts an engine on a server.
func (p *pair) open(dsn string) (*postgres.Database, *store.Engine) {
	p.Helper()
	db, err := postgres.Open(p.Context(), dsn, postgres.Options{Commit: testPatience})
	p.must(err)
	p.Cleanup(func() { _ = db.Close() })
	p.must(store.Migrate(p.Context(), db))
	e, err := store.OpenEngine(p.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{Moment: testMoment, Answer: testPatience})
	p.must(err)
	p.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = e.Close(ctx) // a commit may wait to this day
	})
	return db, e
}

// command puts a cent into the wallet.
func (p *pair) command() *core.Fund {
	p.serial++
	reference := fmt.Sprint(p.serial)
	return &core.Fund{Account: storetest.ID('a', 1),
		Fund: journal.Fund{Amount: 1, Currency: token.MustCurrency("USD"), Method: "card", Reference: reference}}
}

// buy runs a command that must succeed.
func (p *pair) buy() {
	p.Helper()
	cmd := p.command()
	_, err := p.engine.Do(p.Context(), cmd)
	p.must(err)
	p.acknowledged = append(p.acknowledged, cmd)
}

// unanswered runs a command that must not be acknowledged, and returns its code.
func (p *pair) unanswered(e *store.Engine, cmd core.Command) token.Code {
	p.Helper()
	out, err := e.Do(p.Context(), cmd)
	code := token.CodeOf(err)
	if err == nil || (code != token.CodeCommitUnknown && code != token.CodeUnavailable) {
		p.Fatalf("acknowledged while no standby has it: %+v, %v", out, err)
	}
	return code
}

// eventually runs a command until it is acknowledged.
func (p *pair) eventually(e *store.Engine, cmd *core.Fund) core.Outcome {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 30*time.Second)
	defer cancel()
	for {
		out, err := e.Do(ctx, cmd)
		if err == nil {
			p.acknowledged = append(p.acknowledged, cmd)
			return out
		}
		if ctx.Err() != nil {
			p.Fatalf("not acknowledged: %v", err)
		}
	}
}

// balance reads the wallet, without what is not confirmed.
func (p *pair) balance(e *store.Engine) int {
	p.Helper()
	a, err := e.Account(p.Context(), storetest.ID('a', 1))
	p.must(err)
	if w := a.Wallet(token.MustCurrency("USD"), token.PurchasedClass); w != nil {
		return int(w.Balance)
	}
	return 0
}

func (p *pair) troubled(e *store.Engine, code string) {
	p.Helper()
	for _, problem := range e.Problems() {
		if problem.Code == code {
			return
		}
	}
	p.Errorf("problems %+v, not %s", e.Problems(), code)
}

// takeOver kills the primary, and makes the standby the primary as it stands: what it had
// not received is lost.
func (p *pair) takeOver() {
	p.Helper()
	p.primary.Crash()
	_ = p.standby.Receiver(p.Context(), syscall.SIGKILL) // a stopped one would hold the crash up
	p.standby.Crash()                                    // with what the system holds for its receiver
	p.must(p.standby.Restart())
	p.must(p.standby.Promote(p.Context()))
}

// nothingLost opens an engine on a server and looks for everything acknowledged.
func (p *pair) nothingLost(s *pgserver.Server) {
	p.Helper()
	_, e := p.open(s.DSN(p.name))
	for i, cmd := range p.acknowledged {
		out, err := e.Do(p.Context(), cmd)
		p.must(err)
		if !out.Replayed {
			p.Errorf("command %d of %d was acknowledged, and is lost", i+1, len(p.acknowledged))
		}
	}
	if got := p.balance(e); got != len(p.acknowledged) {
		p.Errorf("balance %d after %d", got, len(p.acknowledged))
	}
}

// The standby's receiver stands still: nothing is acknowledged, looks are answered from
// what is confirmed, and after the standby took over nothing acknowledged is missing.
func TestStalledStandby(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	_, other := p.open(p.primary.DSN(p.name))
	before := p.balance(other)
	p.must(p.standby.Receiver(t.Context(), syscall.SIGSTOP))
	waiting := p.command()
	if code := p.unanswered(p.engine, waiting); code != token.CodeCommitUnknown {
		t.Errorf("a commit that waits was answered with %s", code)
	}
	p.troubled(p.engine, store.ProblemCommit)
	if code := p.unanswered(p.engine, p.command()); code != token.CodeUnavailable {
		t.Errorf("behind a commit that waits a command was answered with %s", code)
	}
	if code := p.unanswered(other, waiting); code != token.CodeUnavailable {
		t.Errorf("at the other replica, with the key of the commit that waits: %s", code)
	}
	p.troubled(other, store.ProblemLock)
	for _, e := range []*store.Engine{p.engine, other} {
		if got := p.balance(e); got != before {
			t.Errorf("balance %d while %d is confirmed", got, before)
		}
		found, err := e.Find(t.Context(), journal.TermAccount(storetest.ID('a', 1)), nil, 0, 100)
		if err != nil || len(found) != before {
			t.Errorf("%d entries found, %v", len(found), err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	if err := p.engine.Close(ctx); err == nil {
		t.Error("closed although a commit waits")
	}
	p.takeOver()
	p.nothingLost(p.standby)
}

// While a commit waits, the server crashes and starts again: the block is there, but no
// standby has it. Nobody is answered with it before one has.
func TestRestartWhileCommitsWait(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.must(p.standby.Receiver(t.Context(), syscall.SIGSTOP))
	waiting := p.command()
	p.unanswered(p.engine, waiting)
	p.primary.Crash()
	p.must(p.primary.Restart())
	if text, err := p.primary.Query(t.Context(), p.name, `SELECT count(*)::text FROM block`); err != nil || text != "4" {
		t.Fatalf("%s blocks after the restart, %v: the test is not what it was", text, err)
	}
	for range 3 {
		p.unanswered(p.engine, waiting)
	}
	_, other := p.open(p.primary.DSN(p.name)) // it starts with the block
	p.unanswered(other, waiting)
	if a, err := other.Account(t.Context(), storetest.ID('a', 1)); err == nil {
		t.Errorf("an account was shown as %+v, which is not confirmed", a)
	}
	p.must(p.standby.Receiver(t.Context(), syscall.SIGCONT))
	if out := p.eventually(p.engine, waiting); !out.Replayed {
		t.Error("done twice")
	}
	p.eventually(other, p.command())
	if problems := p.engine.Problems(); len(problems) != 0 {
		p.buy()
		if problems = p.engine.Problems(); len(problems) != 0 {
			t.Errorf("problems when all is well: %+v", problems)
		}
	}
	p.takeOver()
	p.nothingLost(p.standby)
}

// Somebody cancels the statement in which a commit waits: the server says that it is
// committed, with a warning that no standby may have it.
func TestCancelledCommit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.must(p.standby.Receiver(t.Context(), syscall.SIGSTOP))
	waiting := p.command()
	p.unanswered(p.engine, waiting)
	for n := 0; n < 20; n++ {
		_, err := p.primary.Query(t.Context(), p.name, `SELECT pg_cancel_backend(pid)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
		p.must(err)
	}
	for range 3 {
		p.unanswered(p.engine, waiting)
	}
	p.takeOver()
	p.nothingLost(p.standby)
}

// The standby takes over while the old primary lives on, as when the agent that watches
// over it was killed: whoever is still connected to the old one is told nothing.
func TestTwoPrimaries(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.must(p.standby.Promote(t.Context()))
	waiting := p.command()
	for range 3 {
		p.unanswered(p.engine, waiting)
	}
	p.nothingLost(p.standby)
}

// What the catalogue writes is as durable as what the engine appends: also what is only
// read back.
func TestCatalogueAwaitsStandby(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	insert := func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO requests (scope, hash, digest, made, version, created_at) VALUES ('s', 'h', 'd', 'm', 1, 1) ON CONFLICT DO NOTHING`)
		return err
	}
	read := func(tx *sql.Tx) error {
		var digest string
		return tx.QueryRowContext(t.Context(), `SELECT digest FROM requests WHERE scope = 's' AND hash = 'h'`).Scan(&digest)
	}
	p.must(p.standby.Receiver(t.Context(), syscall.SIGSTOP))
	if err := p.db.Write(t.Context(), insert); !errors.Is(err, store.ErrCommitUnknown) {
		t.Fatalf("written while no standby has it: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.db.Write(ctx, insert); err == nil { // waits for the row, and is given up
		t.Error("written while no standby has it")
	}
	p.primary.Crash()
	p.must(p.primary.Restart())
	p.must(p.db.SQL().PingContext(t.Context()))
	for range 2 {
		if err := p.db.Write(t.Context(), read); !errors.Is(err, store.ErrCommitUnknown) {
			t.Fatalf("answered with what no standby has: %v", err)
		}
	}
	p.must(p.standby.Receiver(t.Context(), syscall.SIGCONT))
	p.must(p.db.Write(t.Context(), read))
}

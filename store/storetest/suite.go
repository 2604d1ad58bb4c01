package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Run checks that a database keeps the store's promises. open returns a handle on a
// fresh database each time it is called.
func Run(t *testing.T, open func(t *testing.T) store.Database) {
	runTests(t, open, []contract{
		{"what was appended is read back, chained", testAppend},
		{"a key is answered again", testReplay},
		{"a key is answered again after flush and reopening", testReplayReopened},
		{"entries are found newest first across tail and runs", testFind},
		{"an order is folded from its entries", testOrder},
		{"an item that is owned is not charged again", testOwned},
		{"a purchase that was opened often", testManyViews},
		{"views in an old journal", testOldViews},
		{"snapshots and tail equal a full replay", testSnapshots},
		{"what a backup reads stands still", testStandingStill},
		{"money for one is spent once", testMoneyForOne},
		{"nothing is lost by an unclean stop", testUncleanStop},
		{"left-over pieces of runs are swept away", testSweep},
		{"a command that panics harms nobody", testPanic},
		{"refusals move nothing", testRefusal},
		{"close answers what was accepted and refuses the rest", testClose},
		{"the bounds hold when memory is scarce", testScarceMemory},
		{"a catalogue transaction is all or nothing", testCatalogue},
		{"what panics in a transaction takes nothing with it", testPanicInside},
		{"an append that fails harms nobody", testFailingAppend},
		{"an append that lands without an answer is found", testLandedAppend},
		{"a reading that fails is no answer", testFailingReading},
		{"runs that were read late do not hide later ones", testLateRuns},
		{"runs that are merged away while a replica starts are not empty", testMergedMeanwhile},
		{"runs that the database lost are written again", testLostRuns},
		{"nothing is missed while the state is made anew", testFindMeanwhile},
		{"a standby that takes over while a state is made is not taken for damage", testTakenOver},
		{"a replica whose commit waits does not keep others from writing behind", testBehindACommit},
		{"what is written behind belongs to the journal beside it", testTakenOverBehind},
		{"a block that was changed is not served, and stops selling", testDamagedBlock},
		{"a lock of somebody else stops neither sales nor looks for ever", testLockedBehind},
		{"runs that are lost under a server are made again at once", testRunsLostMeanwhile},
		{"lost runs are made again in little memory", testRemaking},
		{"what was derived and damaged is made again, and never believed", testDamagedRuns},
		{"what is rarely there is found with few looks", testSparseFind},
		{"flushes that fail leave nothing behind", testFailingFlush},
		{"what vendors' incentive tokens come to is kept", testIncentiveDebt},
		{"one entry changes two accounts", testTransfer},
		{"replicas change two accounts by one entry", testReplicasTransfer},
		{"what a second person approved is done in one step, once", testApproval},
		{"an approval whose commit broke is found with what it led to", testApprovalLands},
		{"replicas do once what several people approve", testReplicasApprove},
		{"owners are owed what was posted", testOwners},
		{"owners of a journal that became shorter", testOwnersCut},
		{"owners are looked at while a commit waits", testOwnersAside},
		{"replicas pay out no more than is owed", testReplicasOwners},
		{"replicas give no more incentive tokens than one could", testReplicasDebt},
		{"a command that was put off is not answered as done", testPutOff},
		{"a journal that became shorter", testShorterJournal},
		{"a journal that ends otherwise", testOtherEnd},
		{"another journal", testOtherJournal},
		{"a problem with appending is taken back", testProbe},
		{"a commit that waits", testWaitingCommit},
		{"a stop while a commit waits", testStopWhileWaiting},
		{"a clock that was set appends nothing", testClockSet},
		{"a journal that is ahead of the clock", testJournalAhead},
		{"a clock that differs from the database's", testServerClock},
		{"a lost tail is noticed by a head that is kept outside", testHeadFile},
		{"two replicas sell the last cents once", testReplicas},
		{"replicas read what others committed", testReplicasRead},
		{"replicas share runs", testReplicasFlush},
		{"the journal is followed in order, and again after a crash", testFollow},
		{"what is written with the cursor is written once", testFollowOnce},
		{"one of two followers works, and one that was paused does no harm", testFollowOne},
		{"many followers of one name", testFollowMany},
		{"a follower finds another journal", testFollowOther},
		{"a follower that begins later", testFollowBegin},
		{"a follower begins in one place", testFollowBegun},
		{"a follower panics", testFollowPanics},
		{"a lease is one's, and of no use to who wakes up past it", testLease},
		{"a lease that many want", testLeaseOfMany},
		{"data of a newer version is refused", testNewer},
		{"the staff's log of an earlier version is chained", testOldStaffLog},
	})
}

// contract is one promise of the store, and its test.
type contract struct {
	name string
	test func(t *testing.T, w *world)
}

func runTests(t *testing.T, open func(t *testing.T) store.Database, tests []contract) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := open(t)
			if err := store.Migrate(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			w := &world{T: t, db: db, clock: &clock{}}
			w.clock.millis.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli())
			w.maker = token.NewMaker(w.clock, nil)
			w.Engine = w.open(store.Options{})
			test.test(t, w)
		})
	}
}

var discard = slog.New(slog.DiscardHandler)

// clock is set by the test.
type clock struct{ millis atomic.Int64 }

// Now returns the time that was set, a little later each time.
func (c *clock) Now() time.Time { return time.UnixMilli(c.millis.Add(1)).UTC() }

// world is one test's database and engine.
type world struct {
	*testing.T
	*store.Engine
	db     store.Database
	clock  *clock
	maker  *token.Maker
	serial uint64
}

// small makes flushes and merges happen in a small test.
var small = store.Options{Tail: 16, Fanout: 2, Accounts: 8, Orders: 4}

func (w *world) open(options store.Options) *store.Engine { return w.openOn(w.db, options) }

func (w *world) openOn(db store.Database, options store.Options) *store.Engine {
	w.Helper()
	e, err := store.OpenEngine(w.Context(), db, w.clock, slog.New(slog.DiscardHandler), options)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil && !w.Failed() {
			w.Errorf("close: %v", err)
		}
	})
	return e
}

// reopen closes the engine and opens another on the same database.
func (w *world) reopen(options store.Options) {
	w.Helper()
	w.must(w.Close(w.Context()))
	w.Engine = w.open(options)
}

// crashing opens an engine that stands for one whose process ends without closing it. It
// writes behind only when told, so that nothing of it goes on after its end; that the next one
// has overtaken it is what it says when the test closes it.
func (w *world) crashing() *store.Engine {
	w.Helper()
	e, err := store.OpenEngine(w.Context(), w.db, w.clock, slog.New(slog.DiscardHandler), store.Options{Tail: 1000, Fanout: 2, Accounts: 8, Orders: 4})
	w.must(err)
	w.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) do(e *store.Engine, cmd core.Command) core.Outcome {
	w.Helper()
	out, err := e.Do(w.Context(), cmd)
	w.must(err)
	return out
}

func payer(n uint64) token.AccountID { return ID('a', n) }

// fund is a command that puts cents into a wallet.
func (w *world) fund(n uint64, cents int64) *core.Fund {
	w.serial++
	reference := strconv.FormatUint(w.serial, 10)
	return &core.Fund{Account: payer(n), User: ID('u', n),
		Fund: journal.Fund{Amount: token.Amount(cents) * 10_000, Currency: token.MustCurrency("USD"), Method: "card", Reference: reference}}
}

// order is a command that opens an order for an item.
func (w *world) order(item string, cents int64) *core.OpenOrder {
	id := token.NewID[token.OrderKind](w.maker)
	return &core.OpenOrder{ID: id, Vendor: ID('v', 1), Key: journal.NewKey(ID('v', 1), "order", id.String(), nil), Opened: journal.Opened{
		Item: journal.Item{SKU: item, Title: item}, Price: token.Amount(cents) * 10_000, Currency: token.MustCurrency("USD"),
		ExpiresAt: w.clock.Now().Add(time.Hour).UnixMilli(),
	}}
}

// pay is a command that pays an order.
func pay(o *core.OpenOrder, n uint64) *core.Pay {
	return &core.Pay{Order: o.ID, Account: payer(n), User: ID('u', n), Quoted: o.Opened.Price, Consent: journal.Consent{Method: journal.ByClick}}
}

// buy opens an order and pays it.
func (w *world) buy(e *store.Engine, n uint64, item string, cents int64) (core.Outcome, error) {
	o := w.order(item, cents)
	if _, err := e.Do(w.Context(), o); err != nil {
		return core.Outcome{}, err
	}
	return e.Do(w.Context(), pay(o, n))
}

func (w *world) balance(e *store.Engine, n uint64) token.Amount {
	w.Helper()
	a, err := e.Account(w.Context(), payer(n))
	w.must(err)
	if wallet := a.Wallet(token.MustCurrency("USD"), token.PurchasedClass); wallet != nil {
		return wallet.Balance
	}
	return 0
}

// checkChain reads every block and checks numbers, hashes and the head.
func (w *world) checkChain(e *store.Engine) (entries []*journal.Entry) {
	w.Helper()
	w.balance(e, 1) // lets a replica catch up
	head := journal.Head{}
	w.must(e.Blocks(w.Context(), 1, func(b *journal.Block) error {
		if b.First != head.Seq+1 || b.Prev != head.Hash || b.Sum() != b.Hash || b.At < head.At {
			return fmt.Errorf("block %d does not follow entry %d", b.First, head.Seq)
		}
		head = b.Head()
		list, err := b.Entries()
		entries = append(entries, list...)
		return err
	}))
	if head != e.Head() {
		w.Fatalf("the journal ends at %d, the engine says %d", head.Seq, e.Head().Seq)
	}
	return entries
}

// checkAccounts compares each account with the fold of all of its entries.
func (w *world) checkAccounts(e *store.Engine) {
	w.Helper()
	state := core.NewState()
	for _, entry := range w.checkChain(e) {
		for _, id := range entry.Payers(nil) {
			if state.Accounts[id] == nil {
				state.Accounts[id] = &core.Account{ID: id}
			}
		}
		state.Apply(entry)
	}
	for id, expected := range state.Accounts {
		got, err := e.Account(w.Context(), id)
		w.must(err)
		if a, b := w.encode(expected), w.encode(got); !bytes.Equal(a, b) {
			w.Fatalf("account %s: replayed %+v, stored %+v", id, expected, got)
		}
	}
	for id, expected := range state.Orders {
		got, err := e.Order(w.Context(), id)
		w.must(err)
		if got.Status != expected.Status || got.Seq != expected.Seq || got.PaidSeq != expected.PaidSeq || got.Refunded != expected.Refunded {
			w.Fatalf("order %s: replayed %+v, stored %+v", id, expected, got)
		}
	}
}

func (w *world) encode(a *core.Account) []byte {
	w.Helper()
	b, err := journal.Marshal(a)
	w.must(err)
	return b
}

func testAppend(t *testing.T, w *world) {
	for n := range uint64(5) {
		w.do(w.Engine, w.fund(n, 100))
	}
	entries := w.checkChain(w.Engine)
	if len(entries) != 5 || entries[4].Seq != 5 || entries[2].Account != payer(2) {
		t.Fatalf("%d entries: %+v", len(entries), entries)
	}
	page, err := w.Entries(t.Context(), 2, 3)
	w.must(err)
	if len(page) != 3 || page[0].Seq != 2 || page[2].Seq != 4 {
		t.Fatalf("entries from 2: %+v", page)
	}
	if page, err = w.Entries(t.Context(), 6, 10); err != nil || len(page) != 0 {
		t.Fatalf("entries after the end: %v, %v", page, err)
	}
}

func testReplay(t *testing.T, w *world) {
	cmd := w.fund(1, 100)
	first := w.do(w.Engine, cmd)
	again := w.do(w.Engine, cmd)
	if first.Replayed || !again.Replayed || again.Entry.Seq != first.Entry.Seq {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	// Many with one key at the same time: they meet in one batch.
	shared := w.fund(1, 100)
	var fresh atomic.Int64
	w.must(each(16, func() error {
		out, err := w.Do(t.Context(), shared)
		if err == nil && !out.Replayed {
			fresh.Add(1)
		}
		return err
	}))
	if fresh.Load() != 1 {
		t.Errorf("one key did something %d times", fresh.Load())
	}
	other := *cmd
	other.Fund.Amount++
	if _, err := w.Do(t.Context(), &other); token.CodeOf(err) != token.CodeKeyReused {
		t.Errorf("the key with another body: %v", err)
	}
	if got := w.balance(w.Engine, 1); got != 2_000_000 {
		t.Errorf("balance %d", got)
	}
}

func testReplayReopened(t *testing.T, w *world) {
	w.reopen(small)
	var commands []*core.Fund
	for n := range uint64(100) {
		commands = append(commands, w.fund(n%7, 100))
		w.do(w.Engine, commands[n])
	}
	w.must(w.Flush(t.Context()))
	w.reopen(small)
	for i, cmd := range commands {
		if out := w.do(w.Engine, cmd); !out.Replayed || out.Entry.Seq != uint64(i+1) {
			t.Fatalf("command %d again: %+v", i, out)
		}
	}
}

func testFind(t *testing.T, w *world) {
	w.reopen(small)
	const n = 400
	var mine []uint64
	for i := range uint64(n) {
		out := w.do(w.Engine, w.fund(i%3, 100))
		if i%3 == 1 {
			mine = append(mine, out.Entry.Seq)
		}
		if i%50 == 49 {
			w.must(w.Flush(t.Context()))
		}
	}
	slices.Reverse(mine)
	check := func(when string) {
		t.Helper()
		var got []uint64
		for before := uint64(0); ; {
			page, err := w.Find(t.Context(), journal.TermAccount(payer(1)), nil, before, 7)
			w.must(err)
			if len(page) == 0 {
				break
			}
			for _, entry := range page {
				got = append(got, entry.Seq)
			}
			before = got[len(got)-1]
		}
		if !slices.Equal(got, mine) {
			t.Fatalf("%s: found %v, want %v", when, got, mine)
		}
		some, err := w.Find(t.Context(), journal.TermAccount(payer(1)), func(e *journal.Entry) bool { return e.Seq%2 == 0 }, 100, 5)
		w.must(err)
		for _, entry := range some {
			if entry.Seq%2 != 0 || entry.Seq >= 100 {
				t.Fatalf("%s: entry %d does not match", when, entry.Seq)
			}
		}
		if len(some) != 5 {
			t.Fatalf("%s: %d matching entries", when, len(some))
		}
	}
	check("with tail and runs")
	if w.Stats().Runs == 0 || w.Stats().Merges == 0 {
		t.Errorf("nothing was flushed or merged: %+v", w.Stats())
	}
	w.reopen(small)
	check("reopened")
	w.must(w.Close(t.Context()))
	w.Engine = w.open(store.Options{})
	check("without a tail")
}

func testOrder(t *testing.T, w *world) {
	w.reopen(small)
	w.do(w.Engine, w.fund(1, 1000))
	o := w.order("article", 25)
	w.do(w.Engine, o)
	paid := w.do(w.Engine, pay(o, 1))
	if paid.Order == nil || paid.Order.Status != core.Paid || paid.Entry.Seq != 3 || paid.Order.PaidSeq != 3 {
		t.Fatalf("paid: %+v", paid)
	}
	for view := range uint32(3) {
		w.do(w.Engine, &core.View{Order: o.ID, Vendor: o.Vendor, Key: journal.NewKey(o.Vendor, "ticket", strconv.Itoa(int(view)), nil), Once: true})
	}
	for n := range uint64(100) { // push the order out of memory and into a run
		_, err := w.buy(w.Engine, 1, fmt.Sprint("other", n), 1)
		w.must(err)
	}
	w.must(w.Flush(t.Context()))
	got, err := w.Order(t.Context(), o.ID)
	w.must(err)
	if got.Status != core.Paid || got.Use.Views != 3 || got.Item.Title != "article" || got.Account != payer(1) {
		t.Fatalf("order: %+v", got)
	}
	w.do(w.Engine, &core.Refund{Order: o.ID, Vendor: o.Vendor, Amount: o.Opened.Price, Key: journal.NewKey(o.Vendor, "refund", "1", nil)})
	if got, err = w.Order(t.Context(), o.ID); err != nil || got.Status != core.Reversed {
		t.Fatalf("refunded order: %+v, %v", got, err)
	}
	if _, err := w.Order(t.Context(), ID('o', 99)); token.CodeOf(err) != token.CodeNotFound {
		t.Errorf("an order that does not exist: %v", err)
	}
	w.checkAccounts(w.Engine)
}

// counting counts the blocks that are read for single entries.
type counting struct {
	store.Database
	blocks atomic.Int64
}

// BlocksOf counts the blocks.
func (c *counting) BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	c.blocks.Add(int64(len(seqs)))
	return c.Database.BlocksOf(ctx, seqs)
}

// However often a purchase was opened, and charged again because it was owned, it is read
// with a few looks; and the first and the last view are known.
func testManyViews(t *testing.T, w *world) {
	w.reopen(small)
	w.do(w.Engine, w.fund(1, 1000))
	w.do(w.Engine, allow(1, token.NewID[token.AllowanceKind](w.maker), w.clock.Now().AddDate(1, 0, 0).UnixMilli()))
	song := func() *core.Charge { return charge(1, token.NewID[token.OrderKind](w.maker), ID('i', 7)) }
	bought := w.do(w.Engine, song())
	first := int64(0)
	for n := range uint32(300) {
		view := w.do(w.Engine, &core.View{Order: bought.Entry.Order, Vendor: bought.Entry.Vendor})
		if n == 0 {
			first = view.Entry.At
		}
		if again := w.do(w.Engine, song()); again.Entry.Kind != journal.Covered || again.Order.ID != bought.Order.ID || again.Order.Use.Views != n+1 {
			t.Fatalf("bought again: %+v", again)
		}
	}
	w.must(w.Flush(t.Context()))
	c := &counting{Database: w.db}
	w.must(w.Close(t.Context()))
	w.Engine = w.openOn(c, small)
	c.blocks.Store(0)
	got, err := w.Order(t.Context(), bought.Entry.Order)
	w.must(err)
	if got.Use.Views != 300 || got.Use.FirstView != first || got.Seq == bought.Entry.Seq {
		t.Errorf("the order has %+v, first viewed at %d", got.Use, first)
	}
	w.do(w.Engine, song())
	if n := c.blocks.Load(); n > 8 {
		t.Errorf("%d blocks were read for it", n)
	}
}

// testOldViews reads views as they were written before they said when the first one was.
func testOldViews(t *testing.T, w *world) {
	w.reopen(small)
	w.do(w.Engine, w.fund(1, 1000))
	bought, err := w.buy(w.Engine, 1, "song", 99)
	w.must(err)
	view := &core.View{Order: bought.Entry.Order, Vendor: bought.Entry.Vendor}
	first := w.do(w.Engine, view).Entry.At
	other, err := w.buy(w.Engine, 1, "tune", 99)
	w.must(err)
	only := w.do(w.Engine, &core.View{Order: other.Entry.Order, Vendor: other.Entry.Vendor}).Entry.At
	head := w.Head()
	w.must(w.Close(t.Context()))
	for n := uint32(2); n <= 4; n++ {
		old := []*journal.Entry{
			{Kind: journal.Viewed, Order: bought.Entry.Order, Vendor: bought.Entry.Vendor, View: n},
			{Kind: journal.Viewed, Order: other.Entry.Order, Vendor: other.Entry.Vendor, View: 1, Key: journal.NewKey(other.Entry.Vendor, "ticket", fmt.Sprint(n), nil)}, // a ticket was redeemed, and no view counted
		}
		none := func([]*journal.Block) error { return nil }
		w.must(w.db.Append(t.Context(), head, none, func() (*journal.Block, error) {
			block, err := journal.Seal(head, head.At+1000, old)
			if err == nil {
				head = block.Head()
			}
			return block, err
		}))
	}
	w.Engine = w.open(small)
	for _, flushed := range []bool{false, true} {
		got, err := w.Order(t.Context(), bought.Entry.Order)
		w.must(err)
		if got.Use.Views != 4 || got.Use.FirstView != first {
			t.Errorf("the order has %+v, first viewed at %d (flushed: %t)", got.Use, first, flushed)
		}
		once, err := w.Order(t.Context(), other.Entry.Order)
		w.must(err)
		if once.Use.Views != 1 || once.Use.FirstView != only {
			t.Errorf("the order that was viewed once has %+v, viewed at %d (flushed: %t)", once.Use, only, flushed)
		}
		w.must(w.Flush(t.Context()))
		w.reopen(small)
	}
	if next := w.do(w.Engine, view).Entry; next.View != 5 || next.First != first {
		t.Errorf("the next view is %+v", next)
	}
}

func testOwned(t *testing.T, w *world) {
	w.reopen(small)
	w.do(w.Engine, w.fund(1, 1000))
	first, err := w.buy(w.Engine, 1, "song", 99)
	w.must(err)
	for n := range uint64(60) {
		_, err := w.buy(w.Engine, 1, fmt.Sprint("other", n), 1)
		w.must(err)
	}
	w.must(w.Flush(t.Context()))
	w.reopen(small)
	again, err := w.buy(w.Engine, 1, "song", 99)
	w.must(err)
	if again.Entry.Kind != journal.Covered || again.Entry.By != first.Entry.Order {
		t.Errorf("bought again: %+v", again.Entry)
	}
	if got := w.balance(w.Engine, 1); got != (1000-99-60)*10_000 {
		t.Errorf("balance %d", got)
	}
}

func testSnapshots(t *testing.T, w *world) {
	w.reopen(small)
	for i := range uint64(300) {
		n := i % 23
		if i%3 == 0 {
			w.do(w.Engine, w.fund(n, 500))
		} else if _, err := w.buy(w.Engine, n, fmt.Sprint(i), 1); err != nil && token.CodeOf(err) != token.CodeFundsMissing {
			t.Fatal(err)
		}
	}
	w.checkAccounts(w.Engine)
	w.reopen(small)
	w.checkAccounts(w.Engine)
	stored := 0
	var before token.AccountID
	w.must(w.Snapshots(t.Context(), func(a *core.Account) error {
		if stored > 0 && a.ID.Compare(before) <= 0 {
			return errors.New("snapshots are not in order")
		}
		before = a.ID
		stored++
		current, err := w.Account(t.Context(), a.ID)
		if err == nil && !bytes.Equal(w.encode(current), w.encode(a)) {
			err = fmt.Errorf("snapshot %+v, account %+v", a, current)
		}
		return err
	}))
	if stored != 25 { // 23 payers, the vendor, and the provider
		t.Errorf("%d snapshots", stored)
	}
}

// testStandingStill sells while a backup reads: it sees what there was when it began.
func testStandingStill(t *testing.T, w *world) {
	w.do(w.Engine, w.fund(1, 10))
	before := w.Head()
	w.must(store.Snapshot(t.Context(), w.db, func(tx *sql.Tx) error {
		for range 3 {
			head, err := store.JournalHead(t.Context(), tx)
			if err != nil {
				return err
			}
			if head != before {
				t.Errorf("it reads up to %s, and began at %s", head, before)
			}
			w.do(w.Engine, w.fund(1, 10))
		}
		return nil
	}))
	if head := w.Head(); head.Seq != before.Seq+3 {
		t.Errorf("%d were sold beside it", head.Seq-before.Seq)
	}
}

func testMoneyForOne(t *testing.T, w *world) {
	w.do(w.Engine, w.fund(1, 10))
	orders := make([]*core.OpenOrder, 64)
	for i := range orders {
		orders[i] = w.order(fmt.Sprint("item", i), 10)
		w.do(w.Engine, orders[i])
	}
	w.buyOnce(orders, func(int) *store.Engine { return w.Engine })
	if got := w.balance(w.Engine, 1); got != 0 {
		t.Errorf("balance %d", got)
	}
}

// buyOnce lets as many callers as there are orders pay from account 1, which has money
// for one of them.
func (w *world) buyOnce(orders []*core.OpenOrder, engine func(i int) *store.Engine) {
	w.Helper()
	var next, sold atomic.Int64
	w.must(each(len(orders), func() error {
		i := int(next.Add(1) - 1)
		_, err := engine(i).Do(w.Context(), pay(orders[i], 1))
		if err == nil {
			sold.Add(1)
			return nil
		}
		if token.CodeOf(err) != token.CodeFundsMissing {
			return err
		}
		return nil
	}))
	if sold.Load() != 1 {
		w.Errorf("%d were sold with money for one", sold.Load())
	}
}

func testUncleanStop(t *testing.T, w *world) {
	crashed := w.crashing()
	for i := range uint64(150) {
		w.do(crashed, w.fund(i%9, 100))
		if i == 90 {
			w.must(crashed.Flush(t.Context()))
		}
	}
	head := crashed.Head()
	next := w.open(small)
	if next.Head() != head {
		t.Fatalf("head %+v, was %+v", next.Head(), head)
	}
	w.checkAccounts(next)
}

func testSweep(t *testing.T, w *world) {
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO run_data (id, body) VALUES ($1, $2), ($3, $2)`, int64(7)<<24, []byte{1}, int64(7)<<24+1)
		return err
	}))
	w.do(w.Engine, w.fund(1, 100))
	w.must(w.Flush(t.Context()))
	var left int
	w.must(w.db.SQL().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM run_data WHERE id >= $1 AND id < $2`, int64(7)<<24, int64(8)<<24).Scan(&left))
	if left != 0 {
		t.Errorf("%d chunks are left", left)
	}
	w.reopen(small)
	w.checkAccounts(w.Engine)
}

// bomb is a command with a fault.
type bomb struct{}

func (bomb) Need(*core.State, *core.Facts) {}
func (bomb) Decide(s *core.State, _ int64) (core.Outcome, error) {
	for _, a := range s.Accounts { // what a faulty command may do
		a.Wallets = nil
	}
	panic("a fault")
}

func testPanic(t *testing.T, w *world) {
	w.do(w.Engine, w.fund(1, 100))
	var next atomic.Int64
	commands := []core.Command{bomb{}, w.fund(1, 100), bomb{}, w.fund(1, 100), w.fund(2, 100)}
	w.must(each(len(commands), func() error {
		cmd := commands[next.Add(1)-1]
		_, err := w.Do(t.Context(), cmd)
		if _, faulty := cmd.(bomb); faulty {
			if token.CodeOf(err) != token.CodeInternal {
				return fmt.Errorf("the faulty command: %w", err)
			}
			return nil
		}
		return err
	}))
	if got := w.balance(w.Engine, 1); got != 3_000_000 {
		t.Errorf("balance %d", got)
	}
	w.checkAccounts(w.Engine)
}

func testRefusal(t *testing.T, w *world) {
	head := w.Head()
	if _, err := w.buy(w.Engine, 1, "song", 99); token.CodeOf(err) != token.CodeFundsMissing {
		t.Errorf("bought without funds: %v", err)
	}
	if got := w.Head().Seq; got != head.Seq+1 { // the order that was opened
		t.Errorf("head %d, was %d", got, head.Seq)
	}
}

func testClose(t *testing.T, w *world) {
	e := w.open(store.Options{})
	var accepted atomic.Int64
	commands := make([]*core.Fund, 200)
	for i := range commands {
		commands[i] = w.fund(uint64(i), 100)
	}
	var next atomic.Int64
	w.must(each(len(commands), func() error {
		i := next.Add(1) - 1
		if i == 100 {
			return e.Close(t.Context())
		}
		_, err := e.Do(t.Context(), commands[i])
		if err == nil {
			accepted.Add(1)
			return nil
		}
		if token.CodeOf(err) != token.CodeUnavailable {
			return err
		}
		return nil
	}))
	if _, err := e.Do(t.Context(), w.fund(1, 1)); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("after close: %v", err)
	}
	if head := w.open(store.Options{}).Head(); head.Seq != uint64(accepted.Load()) {
		t.Errorf("%d answered, %d in the journal", accepted.Load(), head.Seq)
	}
}

func testScarceMemory(t *testing.T, w *world) {
	w.reopen(store.Options{Tail: 32, Fanout: 2, Accounts: 4, Orders: 2, Batch: 8, Queue: 8})
	var next atomic.Uint64
	commands := make([]*core.Fund, 2000)
	for i := range commands {
		commands[i] = w.fund(uint64(i)%500, 100)
	}
	w.must(each(32, func() error {
		for i := next.Add(1) - 1; i < uint64(len(commands)); i = next.Add(1) - 1 {
			if _, err := w.Do(t.Context(), commands[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(w.Flush(t.Context()))
	w.checkAccounts(w.Engine)
	if s := w.Stats(); s.Accounts > 100 || s.Orders > 20 {
		t.Errorf("too much in memory: %+v", s)
	}
}

func testCatalogue(t *testing.T, w *world) {
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`)
		return err
	}))
	count := func() (n, sum int64) {
		w.must(w.db.SQL().QueryRowContext(t.Context(), `SELECT COUNT(*), COALESCE(SUM(n), 0) FROM thing`).Scan(&n, &sum))
		return n, sum
	}
	failure := errors.New("no")
	err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO thing (id, n) VALUES (1, 1)`); err != nil {
			return err
		}
		return failure
	})
	if n, _ := count(); !errors.Is(err, failure) || n != 0 {
		t.Fatalf("%v, %d rows", err, n)
	}
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO thing (id, n) VALUES (1, 0)`)
		return err
	}))
	w.must(each(8, func() error {
		for range 10 {
			if err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `UPDATE thing SET n = n + 1 WHERE id = 1`)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	if _, sum := count(); sum != 80 {
		t.Errorf("sum %d", sum)
	}
}

// faulty is a database whose appends fail now and then, before or after the fact.
type faulty struct {
	store.Database
	calls  atomic.Int64
	before func(call int64) error
	after  func(call int64) error
}

func (f *faulty) Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error {
	call := f.calls.Add(1)
	wrapped := func() (*journal.Block, error) {
		b, err := decide()
		if err == nil && b != nil && f.before != nil {
			err = f.before(call)
		}
		return b, err
	}
	err := f.Database.Append(ctx, head, missed, wrapped)
	if err == nil && f.after != nil {
		err = f.after(call)
	}
	return err
}

// testPanicInside has code panic inside transactions, whose caller recovers as a web server
// does, more often than there are connections. They are given back.
func testPanicInside(t *testing.T, w *world) {
	ctx, stop := context.WithTimeout(t.Context(), soon)
	defer stop()
	panics := func(*sql.Tx) error { panic("a mistake") }
	all := []func() error{
		func() error { return w.db.Write(ctx, panics) },
		func() error { return w.db.WriteBehind(ctx, panics) },
		func() error { return w.db.Read(ctx, panics) },
		func() error {
			_, err := w.db.Maintain(ctx, func(context.Context) error { panic("a mistake") })
			return err
		},
	}
	for range 20 {
		for _, run := range all {
			func() {
				defer func() {
					if recover() == nil {
						t.Fatal("the mistake was not come to")
					}
				}()
				_ = run()
			}()
		}
	}
	w.must(w.db.Write(ctx, func(*sql.Tx) error { return nil }))
	mine, err := w.db.Maintain(ctx, func(context.Context) error { return nil })
	if w.must(err); !mine {
		t.Error("the lock on maintenance is still held")
	}
	w.do(w.Engine, w.fund(1, 100))
}

func testFailingAppend(t *testing.T, w *world) {
	always := math.MaxInt
	f := &faulty{Database: w.db, before: func(call int64) error {
		if call%3 == 0 || call > int64(always) {
			return errors.New("the disk is full")
		}
		return nil
	}}
	e := w.openOn(f, small)
	for i := range uint64(30) {
		w.do(e, w.fund(i%3, 100))
	}
	w.checkAccounts(e)
	head := e.Head()
	always = 0
	if _, err := e.Do(t.Context(), w.fund(1, 100)); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("with a full disk: %v", err)
	}
	if got := w.balance(e, 1); got != 10_000_000 { // reads go on
		t.Errorf("balance %d", got)
	}
	always = math.MaxInt
	w.do(e, w.fund(1, 100))
	if e.Head().Seq != head.Seq+1 {
		t.Errorf("head %d, was %d", e.Head().Seq, head.Seq)
	}
	w.checkAccounts(e)
}

func testLandedAppend(t *testing.T, w *world) {
	f := &faulty{Database: w.db, after: func(call int64) error {
		if call%3 == 0 {
			return errors.New("the connection broke")
		}
		return nil
	}}
	e := w.openOn(f, small)
	for i := range uint64(30) {
		cmd := w.fund(i%3, 100)
		out := w.do(e, cmd)
		found, err := e.Find(t.Context(), journal.TermAccount(cmd.Account), nil, 0, 1)
		w.must(err)
		if out.Replayed || len(found) != 1 || found[0].Seq != out.Entry.Seq {
			t.Fatalf("command %d: %+v, found %+v", i, out, found)
		}
	}
	if e.Head().Seq != 30 {
		t.Errorf("head %d", e.Head().Seq)
	}
	w.checkAccounts(e)
}

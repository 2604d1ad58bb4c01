package verify

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync/atomic"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// WatchdogName is what the watchdog is known by among those who follow the journal.
const WatchdogName = "watchdog"

// How much the watchdog does in one go, and what it remembers.
const (
	watchBlocks = 32        // in one go, at most
	watchBytes  = 128 << 10 // of them, so that one go is some milliseconds of work
	watchSize   = 3 << 13   // accounts, orders and keys that it knows at most, before it begins to forget
)

// watchPace leaves the processor to the sales: with 10,000 of them a second for hours it is ten million
// behind.
func watchPace() store.Pace { return store.Pace{Rate: 200, Share: 0.02, Lag: 1_000_000, Most: 0.25} }

// Watchdog audits the journal all the time, a little behind its end. Of several servers' one
// works. An invariant that does not hold stops selling at all of them, until somebody clears it.
// Its memory is bounded: what it does not remember it asks the index and the snapshots.
type Watchdog struct {
	Follower *store.Follower

	engine    *store.Engine
	db        store.Database
	catalogue *store.Catalog
	size      int
	auditor   *audit.Auditor               // nil: it begins anew; only the follower's step touches it, and what is below
	earlier   map[token.AccountID]recalled // those accounts of the batch at hand that it does not remember
	ctx       context.Context
	skipped   atomic.Uint64
}

// recalled is how an account stood before its first entry in a batch.
type recalled struct {
	audit.Earlier
	at uint64 // that entry
}

// NewWatchdog returns the watchdog of an engine's journal. Nothing is watched before its
// Follower runs.
func NewWatchdog(db store.Database, engine *store.Engine, log *slog.Logger) *Watchdog {
	return newWatchdog(db, engine, store.Follow{Log: log, Blocks: watchBlocks, Bytes: watchBytes}, watchSize)
}

func newWatchdog(db store.Database, engine *store.Engine, f store.Follow, size int) *Watchdog {
	w := &Watchdog{engine: engine, db: db, catalogue: store.NewCatalog(db), size: size, earlier: map[token.AccountID]recalled{}}
	f.Name, f.Take, f.Begin, f.Stored, f.Pace = WatchdogName, w.take, engine.WrittenBehind, true, watchPace()
	f.Again = store.ForgetCredited
	w.Follower = store.NewFollower(engine, f)
	return w
}

// Skipped returns how many entries were judged by their legs only, since this process has watched.
func (w *Watchdog) Skipped() uint64 { return w.skipped.Load() }

// Look stops selling where an invariant is broken, whichever server found that, and ends that
// where it was cleared.
func (w *Watchdog) Look(ctx context.Context) error {
	broken, found, err := w.catalogue.Broken(ctx)
	switch {
	case err != nil:
		return err
	case found:
		w.engine.StopSelling(broken.Invariant, broken.Entry, broken.Detail)
	default:
		w.engine.ClearProblem(store.ProblemInvariant)
	}
	return nil
}

// take audits a batch. What it remembers is ahead of the cursor then; where the cursor does not
// follow, it begins anew.
func (w *Watchdog) take(ctx context.Context, b store.Batch) (store.Commit, error) {
	w.ctx = ctx
	done := false
	defer func() {
		if !done { // it knows a part of what it should
			w.auditor = nil
		}
	}()
	switch {
	case w.auditor == nil || !sameHead(w.auditor.Head(), b.From):
		w.begin(b.From)
	case w.auditor.Size() > w.size:
		w.auditor = w.auditor.Next(4 * w.size)
	}
	if err := w.lookBack(ctx, b); err != nil {
		return nil, err
	}
	defer clear(w.earlier)
	var found []staff.BrokenInvariant
	var credits []audit.Credit
	entries := b.Entries
	for _, block := range b.Blocks {
		w.auditor.Proved(block, entries[:block.Count])
		entries = entries[block.Count:]
		if err := w.auditor.Err(); err != nil {
			return nil, fmt.Errorf("ask what was before: %w", err)
		}
		w.skipped.Store(w.auditor.Skipped())
		credits = append(credits, w.auditor.Credits()...)
		if f := w.auditor.Found(); f != nil {
			found = append(found, staff.BrokenInvariant{Invariant: f.Invariant, Entry: f.Entry, Detail: detailOf(f), At: w.engine.Now().UnixMilli()})
			w.begin(block.Head()) // what it knows is as wrong as the journal
		}
	}
	done = true
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, c := range credits {
			if err := store.NoteCredited(ctx, tx, eventOf(c.Event), c.Seq); err != nil {
				return err
			}
		}
		for _, broken := range found {
			w.Follower.Log.ErrorContext(ctx, "an invariant does not hold", "invariant", broken.Invariant, "entry", broken.Entry, "detail", broken.Detail)
			if err := store.NoteBroken(ctx, tx, broken); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// begin has an auditor begin behind a head.
func (w *Watchdog) begin(head journal.Head) {
	w.auditor = audit.Resume(w.rule, past{w}, head)
	w.auditor.KnowOffers(w.offer)
}

// lookBack asks, all at once, how the accounts stood before a batch that are not remembered.
func (w *Watchdog) lookBack(ctx context.Context, b store.Batch) error {
	clear(w.earlier)
	var ids, unknown []token.AccountID
	for _, e := range b.Entries {
		ids = e.Payers(ids[:0])
		for _, id := range ids {
			if _, listed := w.earlier[id]; !listed && w.auditor.Asks(id) {
				w.earlier[id] = recalled{at: e.Seq}
				unknown = append(unknown, id)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	found, err := w.engine.AccountsBefore(ctx, unknown, b.From.Seq+1)
	if err != nil {
		return fmt.Errorf("ask what was before: %w", err)
	}
	for i, id := range unknown {
		w.earlier[id] = recalled{earlierOf(found[i]), w.earlier[id].at}
	}
	return nil
}

func earlierOf(found store.EarlierAccount) audit.Earlier {
	earlier := audit.Earlier{Entries: found.Entries, Until: found.Until}
	if found.Stored != nil {
		stored := Snapshot(found.Stored)
		earlier.Stored = &stored
	}
	return earlier
}

func sameHead(a, b journal.Head) bool { return a.Seq == b.Seq && a.Hash == b.Hash }

// detailOf says what was found.
func detailOf(f *audit.Finding) string {
	if len(f.Also) == 0 {
		return f.Detail
	}
	return fmt.Sprintf("%s (it breaks %v, too)", f.Detail, f.Also)
}

// eventOf stands for an outside event. Of ten million events, 64 bits confuse two once in 370,000
// databases.
func eventOf(e audit.Event) int64 {
	sum := sha256.Sum256([]byte(e.Method + "\x00" + e.Reference))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// rule looks a split's version up. That the catalogue cannot be read says nothing about it.
func (w *Watchdog) rule(id token.SplitID, version uint32) (royalty.Split, bool) {
	split, err := w.catalogue.Split(w.ctx, id, version)
	if !w.known(err) {
		return royalty.Split{}, false
	}
	return split.Rule(), true
}

func (w *Watchdog) offer(id token.OfferID, version uint32) (audit.Offer, bool) {
	offer, err := w.catalogue.Offer(w.ctx, id, version)
	if !w.known(err) {
		return audit.Offer{}, false
	}
	return offerOf(offer), true
}

// known reports whether something was found in the catalogue.
func (w *Watchdog) known(err error) bool {
	if err != nil && token.CodeOf(err) != token.CodeNotFound {
		w.auditor.Fail(err)
	}
	return err == nil
}

func offerOf(o catalog.Offer) audit.Offer {
	return audit.Offer{Vendor: o.Vendor, Item: o.Item, Price: o.Price, Currency: o.Currency}
}

// past asks the engine for what the watchdog does not remember.
type past struct{ w *Watchdog }

var _ audit.Past = past{}

// Account is part of audit.Past.
func (p past) Account(id token.AccountID, before uint64) (audit.Earlier, error) {
	if known, ok := p.w.earlier[id]; ok && known.at == before {
		return known.Earlier, nil
	}
	found, err := p.w.engine.AccountsBefore(p.w.ctx, []token.AccountID{id}, before)
	if err != nil {
		return audit.Earlier{}, err
	}
	return earlierOf(found[0]), nil
}

// Order is part of audit.Past.
func (p past) Order(id token.OrderID, before uint64) ([]*journal.Entry, error) {
	return p.w.engine.OrderBefore(p.w.ctx, id, before)
}

// Credited is part of audit.Past.
func (p past) Credited(event audit.Event, before uint64) (bool, error) {
	return store.Credited(p.w.ctx, p.w.db, eventOf(event), before)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Batch is some entries of the journal in a row: those of whole blocks, which are confirmed.
type Batch struct {
	From, To journal.Head     // the entries after From, up to To
	Entries  []*journal.Entry // in their order; who is handed them changes nothing about them
	Blocks   []*journal.Block // as they are stored, proved, and Entries decoded from them; only where Follow.Stored asks for them
}

// errElsewhere says that another process moved the cursor meanwhile.
var errElsewhere = errors.New("another process is at it")

// Commit is what a follower writes about a batch. It runs in the transaction in which its
// cursor moves on, so it is done once; it may run more than once, but is committed once. It
// keeps other writers waiting on SQLite, so what takes long is done before.
type Commit func(ctx context.Context, tx *sql.Tx) error

// Follow says who follows the journal, and how.
type Follow struct {
	// Name is what the cursor is known by: small letters. It does not change.
	Name string
	// Take takes a batch. Each entry is handed over in order and at least once: again after a
	// crash, after an error, and where another process had the lease meanwhile. What is to be done
	// exactly once is left to the Commit that it returns, nil for none. After an error the same
	// entries come again, a little later each time.
	Take func(ctx context.Context, b Batch) (Commit, error)
	// Begin says where a follower begins that has no cursor; nil: with the first entry. That is
	// written down before anything is handed over.
	Begin func(ctx context.Context) (journal.Head, error)
	// Again forgets what was made of another journal than the one that there is now (a backup was
	// put back), before the follower begins again. Where it is nil, the follower stops and says why,
	// until Restart.
	Again Commit
	// Stored has the blocks read from the database, never taken from memory.
	Stored bool
	// Blocks and Bytes bound a batch: 128 and 4 MiB where they are zero. One block is always
	// handed over, whatever its size.
	Blocks, Bytes int
	// Pace is how much of a processor it takes. The zero one is a half.
	Pace Pace
	// Life is how long the lease lasts after each step; 10 s where it is zero.
	Life time.Duration
	// Clock is nil but in tests.
	Clock token.Clock
	Log   *slog.Logger
}

// Follower hands the journal to somebody. However many processes have one of a name, one of
// them does the work at a time, in order; the place that it has come to is a row of the table
// followers. Of several that take themselves for the one (one was paused, and woke), at most
// one moves the cursor. Nothing waits for a follower: sales do not.
type Follower struct {
	Follow
	engine *Engine
	db     Database
	lease  *Lease
	pacer  pacer // only Run looks at it

	turn    sync.Mutex // held while a step is under way, guards what is below
	at      journal.Head
	ahead   []*journal.Block // that were read and not yet handed over
	known   bool             // at is where the cursor is, as this process has read or moved it
	unsaid  bool             // there is no cursor yet: at is where it is to begin
	stopped string
	renew   time.Time // when the lease is to be renewed; zero where it is not held
	failed  int       // tries of the batch at hand
	failing string    // why the last of them failed
	after   time.Time // when the next try is

	seen atomic.Pointer[FollowerState]
}

// FollowerState is how far a follower is.
type FollowerState struct {
	Name    string
	Seq     uint64 // the last entry that it was handed
	Lag     uint64 // how many entries were appended since
	Failing string // why the last batch failed; "" where it did not, or in another process
	Stopped string // why it does not go on; "" where it does
}

// The bounds of a batch and of the back-off where nothing else is said.
const (
	followBlocks   = 128
	followBytes    = 4 << 20
	followLife     = 10 * time.Second
	followFirstTry = time.Second
	followLastTry  = time.Minute
	followEnd      = 2 * time.Second // of giving the lease back
)

// NewFollower returns a follower of the engine's journal.
func NewFollower(e *Engine, f Follow) *Follower {
	if f.Blocks <= 0 {
		f.Blocks = followBlocks
	}
	if f.Bytes <= 0 {
		f.Bytes = followBytes
	}
	if f.Life <= 0 {
		f.Life = followLife
	}
	if f.Log == nil {
		f.Log = e.log
	}
	follower := &Follower{Follow: f, engine: e, db: e.db, lease: NewLease(e.db, "follow "+f.Name, f.Life, f.Clock), pacer: pacer{Pace: f.Pace}}
	follower.seen.Store(&FollowerState{Name: f.Name})
	return follower
}

func (f *Follower) now() time.Time {
	if f.Clock != nil {
		return f.Clock.Now()
	}
	return time.Now()
}

// State returns how far the follower is, as this process has last seen it. It does not wait.
func (f *Follower) State() FollowerState {
	s := *f.seen.Load()
	if head := f.engine.Head().Seq; head > s.Seq {
		s.Lag = head - s.Seq
	}
	return s
}

// see notes what State tells. The caller holds turn.
func (f *Follower) see() {
	f.seen.Store(&FollowerState{Name: f.Name, Seq: f.at.Seq, Failing: f.failing, Stopped: f.stopped})
}

// Run steps at each tick, and whenever it is woken, until ctx ends; then it gives the lease back.
func (f *Follower) Run(ctx context.Context, ticks <-chan time.Time) {
	woken := f.engine.Busy()
	for {
		select {
		case <-ctx.Done():
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), followEnd)
			defer cancel()
			if err := f.Close(ending); err != nil {
				f.Log.WarnContext(ctx, "a lease is not given back; it ends by itself", "follower", f.Name, "error", err)
			}
			return
		case <-ticks:
		case <-woken:
		}
		f.steps(ctx)
	}
}

// steps goes on while there is more, and rests in between.
func (f *Follower) steps(ctx context.Context) {
	for more := true; more; {
		began := time.Now()
		var err error
		if more, err = f.Step(ctx); err != nil && ctx.Err() == nil {
			f.Log.ErrorContext(ctx, "who follows the journal failed; trying again", "follower", f.Name, "error", err)
		}
		rest := f.pacer.rest(time.Now(), time.Since(began), f.engine.counters.entries.Load(), f.State().Lag)
		if !more || !wait(ctx, rest) {
			return
		}
	}
}

// Close gives the lease back, so that another process goes on at once.
func (f *Follower) Close(ctx context.Context) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.lost()
	return f.lease.Release(ctx)
}

// Restart has a follower that stopped begin again.
func (f *Follower) Restart(ctx context.Context) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.lost()
	f.failed, f.after = 0, time.Time{}
	return f.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM followers WHERE name = $1 AND stopped <> ''`, f.Name)
		return err
	})
}

// lost forgets what only the holder of the lease may rely on. The caller holds turn.
func (f *Follower) lost() { f.known, f.renew, f.ahead = false, time.Time{}, nil }

// Step hands over at most one batch, and reports whether there is more to hand over now. It
// does nothing while another process has the lease, and for a while after a failure.
func (f *Follower) Step(ctx context.Context) (more bool, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if f.now().Before(f.after) {
		return false, nil
	}
	more, err = f.step(ctx)
	switch {
	case errors.Is(err, ErrLeaseLost), errors.Is(err, errElsewhere), errors.Is(err, ErrOtherJournal):
		// Another process is at it; or the engine has to find out first what journal this is.
		f.lost()
		more, err = false, nil
	case err != nil:
		f.known, f.ahead = false, nil // it may have moved, where the answer to a commit was lost
		f.after = f.now().Add(min(followLastTry, followFirstTry<<min(f.failed, 10)))
		f.failed++
		f.failing, more = err.Error(), false
	}
	f.see()
	return more, err
}

func (f *Follower) step(ctx context.Context) (more bool, err error) {
	if !f.known {
		if err := f.readCursor(ctx); err != nil {
			return false, err
		}
	}
	end, err := f.end(ctx)
	if err != nil || end.Seq == 0 || f.stopped != "" {
		return false, nil
	}
	if same(end, f.at) && !f.unsaid {
		return false, f.keep(ctx)
	}
	if held, err := f.take(ctx); err != nil || !held {
		f.failed, f.failing = 0, ""
		return false, err
	}
	if err := f.begin(ctx); err != nil {
		return false, err
	}
	if same(end, f.at) {
		return false, nil
	}
	if f.known = f.stopped == ""; !f.known {
		return false, nil
	}
	b, err := f.batch(ctx, end)
	if err != nil || b == nil {
		return false, err
	}
	commit, err := f.handOver(ctx, *b)
	if err == nil {
		err = f.move(ctx, *b, commit)
	}
	if err != nil {
		return false, err
	}
	f.failed, f.failing = 0, ""
	return f.at.Seq < end.Seq, nil
}

// handOver hands a batch over. A panic is a failure like any other: who follows the journal keeps
// nobody from selling, and at the next start it would come again.
func (f *Follower) handOver(ctx context.Context, b Batch) (commit Commit, err error) {
	defer func() {
		if p := recover(); p != nil {
			f.Log.ErrorContext(ctx, "who follows the journal panicked", "follower", f.Name, "after", b.From.Seq, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f.Take(ctx, b)
}

// end returns the journal's confirmed end. Where the cursor is there, another process may have
// appended since; just after a start nothing is confirmed.
func (f *Follower) end(ctx context.Context) (journal.Head, error) {
	end := f.engine.Confirmed()
	if end.Seq != 0 && (!f.db.Shared() || !same(end, f.at)) {
		return end, nil
	}
	_, err := f.engine.fresh(ctx)
	return f.engine.Confirmed(), err
}

// readCursor reads where the follower is.
func (f *Follower) readCursor(ctx context.Context) error {
	err := f.db.SQL().QueryRowContext(ctx, `SELECT seq, hash, stopped FROM followers WHERE name = $1`, f.Name).Scan(&f.at.Seq, digest32{(*[32]byte)(&f.at.Hash)}, &f.stopped)
	if f.unsaid = errors.Is(err, sql.ErrNoRows); f.unsaid {
		f.at, f.stopped = journal.Head{}, ""
		if f.Begin != nil {
			f.at, err = f.Begin(ctx)
			return err
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read where %s is: %w", f.Name, err)
	}
	return nil
}

// begin writes down where the follower begins, so that it is there however long the first batch
// takes, whoever is handed it, and however far Begin would come meanwhile.
func (f *Follower) begin(ctx context.Context) error {
	if !f.unsaid {
		return nil
	}
	err := f.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		if err := f.lease.Hold(ctx, tx); err != nil {
			return err
		}
		if err := checkHolds(ctx, tx, f.at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO followers (name, seq, hash, fence, state, stopped) VALUES ($1, $2, $3, $4, $5, '')`,
			f.Name, int64(f.at.Seq), f.at.Hash[:], f.lease.Fence(), []byte{})
		return err
	})
	if err != nil {
		return fmt.Errorf("begin %s: %w", f.Name, err)
	}
	f.unsaid = false
	return nil
}

// take takes the lease, or makes it last. Who has just taken it reads where the one before came to.
func (f *Follower) take(ctx context.Context) (held bool, err error) {
	if !f.renew.IsZero() && f.now().Before(f.renew) {
		return true, nil
	}
	before := f.lease.Fence()
	fresh := f.renew.IsZero()
	f.renew = time.Time{}
	if held, err = f.lease.Take(ctx); err != nil || !held {
		f.lost()
		return false, err
	}
	if fresh || f.lease.Fence() != before {
		if err := f.readCursor(ctx); err != nil {
			return false, err
		}
	}
	f.renew = f.now().Add(f.Life / 3)
	return true, nil
}

// keep makes the lease last where there is nothing to hand over, so that the work stays where
// what it needs is in memory.
func (f *Follower) keep(ctx context.Context) error {
	if f.renew.IsZero() || !f.db.Shared() {
		return nil
	}
	_, err := f.take(ctx)
	return err
}

// batch returns what comes next; nil where nothing does, or the cursor lies in another journal.
func (f *Follower) batch(ctx context.Context, end journal.Head) (*Batch, error) {
	if f.at.Seq < end.Seq {
		if !f.Stored {
			if b := f.fromMemory(end); b != nil {
				return b, nil
			}
		}
		if next := f.ahead; len(next) == 0 || next[0].Prev != f.at.Hash {
			var err error
			if f.ahead, err = f.engine.blocksAfter(ctx, f.at.Seq, f.Blocks); err != nil {
				return nil, err
			}
		}
		if next := f.ahead; len(next) > 0 && next[0].First == f.at.Seq+1 && next[0].Prev == f.at.Hash {
			return f.fromBlocks(end)
		}
	}
	return nil, f.elsewhere(ctx)
}

// fromMemory makes a batch of the blocks that the engine has just had in its hands; nil where
// they are not there any more.
func (f *Follower) fromMemory(end journal.Head) *Batch {
	b := &Batch{From: f.at, To: f.at}
	for i, next := range f.engine.recent.after(f.at) {
		if i == f.Blocks || next.head.Seq > end.Seq {
			break
		}
		b.Entries, b.To = append(b.Entries, next.entries...), next.head
	}
	if b.To == b.From {
		return nil
	}
	return b
}

// fromBlocks makes a batch of blocks that were read. Those that it leaves are for the next.
func (f *Follower) fromBlocks(end journal.Head) (*Batch, error) {
	b := &Batch{From: f.at, To: f.at}
	size, blocks := 0, f.ahead
	for _, block := range blocks {
		if size += len(block.Body); block.Last() > end.Seq || size > f.Bytes && len(b.Entries) > 0 {
			break
		}
		entries, err := block.Entries()
		if err != nil {
			return nil, fmt.Errorf("read block %d: %w", block.First, err)
		}
		b.Entries, b.To = append(b.Entries, entries...), block.Head()
		if f.ahead = f.ahead[1:]; len(f.ahead) == 0 {
			f.ahead = nil
		}
		if f.Stored {
			b.Blocks = append(b.Blocks, block)
		}
	}
	if b.To == b.From {
		return nil, nil
	}
	return b, nil
}

// move moves the cursor over a batch, and writes what goes with that, or nothing.
func (f *Follower) move(ctx context.Context, b Batch, commit Commit) error {
	err := f.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		if err := f.lease.Hold(ctx, tx); err != nil {
			return err
		}
		if err := checkHolds(ctx, tx, b.To); err != nil {
			return err
		}
		// The row is the proof that nobody else has handed over what this batch begins with.
		err := changeOne(ctx, tx, errElsewhere, `UPDATE followers SET seq = $1, hash = $2, fence = $3 WHERE name = $4 AND seq = $5 AND hash = $6 AND stopped = ''`,
			int64(b.To.Seq), b.To.Hash[:], f.lease.Fence(), f.Name, int64(b.From.Seq), b.From.Hash[:])
		if err != nil || commit == nil {
			return err
		}
		return commit(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("move %s on: %w", f.Name, err)
	}
	f.at = b.To
	f.renew = f.now().Add(f.Life / 3)
	return nil
}

// elsewhere deals with a cursor that does not lie on the journal, which is certain in the
// transaction alone: there the follower begins again, or stops.
func (f *Follower) elsewhere(ctx context.Context) error {
	why := fmt.Sprintf("the journal does not hold entry %d as it was handed over: it is another one, or a shorter one", f.at.Seq)
	err := f.db.Read(ctx, func(tx *sql.Tx) error { return checkHolds(ctx, tx, f.at) })
	if !errors.Is(err, ErrOtherJournal) {
		return err // it lies on it: what was read was of another moment
	}
	begun := false
	err = f.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		begun = false
		if err := f.lease.Hold(ctx, tx); err != nil {
			return err
		}
		if err := checkHolds(ctx, tx, f.at); !errors.Is(err, ErrOtherJournal) {
			return err
		}
		begun = true
		if f.Again == nil {
			_, err := tx.ExecContext(ctx, `UPDATE followers SET stopped = $1 WHERE name = $2`, why, f.Name)
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM followers WHERE name = $1`, f.Name); err != nil {
			return err
		}
		return f.Again(ctx, tx)
	})
	f.known = false
	if err == nil && begun {
		f.Log.ErrorContext(ctx, "who follows the journal finds another one", "follower", f.Name, "begins again", f.Again != nil, "why", why)
	}
	return err
}

// LoadState returns what the follower keeps, and the head up to which that stands; nothing
// where it has not begun yet.
func (f *Follower) LoadState(ctx context.Context) (state []byte, at journal.Head, err error) {
	err = f.db.SQL().QueryRowContext(ctx, `SELECT state, seq, hash FROM followers WHERE name = $1`, f.Name).Scan(&state, &at.Seq, digest32{(*[32]byte)(&at.Hash)})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, journal.Head{}, nil
	}
	return state, at, err
}

// SaveState is part of a Commit: it keeps something together with the cursor.
func (f *Follower) SaveState(ctx context.Context, tx *sql.Tx, state []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE followers SET state = $1 WHERE name = $2`, state, f.Name)
	return err
}

// Followers returns how far all followers are that ever moved, by name. head is the journal's.
func Followers(ctx context.Context, db Tables, head uint64) ([]FollowerState, error) {
	rows, err := db.SQL().QueryContext(ctx, `SELECT name, seq, stopped FROM followers ORDER BY name LIMIT 200`)
	if err != nil {
		return nil, unavailable(err, "read who follows the journal")
	}
	defer rows.Close()
	var all []FollowerState
	for rows.Next() {
		var s FollowerState
		if err := rows.Scan(&s.Name, &s.Seq, &s.Stopped); err != nil {
			return nil, unavailable(err, "read who follows the journal")
		}
		if head > s.Seq {
			s.Lag = head - s.Seq
		}
		all = append(all, s)
	}
	return all, unavailable(rows.Err(), "read who follows the journal")
}

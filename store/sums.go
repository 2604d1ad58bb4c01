package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Sums are what the journal comes to: by row of the chart of accounts and currency, and the
// sales of each vendor. They follow the journal in steps, in tables, so reading them takes
// the same time however long the journal is. Every entry is counted once, also where
// several replicas follow: a step changes the head by which the next one begins, or nothing.
// They are derived: where the journal turns out to be another one, they begin again.
type Sums struct {
	db     Database
	engine *Engine // nil: everything is read from the database, as it stands there

	turn    chan struct{} // full while somebody follows, who owns what is below
	pending *step         // entries that were added up and not written; nil where there are none
	from    journal.Head  // where they begin
	began   time.Time     // when the first of them was added
	rest    time.Time     // nothing is read from the database before, unless somebody waits for it
}

// sumsPause is how long what was added up may wait to be written together with more.
const sumsPause = 2 * time.Second

// readRest is how many times as long as a reading of the database took there is none: what was
// left behind leaves the processor to the sales.
const readRest = 20

// NewSums returns the Sums in a database whose tables are up to date. What the engine on it
// has in memory, if there is one, is not read again.
func NewSums(db Database, engine *Engine) *Sums {
	return &Sums{db: db, engine: engine, turn: make(chan struct{}, 1)}
}

// blocksPerStep bounds the work of one step.
const blocksPerStep = 128

// errElsewhere says that another replica made the step meanwhile.
var errElsewhere = errors.New("another replica is at it")

// Follow counts some of the entries that are not counted yet, and reports whether there are
// more. Unless all of them are wanted now, what it has added up may wait for a moment before it
// is written.
func (s *Sums) Follow(ctx context.Context, now bool) (more bool, err error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false, unavailable(ctx.Err(), "wait for who follows the journal")
	}
	step, from := s.pending, s.from
	if step == nil {
		if from, err = s.Head(ctx); err != nil {
			return false, err
		}
		step = newStep(from)
	}
	if s.engine != nil {
		for _, b := range s.engine.recent.after(step.head) {
			step.entries(b.entries, b.head)
		}
	}
	if s.pending == nil && step.head != from {
		s.pending, s.from, s.began = step, from, time.Now()
	}
	if s.pending == nil {
		if !now && time.Now().Before(s.rest) {
			return false, nil
		}
		began := time.Now()
		more, err = s.read(ctx, from)
		s.rest = time.Now().Add(readRest * time.Since(began))
		return more, err
	}
	if !now && time.Since(s.began) < sumsPause {
		return false, nil
	}
	s.pending = nil
	return s.take(ctx, from, step, true)
}

// read counts what the engine has not in memory.
func (s *Sums) read(ctx context.Context, head journal.Head) (more bool, err error) {
	end, err := JournalHead(ctx, s.db.SQL())
	if err != nil {
		return false, err
	}
	if same(end, head) {
		return false, nil
	}
	if end.Seq > head.Seq {
		blocks, err := s.blocksAfter(ctx, head.Seq)
		if err != nil {
			return false, err
		}
		if len(blocks) == 0 {
			return false, nil
		}
		if blocks[0].First == head.Seq+1 && blocks[0].Prev == head.Hash {
			step := newStep(head)
			for _, b := range blocks {
				entries, err := b.Entries()
				if err != nil {
					return false, fmt.Errorf("sum block %d: %w", b.First, err)
				}
				step.entries(entries, b.Head())
			}
			return s.take(ctx, head, step, step.head.Seq < end.Seq)
		}
	}
	return true, s.beginAgain(ctx, head) // the journal does not go on from what was counted
}

// blocksAfter returns the next blocks, proved where there is an engine.
func (s *Sums) blocksAfter(ctx context.Context, seq uint64) ([]*journal.Block, error) {
	if s.engine != nil {
		return s.engine.blocksAfter(ctx, seq, blocksPerStep)
	}
	return s.db.BlocksAfter(ctx, seq, blocksPerStep)
}

// Head returns how far the entries are counted.
func (s *Sums) Head(ctx context.Context) (head journal.Head, err error) {
	err = s.db.SQL().QueryRowContext(ctx, `SELECT seq, hash FROM ledger_sums_head WHERE one = 1`).Scan(&head.Seq, digest32{(*[32]byte)(&head.Hash)})
	if errors.Is(err, sql.ErrNoRows) {
		return journal.Head{}, nil
	}
	return head, unavailable(err, "read how far the journal is summed")
}

// beginAgain forgets what was counted up to from, unless the head has moved since. The head
// goes first: who changes it waits, so no step adds to the tables meanwhile.
func (s *Sums) beginAgain(ctx context.Context, from journal.Head) error {
	err := s.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, errElsewhere, `DELETE FROM ledger_sums_head WHERE one = 1 AND seq = $1 AND hash = $2`, int64(from.Seq), from.Hash[:])
		if err != nil {
			return err
		}
		for _, table := range []string{"ledger_sums", "deposits"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errElsewhere) {
		return nil
	}
	return err
}

// take adds a step to the tables, and returns left: whether there is more to count then. Where
// another replica has moved the head since, there may be; where the journal has become another
// one, the engine has to find that out first.
func (s *Sums) take(ctx context.Context, from journal.Head, step *step, left bool) (more bool, err error) {
	err = s.write(ctx, from, step)
	switch {
	case errors.Is(err, errElsewhere):
		return true, nil
	case errors.Is(err, ErrOtherJournal):
		return false, nil
	}
	return left, err
}

// write adds a step to the tables; or fails with errElsewhere, or with ErrOtherJournal where the
// journal does not hold what was added up.
func (s *Sums) write(ctx context.Context, from journal.Head, step *step) error {
	return s.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		if err := checkHolds(ctx, tx, step.head); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_sums_head (one, seq, hash) VALUES (1, 0, $1) ON CONFLICT DO NOTHING`, make([]byte, 32)); err != nil {
			return err
		}
		err := changeOne(ctx, tx, errElsewhere, `UPDATE ledger_sums_head SET seq = $1, hash = $2 WHERE one = 1 AND seq = $3 AND hash = $4`,
			int64(step.head.Seq), step.head.Hash[:], int64(from.Seq), from.Hash[:])
		if err != nil {
			return err
		}
		add, err := tx.PrepareContext(ctx, `INSERT INTO ledger_sums (name, owner, currency, class, amount, count) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (name, owner, currency, class) DO UPDATE SET amount = ledger_sums.amount + excluded.amount, count = ledger_sums.count + excluded.count`)
		if err != nil {
			return err
		}
		defer add.Close()
		for key, sum := range step.rows() {
			_, err := add.ExecContext(ctx, key.name(), key.owner.String(), key.currency.String(), key.class.String(), int64(sum.amount), sum.count)
			if err != nil {
				return err
			}
		}
		for _, e := range step.deposits {
			_, err := tx.ExecContext(ctx, `INSERT INTO deposits (seq, account, at, amount, currency, method, reference) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
				int64(e.Seq), e.Account.String(), e.At, int64(e.Fund.Amount), e.Fund.Currency.String(), e.Fund.Method, e.Fund.Reference)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// step is what some blocks add.
type step struct {
	head     journal.Head
	sums     map[sumKey]*sum
	deposits []*journal.Entry
}

// sumKey is what is added up: a row of the chart of accounts, or one of the two codes below.
// Vendors' are kept apart; rows adds them up.
type sumKey struct {
	code     ledger.Code
	owner    token.VendorID
	currency token.Currency
	class    token.ClassKind
}

// The sums that are no row of the chart of accounts.
const (
	salesCode   ledger.Code = 254
	refundsCode ledger.Code = 255
)

func (k sumKey) name() string {
	switch k.code {
	case salesCode:
		return ledger.SumSales
	case refundsCode:
		return ledger.SumRefunds
	}
	return k.code.String()
}

type sum struct {
	amount token.Amount
	count  int64
}

func newStep(from journal.Head) *step { return &step{head: from, sums: map[sumKey]*sum{}} }

// entries adds those of a block, which ends at a head.
func (s *step) entries(entries []*journal.Entry, head journal.Head) {
	for _, e := range entries {
		s.entry(e)
	}
	s.head = head
}

func (s *step) add(key sumKey, amount token.Amount) {
	of := s.sums[key]
	if of == nil {
		of = &sum{}
		s.sums[key] = of
	}
	of.amount += amount
	of.count++
}

func (s *step) entry(e *journal.Entry) {
	for i := range e.Legs {
		account := &e.Legs[i].Account
		if account.Class.Kind == token.Test {
			continue
		}
		key := sumKey{code: account.Code, currency: account.Currency, class: account.Class.Kind}
		if account.Code == ledger.VendorPayable {
			key.owner = account.Owner
		}
		s.add(key, e.Legs[i].Amount)
	}
	switch {
	case (e.Kind == journal.Purchased || e.Kind == journal.Captured) && !e.Sale.Test:
		s.add(sumKey{salesCode, e.Vendor, e.Sale.Currency, token.Purchased}, e.Sale.Price)
	case e.Kind == journal.Refunded && !testLegs(e.Legs):
		s.add(sumKey{refundsCode, e.Vendor, e.Refund.Currency, token.Purchased}, e.Refund.Amount)
	case e.Kind == journal.Funded && !e.Fund.Test:
		s.deposits = append(s.deposits, e)
	}
}

// rows returns the sums of vendors, and those of all.
func (s *step) rows() map[sumKey]sum {
	rows := make(map[sumKey]sum, len(s.sums))
	for key, one := range s.sums {
		rows[key] = *one
	}
	for key, one := range s.sums {
		if !key.owner.IsZero() {
			key.owner = token.VendorID{}
			all := rows[key]
			rows[key] = sum{all.amount + one.amount, all.count + one.count}
		}
	}
	return rows
}

// testLegs reports whether legs move test tokens.
func testLegs(legs []ledger.Leg) bool {
	return len(legs) > 0 && legs[0].Account.Class.Kind == token.Test
}

// All returns the sums of all, ordered by currency and name.
func (s *Sums) All(ctx context.Context) ([]ledger.Sum, error) { return s.of(ctx, token.VendorID{}) }

// Of returns the sums of a vendor.
func (s *Sums) Of(ctx context.Context, vendor token.VendorID) ([]ledger.Sum, error) {
	return s.of(ctx, vendor)
}

// sumNames are all names, by which rows are found in the primary key.
const sumNames = `'cash', 'wallet', 'held', 'vendor_payable', 'payee_payable', 'fee', 'breakage', 'promotion', 'referral', 'chargeback', 'incentive_issued', 'sales', 'refunds'`

func (s *Sums) of(ctx context.Context, owner token.VendorID) ([]ledger.Sum, error) {
	rows, err := s.db.SQL().QueryContext(ctx, `SELECT name, owner, currency, class, amount, count FROM ledger_sums WHERE name IN (`+sumNames+`) AND owner = $1 ORDER BY currency, name, class LIMIT 5000`, owner.String())
	if err != nil {
		return nil, unavailable(err, "read the sums")
	}
	defer rows.Close()
	var all []ledger.Sum
	for rows.Next() {
		var one ledger.Sum
		var class string
		if err := rows.Scan(&one.Name, word{&one.Owner}, word{&one.Currency}, &class, &one.Amount, &one.Count); err != nil {
			return nil, unavailable(err, "read the sums")
		}
		if class == token.Incentive.String() {
			one.Class = token.Incentive
		}
		all = append(all, one)
	}
	return all, unavailable(rows.Err(), "read the sums")
}

// Deposit is an entry by which money came in.
type Deposit struct {
	Seq       uint64
	Account   token.AccountID
	At        int64
	Amount    token.Amount
	Currency  token.Currency
	Method    string
	Reference string
}

// Deposits returns the newest deposits of an account, as far as they are counted.
func (s *Sums) Deposits(ctx context.Context, account token.AccountID, limit int) ([]Deposit, error) {
	rows, err := s.db.SQL().QueryContext(ctx, `SELECT seq, account, at, amount, currency, method, reference FROM deposits WHERE account = $1 ORDER BY seq DESC LIMIT $2`, account.String(), limit)
	if err != nil {
		return nil, unavailable(err, "read the deposits")
	}
	defer rows.Close()
	var all []Deposit
	for rows.Next() {
		var d Deposit
		if err := rows.Scan(&d.Seq, word{&d.Account}, &d.At, &d.Amount, word{&d.Currency}, &d.Method, &d.Reference); err != nil {
			return nil, unavailable(err, "read the deposits")
		}
		all = append(all, d)
	}
	return all, unavailable(rows.Err(), "read the deposits")
}

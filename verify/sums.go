package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// sums checks what operators and readers are shown of the journal: what it comes to up to a
// head, and the deposits up to there. They are added up again as the entries go by.
type sums struct {
	head     journal.Head // up to which they stand; zero for none
	there    journal.Head // the journal's, with that number
	stored   map[sumKey]sum
	added    map[sumKey]sum
	deposits tally
	paidIn   tally
}

// sumKey is a row: an account of the chart, or "sales" or "refunds"; of one vendor, or of all.
type sumKey struct{ name, owner, currency, class string }

type sum struct{ amount, count int64 }

// readSums reads them as of one moment, which the journal that is read later has passed.
func readSums(ctx context.Context, db store.Database) (*sums, error) {
	s := &sums{stored: map[sumKey]sum{}, added: map[sumKey]sum{}}
	err := db.Read(ctx, func(tx *sql.Tx) error {
		var hash []byte
		err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM ledger_sums_head WHERE one = 1`).Scan(&s.head.Seq, &hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		copy(s.head.Hash[:], hash)
		if err := s.readRows(ctx, tx); err != nil {
			return err
		}
		return s.readDeposits(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("read the sums: %w", err)
	}
	return s, nil
}

func (s *sums) readRows(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT name, owner, currency, class, amount, count FROM ledger_sums`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key sumKey
		var one sum
		if err := rows.Scan(&key.name, &key.owner, &key.currency, &key.class, &one.amount, &one.count); err != nil {
			return err
		}
		s.stored[key] = one
	}
	return rows.Err()
}

func (s *sums) readDeposits(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq, account, at, amount, currency, method, reference FROM deposits`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var seq, at, amount int64
		var account, currency, method, reference string
		if err := rows.Scan(&seq, &account, &at, &amount, &currency, &method, &reference); err != nil {
			return err
		}
		countDeposit(&s.deposits, seq, account, at, amount, currency, method, reference)
	}
	return rows.Err()
}

// countDeposit adds a deposit to a tally.
func countDeposit(t *tally, columns ...any) {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%#v", columns) // a hash does not fail
	t.count++
	t.sum += hash.Sum64()
}

// entries adds up those of a block.
func (s *sums) entries(b *journal.Block, entries []*journal.Entry) {
	if b.Last() == s.head.Seq {
		s.there = b.Head()
	}
	for _, e := range entries {
		if e.Seq <= s.head.Seq {
			s.entry(e)
		}
	}
}

func (s *sums) entry(e *journal.Entry) {
	test := false
	for _, leg := range e.Legs {
		if leg.Account.Class.Kind == token.Test {
			test = true
			continue
		}
		owner := token.VendorID{}
		if leg.Account.Code == ledger.VendorPayable {
			owner = leg.Account.Owner
		}
		s.add(leg.Account.Code.String(), owner, leg.Account.Currency, leg.Account.Class.Kind, leg.Amount)
	}
	switch e.Kind {
	case journal.Purchased, journal.Captured:
		if !e.Sale.Test {
			s.add("sales", e.Vendor, e.Sale.Currency, token.Purchased, e.Sale.Price)
		}
	case journal.Refunded:
		if !test {
			s.add("refunds", e.Vendor, e.Refund.Currency, token.Purchased, e.Refund.Amount)
		}
	case journal.Funded:
		if !e.Fund.Test {
			countDeposit(&s.paidIn, int64(e.Seq), e.Account.String(), e.At, int64(e.Fund.Amount), e.Fund.Currency.String(), e.Fund.Method, e.Fund.Reference)
		}
	default:
	}
}

// add adds to the row of all, and to that of a vendor where there is one.
func (s *sums) add(name string, vendor token.VendorID, currency token.Currency, class token.ClassKind, amount token.Amount) {
	key := sumKey{name, token.VendorID{}.String(), currency.String(), class.String()}
	for {
		was := s.added[key]
		s.added[key] = sum{was.amount + int64(amount), was.count + 1}
		if key.owner == vendor.String() {
			return
		}
		key.owner = vendor.String()
	}
}

func (s *sums) check(report *audit.Report) {
	report.Checked(audit.LedgerSums, len(s.stored)+int(s.deposits.count))
	if s.there.Seq != s.head.Seq || s.there.Hash != s.head.Hash {
		report.Fault(audit.LedgerSums, "they stand for the journal up to %s, which it does not hold", s.head)
		return
	}
	for key, added := range s.added {
		if stored := s.stored[key]; stored != added {
			report.Fault(audit.LedgerSums, "%s of %q in %s (%s): %d of %d are stored, and the journal comes to %d of %d",
				key.name, key.owner, key.currency, key.class, stored.amount, stored.count, added.amount, added.count)
		}
	}
	for key := range s.stored {
		if _, ok := s.added[key]; !ok {
			report.Fault(audit.LedgerSums, "%s of %q in %s (%s) is stored, and the journal has none", key.name, key.owner, key.currency, key.class)
		}
	}
	if s.deposits != s.paidIn {
		report.Fault(audit.LedgerSums, "%d deposits are listed, and the journal has %d, or others", s.deposits.count, s.paidIn.count)
	}
}

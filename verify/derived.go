package verify

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// derived checks what was derived from the journal. Snapshots go to the auditor. Of
// the index it keeps, for each stretch of entries, how many (term, entry) pairs there
// are and a sum over all of them that knows no order: the journal must give the same.
// So every term of every entry is checked, in no memory to speak of.
type derived struct {
	flushed uint64
	stored  []tally
	folded  []tally
	terms   []journal.Term
	pairs   int
	damage  []string

	run   store.StoredRun // that is being read
	chunk int             // the number of the chunk
}

// tally stands for a set of pairs.
type tally struct{ count, sum uint64 }

// stretch is how many entries share a tally.
const stretch = 1024

func count(tallies *[]tally, term journal.Term, seq uint64) {
	n := int(seq / stretch)
	for len(*tallies) <= n {
		*tallies = append(*tallies, tally{})
	}
	mixed := (uint64(term) ^ seq*0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9
	mixed ^= mixed >> 29
	mixed *= 0x94D049BB133111EB
	t := &(*tallies)[n]
	t.count++
	t.sum += mixed ^ mixed>>32
}

// maxSeq bounds the entry numbers that a run may name, so that a damaged one cannot
// make a tally for each of 2^64.
const maxSeq = 1 << 36

// readDerived reads runs from the oldest to the newest, all as of one moment.
func readDerived(ctx context.Context, db store.Database, auditor *audit.Auditor) (*derived, error) {
	d := &derived{}
	err := db.Read(ctx, func(tx *sql.Tx) error { return d.read(ctx, tx, auditor) })
	return d, err
}

func (d *derived) read(ctx context.Context, tx *sql.Tx, auditor *audit.Auditor) error {
	runs, faults, err := store.StoredRuns(ctx, tx)
	if err != nil {
		return err
	}
	d.damage = append(d.damage, faults...)
	for _, run := range runs {
		if run.Index() {
			d.flushed = max(d.flushed, run.Last())
		}
	}
	auditor.SnapshotsTo(d.flushed)
	newest := map[token.AccountID]audit.Snapshot{}
	for _, run := range runs {
		d.run = run
		fault, err := run.Records(ctx, tx, func(chunk int, body []byte) {
			if d.chunk = chunk; run.Index() {
				d.indexChunk(body)
			} else {
				d.snapshotChunk(bytes.Clone(body), newest)
			}
		})
		if err != nil {
			return err
		}
		if fault != "" {
			d.damage = append(d.damage, fault)
		}
	}
	for _, snapshot := range newest {
		auditor.Snapshot(snapshot)
	}
	return nil
}

// reachable checks that the run's filter and fences lead to a record.
func (d *derived) reachable(key store.Key16) {
	if !d.run.Leads(key, d.chunk) && len(d.damage) < maxDamage {
		d.damage = append(d.damage, fmt.Sprintf("record %x is in chunk %d of a run, and nothing leads there", key, d.chunk))
	}
}

// maxDamage bounds how many records are named.
const maxDamage = 100

func (d *derived) indexChunk(body []byte) {
	if len(body)%16 != 0 {
		d.damage = append(d.damage, "a chunk of the index is no whole number of records")
	}
	for ; len(body) >= 16; body = body[16:] {
		term, seq := journal.Term(binary.BigEndian.Uint64(body)), binary.BigEndian.Uint64(body[8:])
		if seq == 0 || seq > maxSeq {
			d.damage = append(d.damage, fmt.Sprintf("the index names entry %d", seq))
			continue
		}
		count(&d.stored, term, seq)
		d.reachable(store.Key16(body[:16]))
	}
}

// snapshotChunk reads records of an account's id, a length, and the encoded account.
func (d *derived) snapshotChunk(body []byte, newest map[token.AccountID]audit.Snapshot) {
	for len(body) > 16 {
		id := token.AccountID(body[:16])
		size, n := binary.Uvarint(body[16:])
		if n <= 0 || size > uint64(len(body)-16-n) {
			d.damage = append(d.damage, "a chunk of snapshots is damaged")
			return
		}
		encoded := body[16+n : 16+n+int(size)]
		body = body[16+n+int(size):]
		var a core.Account
		if err := journal.Unmarshal(encoded, &a); err != nil || a.ID != id {
			d.damage = append(d.damage, fmt.Sprintf("the snapshot of account %s cannot be read", id))
			continue
		}
		newest[id] = Snapshot(&a)
		d.reachable(store.Key16(id))
	}
}

// Snapshot is an account as it is stored, for the auditor.
func Snapshot(a *core.Account) audit.Snapshot {
	s := audit.Snapshot{Account: a.ID, Seq: a.Seq, Limits: a.Limits, Allowances: a.Allowances, Approvals: a.Approvals, Standing: a.Standing}
	for _, d := range a.Debts {
		s.Debts = append(s.Debts, audit.StoredDebt{Currency: d.Currency, Owed: d.Owed, Max: d.Max, Bounded: d.Bounded})
	}
	if a.Desk != nil {
		s.Desk = &audit.StoredDesk{Policies: a.Desk.Policies}
		for _, r := range a.Desk.Requests {
			s.Desk.Requests = append(s.Desk.Requests, audit.StoredRequest(r))
		}
	}
	for _, b := range a.Balances {
		s.Owed = append(s.Owed, ledger.Leg{Account: ledger.Account{Code: b.Code, Currency: b.Currency, Class: b.Class}, Amount: b.Amount})
	}
	for _, t := range a.Sales {
		s.Sales = append(s.Sales, audit.Turnover{Currency: t.Currency, Sold: t.Sold, Sales: t.Sales, Refunded: t.Refunded, Refunds: t.Refunds})
	}
	for _, w := range a.Wallets {
		balance := audit.Balance{Currency: w.Currency, Class: w.Class, Balance: w.Balance, Held: w.Held, Credit: w.Credit}
		if w.Class.Kind == token.Incentive {
			balance.Terms = &journal.Grant{Campaign: w.Class.Campaign, Currency: w.Currency, Issuer: w.Issuer, Vendors: w.Vendors, Listed: w.Listed, Expiry: w.Expiry}
		}
		s.Wallets = append(s.Wallets, balance)
	}
	return s
}

// entries counts what the index must say of entries that it stands for.
func (d *derived) entries(entries []*journal.Entry) {
	for _, e := range entries {
		if e.Seq > d.flushed {
			return
		}
		d.terms = audit.Terms(d.terms[:0], e)
		d.pairs += len(d.terms)
		for _, term := range d.terms {
			count(&d.folded, term, e.Seq)
		}
	}
}

func (d *derived) check(report *audit.Report) {
	report.Checked(audit.EntriesAreFindable, d.pairs)
	for _, damage := range d.damage {
		report.Fault(audit.EntriesAreFindable, "%s", damage)
	}
	at := func(tallies []tally, n int) tally {
		if n < len(tallies) {
			return tallies[n]
		}
		return tally{}
	}
	for n := range max(len(d.stored), len(d.folded)) {
		if stored, folded := at(d.stored, n), at(d.folded, n); stored != folded {
			report.Fault(audit.EntriesAreFindable, "the index has %d terms of the entries %d to %d, which have %d, or has others",
				stored.count, n*stretch, n*stretch+stretch-1, folded.count)
		}
	}
}

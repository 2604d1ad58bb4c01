package projection

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/export"
)

// batch is what is written in one transaction.
type batch struct {
	entries  int
	rows     rows
	postings rows
	orders   map[string]*export.Order
	balances map[balanceKey]*balance
	cells    []export.Cell
}

// add adds a block, which must be what was appended after head.
func (b *batch) add(block *journal.Block, head journal.Head) error {
	if block.First != head.Seq+1 || block.Prev != head.Hash || block.Sum() != block.Hash {
		return fmt.Errorf("the block of entry %d is not what was appended; farthing verify names what is wrong", block.First)
	}
	entries, err := block.Entries()
	if err != nil {
		return fmt.Errorf("read the block of entry %d: %w", block.First, err)
	}
	for _, e := range entries {
		if !e.Complete() {
			return fmt.Errorf("entry %d lacks what a %s tells; farthing verify names what is wrong", e.Seq, e.Kind)
		}
		b.entry(e)
	}
	return nil
}

func (b *batch) entry(e *journal.Entry) {
	b.entries++
	b.cells = export.EntryRow(b.cells[:0], e)
	b.rows.add(b.cells)
	for i := range e.Legs {
		b.cells = export.PostingRow(b.cells[:0], e, i)
		b.postings.add(b.cells)
		b.post(e.Seq)
	}
	if !export.Concerns(e) {
		return
	}
	told := export.OrderOf(e)
	if b.orders == nil {
		b.orders = map[string]*export.Order{}
	}
	if o := b.orders[e.Order.String()]; o != nil {
		o.Fold(told)
		return
	}
	b.orders[e.Order.String()] = told
}

// balanceKey is one account of the ledger, in the words of the table.
type balanceKey struct{ account, owner, currency, class, campaign string }

// balance is by how much one changes.
type balance struct {
	amount, postings int64
	last             uint64
}

// post adds the posting at hand to its balance.
func (b *batch) post(seq uint64) {
	c := func(name string) *export.Cell { return &b.cells[postingPlaces[name]] }
	key := balanceKey{c("account").S, c("owner_id").S, c("currency").S, c("class").S, c("campaign_id").S}
	if b.balances == nil {
		b.balances = map[balanceKey]*balance{}
	}
	sum := b.balances[key]
	if sum == nil {
		sum = &balance{}
		b.balances[key] = sum
	}
	sum.amount += c("amount").N
	sum.postings++
	sum.last = seq
}

// write writes all of it.
func (b *batch) write(ctx context.Context, tx *sql.Tx, d dialect) error {
	if err := b.rows.insert(ctx, tx, d, export.Entries, ""); err != nil {
		return err
	}
	if err := b.postings.insert(ctx, tx, d, export.Postings, ""); err != nil {
		return err
	}
	if err := b.writeBalances(ctx, tx); err != nil {
		return err
	}
	return b.writeOrders(ctx, tx, d)
}

const sqlBalance = `INSERT INTO balances (account, owner_id, currency, class, campaign_id, amount, postings, last_entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT (account, COALESCE(owner_id, ''), currency, class, COALESCE(campaign_id, ''))
	DO UPDATE SET amount = balances.amount + excluded.amount, postings = balances.postings + excluded.postings, last_entry = excluded.last_entry`

func (b *batch) writeBalances(ctx context.Context, tx *sql.Tx) error {
	statement, err := tx.PrepareContext(ctx, sqlBalance)
	if err != nil {
		return err
	}
	defer statement.Close()
	orNull := func(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
	for key, sum := range b.balances {
		if _, err := statement.ExecContext(ctx, key.account, orNull(key.owner), key.currency, key.class, orNull(key.campaign), sum.amount, sum.postings, int64(sum.last)); err != nil {
			return fmt.Errorf("write a balance: %w", err)
		}
	}
	return nil
}

// ordersPerRead is how many orders are read at once.
const ordersPerRead = 500

// writeOrders folds what happened into the orders that are there.
func (b *batch) writeOrders(ctx context.Context, tx *sql.Tx, d dialect) error {
	ids := slices.Sorted(maps.Keys(b.orders))
	for some := range slices.Chunk(ids, ordersPerRead) {
		if err := b.foldInto(ctx, tx, d, some); err != nil {
			return err
		}
	}
	var all rows
	for _, id := range ids {
		b.cells = b.orders[id].Row(b.cells[:0])
		all.add(b.cells)
	}
	var replace strings.Builder
	replace.WriteString(" ON CONFLICT (order_id) DO UPDATE SET ")
	for i, c := range export.Columns(export.Orders)[1:] {
		if i > 0 {
			replace.WriteString(", ")
		}
		fmt.Fprintf(&replace, "%s = excluded.%s", c.Name, c.Name)
	}
	return all.insert(ctx, tx, d, export.Orders, replace.String())
}

// foldInto reads the orders with these ids, and folds what is new into them.
func (b *batch) foldInto(ctx context.Context, tx *sql.Tx, d dialect, ids []string) error {
	values := make([]any, len(ids))
	marks := make([]string, len(ids))
	for i, id := range ids {
		values[i], marks[i] = id, fmt.Sprintf("$%d", i+1)
	}
	columns := export.Columns(export.Orders)
	found, err := tx.QueryContext(ctx, `SELECT `+names(columns)+` FROM orders WHERE order_id IN (`+strings.Join(marks, ", ")+`)`, values...)
	if err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	defer found.Close()
	cells := make([]export.Cell, len(columns))
	into := make([]any, len(columns))
	for i, c := range columns {
		into[i] = &scanner{form: c.Form, cell: &cells[i]}
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		before, err := export.OrderFrom(cells)
		if err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		id := before.ID.String()
		before.Fold(b.orders[id])
		b.orders[id] = before
	}
	return found.Err()
}

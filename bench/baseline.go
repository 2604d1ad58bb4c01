package bench

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Baseline is the usual way to sell: one database transaction per purchase, in which
// the reader's balance is locked. It leaves the balances of vendors, payees and the
// provider to a later sum; updating those hot rows as well would be slower still.
type Baseline struct {
	w    *Workload
	ids  *token.Maker
	pool *pgxpool.Pool
}

// baselineConnections is how many connections the pool has; more are not faster on
// two cores.
const baselineConnections = 32

const baselineTables = `
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
CREATE TABLE baseline.balance (account bytea PRIMARY KEY, amount bigint NOT NULL);
CREATE TABLE baseline.counter (account bytea, vendor bytea, spent bigint NOT NULL, most bigint NOT NULL, PRIMARY KEY (account, vendor));
CREATE TABLE baseline.purchase (id bytea PRIMARY KEY, account bytea NOT NULL, vendor bytea NOT NULL, offer bytea NOT NULL,
	price bigint NOT NULL, net bigint NOT NULL, fee bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON baseline.purchase (account, id);
CREATE INDEX ON baseline.purchase (vendor, id);
CREATE TABLE baseline.leg (purchase bytea NOT NULL, number smallint NOT NULL, owner bytea NOT NULL, code smallint NOT NULL,
	currency text NOT NULL, amount bigint NOT NULL, PRIMARY KEY (purchase, number));
CREATE TABLE baseline.entitlement (account bytea NOT NULL, item bytea NOT NULL, purchase bytea NOT NULL, PRIMARY KEY (account, item, purchase));
CREATE TABLE baseline.idempotency (vendor bytea NOT NULL, key bytea NOT NULL, digest bytea NOT NULL, purchase bytea NOT NULL, PRIMARY KEY (vendor, key));
CREATE TABLE baseline.event (seq bigserial PRIMARY KEY, purchase bytea NOT NULL, kind text NOT NULL);
`

// NewBaseline makes the tables of the baseline in a database, with a balance for
// every buyer and a counter for every allowance.
func NewBaseline(ctx context.Context, w *Workload, ids *token.Maker, database string) (*Baseline, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	config.MaxConns = baselineConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	b := &Baseline{w: w, ids: ids, pool: pool}
	if err := b.fill(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("baseline: %w", err)
	}
	return b, nil
}

func (b *Baseline) fill(ctx context.Context) error {
	if _, err := b.pool.Exec(ctx, baselineTables); err != nil {
		return err
	}
	balances := pgx.CopyFromSlice(b.w.buyers(), func(reader int) ([]any, error) {
		account := b.w.Account(reader)
		return []any{account[:], int64(1_000_000 * token.PerUnit)}, nil
	})
	if _, err := b.pool.CopyFrom(ctx, pgx.Identifier{"baseline", "balance"}, []string{"account", "amount"}, balances); err != nil {
		return err
	}
	var counters [][]any
	for reader := range b.w.buyers() {
		account := b.w.Account(reader)
		for _, vendor := range b.w.Favourites(reader) {
			id := b.w.Vendor(vendor)
			counters = append(counters, []any{account[:], id[:], int64(0), int64(token.MaxAmount)})
		}
	}
	_, err := b.pool.CopyFrom(ctx, pgx.Identifier{"baseline", "counter"}, []string{"account", "vendor", "spent", "most"}, pgx.CopyFromRows(counters))
	if err != nil {
		return err
	}
	_, err = b.pool.Exec(ctx, "ANALYZE")
	return err
}

// Handler returns the handler that sells this way. readers says who is behind a
// pseudonym.
func (b *Baseline) Handler(readers map[token.ReaderID]int) http.Handler {
	return newComparison(b.w, func(r *http.Request, vendor int, in request, division royalty.Division) (token.OrderID, error) {
		reader, known := readers[in.Reader]
		if !known {
			return token.OrderID{}, errors.New("there is no such reader")
		}
		return b.buy(r.Context(), b.w.Account(reader), b.w.Vendor(vendor), in.Offer, r.Header.Get("Idempotency-Key"), division)
	})
}

func (b *Baseline) buy(ctx context.Context, account token.AccountID, vendor token.VendorID, offer token.OfferID, key string, d royalty.Division) (token.OrderID, error) {
	id := token.NewID[token.OrderKind](b.ids)
	price := int64(d.Net + d.Fee)
	for _, line := range d.Lines {
		price += int64(line.Amount)
	}
	hash := sha256.Sum256([]byte(key))
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		made, err := tx.Exec(ctx, `INSERT INTO baseline.idempotency VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, vendor[:], hash[:16], hash[16:24], id[:])
		if err != nil || made.RowsAffected() == 0 {
			return errors.Join(err, errIf(made.RowsAffected() == 0, "the key was used before"))
		}
		var balance, spent, most int64
		if err := tx.QueryRow(ctx, `SELECT amount FROM baseline.balance WHERE account = $1 FOR UPDATE`, account[:]).Scan(&balance); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `UPDATE baseline.counter SET spent = spent + $1 WHERE account = $2 AND vendor = $3 RETURNING spent, most`,
			price, account[:], vendor[:]).Scan(&spent, &most)
		if err := errors.Join(err, errIf(balance < price || spent > most, "not enough")); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE baseline.balance SET amount = amount - $1 WHERE account = $2`, price, account[:]); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO baseline.purchase (id, account, vendor, offer, price, net, fee) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id[:], account[:], vendor[:], offer[:], price, int64(d.Net), int64(d.Fee))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO baseline.leg VALUES ($1, 1, $2, 10, 'USD', $3), ($1, 2, $4, 12, 'USD', $5), ($1, 3, '', 20, 'USD', $6),
			($1, 4, $7, 13, 'USD', $8), ($1, 5, $9, 13, 'USD', $10)`,
			id[:], account[:], -price, vendor[:], int64(d.Net), int64(d.Fee),
			d.Lines[0].Payee[:], int64(d.Lines[0].Amount), d.Lines[1].Payee[:], int64(d.Lines[1].Amount))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO baseline.entitlement VALUES ($1, $2, $3)`, account[:], offer[:], id[:]); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO baseline.event (purchase, kind) VALUES ($1, 'order.paid')`, id[:])
		return err
	})
	return id, err
}

// Close ends the baseline's connections.
func (b *Baseline) Close() { b.pool.Close() }

func errIf(is bool, text string) error {
	if is {
		return errors.New(text)
	}
	return nil
}

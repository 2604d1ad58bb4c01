package storetest

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// RunDeadReceiver has 100,000 messages wait for a receiver that does not answer: what waits for
// another is delivered in the same few rounds as without them, and the database reads them
// by index, so that nobody looks through them. Rounds, attempts and plans are counted, not time.
func RunDeadReceiver(t *testing.T, tables store.Tables, dialect string) {
	ctx := t.Context()
	s := newShelf(tables)
	clock := &provider.Clock{}
	now := clock.Now().UnixMilli()
	const dead, many = "dead.example", 100_000
	first := delivery.Message{ID: token.NewID[token.DeliveryKind](s.ids), Kind: delivery.Mail, Receiver: dead, Payload: []byte("sealed"), CreatedAt: 5, Due: now - many, Expires: now + 1e10}
	must(t, s.Enqueue(ctx, first))
	must(t, tables.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (id, kind, receiver, payload, created_at, due, expires, attempts, claim, dead_at, why)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
			SELECT 'dlv_000000000000000000' || CAST(i + 1000000 AS TEXT) || '0', d.kind, d.receiver, d.payload, 5, d.due + i, d.expires, 0, 0, 0, ''
			FROM n CROSS JOIN deliveries d WHERE d.id = $1`, first.ID.String())
		if err != nil {
			return err
		}
		// Receivers that are not due, as many as make an index worth it.
		_, err = tx.ExecContext(ctx, `INSERT INTO delivery_receivers (kind, receiver, next_at, blocked_until, failures, claim)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
			SELECT d.kind, CAST(i AS TEXT) || '.example', d.expires, 0, 0, 0 FROM n CROSS JOIN deliveries d WHERE d.id = $1`, first.ID.String())
		return err
	}))
	_, err := tables.SQL().ExecContext(ctx, `ANALYZE`)
	must(t, err)
	counts, err := s.CountDeliveries(ctx)
	must(t, err)
	same(t, counts[delivery.Mail].Waiting, nil, int64(many))
	for query, args := range store.DeliveryReads() {
		checkPlan(t, tables.SQL(), dialect, query, args)
	}

	rounds := &countedRounds{Store: s.Catalog}
	queue := delivery.New(delivery.Options{Store: rounds, Clock: clock, Log: slog.New(slog.DiscardHandler), Random: rand.NewPCG(1, 2)})
	var tried, delivered int
	queue.Add(delivery.Sender{
		Kind: delivery.Mail, Receivers: 8, Each: 1, Attempts: 10, Patience: time.Second, Backoff: delivery.Backoff{First: time.Second, Most: time.Minute},
		Send: func(_ context.Context, m delivery.Message) error {
			if m.Receiver == dead {
				tried++
				return errors.New("no answer")
			}
			delivered++
			return nil
		},
	})
	for n := range 20 {
		living := s.letter("living.example", clock.Now().UnixMilli())
		living.Expires = clock.Now().UnixMilli() + 1e6
		must(t, s.Enqueue(ctx, living))
		rounds.n = 0
		queue.Deliver(ctx)
		if delivered != n+1 || rounds.n > 2 {
			t.Fatalf("message %d: %d were delivered, in %d rounds", n+1, delivered, rounds.n)
		}
	}
	same(t, tried, nil, 1) // once, and then left alone
	for range 3 {
		clock.Move(2 * time.Minute)
		queue.Deliver(ctx)
	}
	same(t, tried, nil, 4) // once more each time
}

// countedRounds counts the rounds.
type countedRounds struct {
	delivery.Store
	n int
}

// ClaimDeliveries is a round.
func (c *countedRounds) ClaimDeliveries(ctx context.Context, ask delivery.Ask) ([]delivery.Batch, error) {
	c.n++
	return c.Store.ClaimDeliveries(ctx, ask)
}

// checkPlan has the database say how it finds the rows of a query: by an index, in its
// sequence.
func checkPlan(t *testing.T, db *sql.DB, dialect, query string, args []any) {
	t.Helper()
	explain, never := `EXPLAIN QUERY PLAN `, []string{"SCAN", "TEMP B-TREE"}
	if dialect == "postgres" {
		explain, never = `EXPLAIN (COSTS OFF) `, []string{"Seq Scan", "Sort"}
	}
	rows, err := db.QueryContext(t.Context(), explain+query, args...)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var plan []string
	for rows.Next() {
		var line string
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		into[len(into)-1] = &line
		must(t, rows.Scan(into...))
		plan = append(plan, line)
	}
	must(t, rows.Err())
	text := strings.Join(plan, "\n")
	for _, word := range never {
		if strings.Contains(text, word) {
			t.Errorf("%s\nis answered by\n%s", query, text)
		}
	}
	if len(plan) == 0 {
		t.Errorf("%s has no plan", query)
	}
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"math/rand/v2"
	"slices"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

var _ delivery.Store = (*Catalog)(nil)

// Enqueue adds messages.
func (c *Catalog) Enqueue(ctx context.Context, messages ...delivery.Message) error {
	return c.write(ctx, func(tx *sql.Tx) error { return enqueue(ctx, tx, messages) })
}

// enqueue adds messages in the transaction of what causes them.
func enqueue(ctx context.Context, tx *sql.Tx, messages []delivery.Message) error {
	type turn struct {
		kind     delivery.Kind
		receiver string
	}
	turns := map[turn]int64{}
	for _, m := range messages {
		added, err := changes(tx.ExecContext(ctx, `INSERT INTO deliveries (id, kind, receiver, payload, created_at, due, expires, attempts, claim, dead_at, why)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, '') ON CONFLICT DO NOTHING`,
			m.ID.String(), string(m.Kind), m.Receiver, filled(m.Payload), m.CreatedAt, m.Due, m.Expires))
		if err != nil {
			return err
		}
		of := turn{m.Kind, m.Receiver}
		if due, known := turns[of]; added && (!known || m.Due < due) {
			turns[of] = m.Due
		}
	}
	receivers := make([]turn, 0, len(turns))
	for of := range turns {
		receivers = append(receivers, of)
	}
	slices.SortFunc(receivers, func(x, y turn) int { // as ClaimDeliveries does, so that neither waits for the other in a circle
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.receiver, y.receiver))
	})
	for _, of := range receivers {
		if err := takeTurn(ctx, tx, of.kind, of.receiver, turns[of]); err != nil {
			return err
		}
	}
	return nil
}

// takeTurn has a receiver be served at a time, or earlier where it is to be anyway; but not
// before it may be.
func takeTurn(ctx context.Context, tx *sql.Tx, kind delivery.Kind, receiver string, due int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO delivery_receivers (kind, receiver, next_at, blocked_until, failures, claim) VALUES ($1, $2, $3, 0, 0, $4)
		ON CONFLICT (kind, receiver) DO UPDATE SET next_at = CASE
			WHEN excluded.next_at >= delivery_receivers.next_at THEN delivery_receivers.next_at
			WHEN excluded.next_at > delivery_receivers.blocked_until THEN excluded.next_at
			ELSE delivery_receivers.blocked_until END`, string(kind), receiver, due, rand.Int64N(1<<62))
	return err
}

// What rounds read by, each with an index that leads to the rows.
const (
	sqlDueReceivers  = `SELECT receiver, claim, failures FROM delivery_receivers WHERE kind = $1 AND next_at <= $2 ORDER BY next_at, receiver LIMIT $3`
	sqlDueDeliveries = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE kind = $1 AND receiver = $2 AND dead_at = 0 AND due <= $3 ORDER BY due, id LIMIT $4`
	sqlNextDelivery  = `SELECT due FROM deliveries WHERE kind = $1 AND receiver = $2 AND dead_at = 0 ORDER BY due LIMIT 1`
	sqlOver          = deadColumns + ` WHERE expires > 0 AND expires <= $1 ORDER BY expires LIMIT $2`
)

// DeliveryReads are the queries of the queue with arguments, for tests of how the database finds the rows.
func DeliveryReads() map[string][]any {
	return map[string][]any{
		sqlDueReceivers: {"mail", int64(10), 8}, sqlDueDeliveries: {"mail", "dead.example", int64(10), 4},
		sqlNextDelivery: {"mail", "dead.example"}, sqlOver: {int64(10), 200},
	}
}

// ClaimDeliveries takes due messages of receivers that are due.
func (c *Catalog) ClaimDeliveries(ctx context.Context, ask delivery.Ask) ([]delivery.Batch, error) {
	due, err := list(ctx, c, func(r row) (b delivery.Batch, err error) {
		b.Kind, b.Until = ask.Kind, ask.Until
		err = r.Scan(&b.Receiver, &b.Claim, &b.Failures)
		return b, err
	}, sqlDueReceivers, string(ask.Kind), ask.Now, ask.Receivers)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	slices.SortFunc(due, func(x, y delivery.Batch) int { return cmp.Compare(x.Receiver, y.Receiver) })
	var claimed []delivery.Batch
	err = c.write(ctx, func(tx *sql.Tx) error {
		claimed = nil
		for _, b := range due {
			mine, err := claimReceiver(ctx, tx, ask, &b)
			if err != nil {
				return err
			}
			if !mine { // another replica's by now
				continue
			}
			if b.Messages, err = claimMessages(ctx, tx, ask, b); err != nil {
				return err
			}
			if len(b.Messages) > 0 {
				claimed = append(claimed, b)
				continue
			}
			if err := settleReceiver(ctx, tx, b, ask.Now); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

func claimReceiver(ctx context.Context, tx *sql.Tx, ask delivery.Ask, b *delivery.Batch) (mine bool, err error) {
	mine, err = changes(tx.ExecContext(ctx, `UPDATE delivery_receivers SET claim = claim + 1, next_at = $1, blocked_until = $2
		WHERE kind = $3 AND receiver = $4 AND claim = $5 AND next_at <= $6`, ask.Until, ask.Until, string(b.Kind), b.Receiver, b.Claim, ask.Now))
	b.Claim++
	return mine, err
}

func claimMessages(ctx context.Context, tx *sql.Tx, ask delivery.Ask, b delivery.Batch) ([]delivery.Message, error) {
	most := ask.Each
	if b.Failures > 0 {
		most = 1
	}
	messages, err := rowsOf(ctx, tx, scanDelivery, sqlDueDeliveries, string(b.Kind), b.Receiver, ask.Now, most)
	if err != nil {
		return nil, err
	}
	mine := messages[:0]
	for _, m := range messages {
		m.Attempts++
		m.Claim++
		m.Due = ask.Until
		taken, err := changes(tx.ExecContext(ctx, `UPDATE deliveries SET attempts = $1, claim = $2, due = $3 WHERE id = $4 AND claim = $5 AND dead_at = 0`,
			m.Attempts, m.Claim, m.Due, m.ID.String(), m.Claim-1))
		if err != nil {
			return nil, err
		}
		if taken {
			mine = append(mine, m)
		}
	}
	return mine, nil
}

const deliveryColumns = `id, kind, receiver, payload, created_at, due, expires, attempts, claim`

func scanDelivery(r row) (m delivery.Message, err error) {
	return m, r.Scan(deliveryInto(&m)...)
}

func deliveryInto(m *delivery.Message) []any {
	return []any{word{&m.ID}, &m.Kind, &m.Receiver, &m.Payload, &m.CreatedAt, &m.Due, &m.Expires, &m.Attempts, &m.Claim}
}

// settleReceiver has a receiver be served when its next message is due, after all that are due by now
// already; or forgets it if there is none. The caller has its row locked.
func settleReceiver(ctx context.Context, tx *sql.Tx, b delivery.Batch, now int64) error {
	next, err := rowsOf(ctx, tx, func(r row) (due int64, err error) {
		err = r.Scan(&due)
		return due, err
	}, sqlNextDelivery, string(b.Kind), b.Receiver)
	if err != nil {
		return err
	}
	if len(next) == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM delivery_receivers WHERE kind = $1 AND receiver = $2 AND claim = $3`, string(b.Kind), b.Receiver, b.Claim)
		return err
	}
	due := max(next[0], now)
	_, err = tx.ExecContext(ctx, `UPDATE delivery_receivers SET next_at = CASE WHEN blocked_until > $1 THEN blocked_until ELSE $2 END
		WHERE kind = $3 AND receiver = $4 AND claim = $5`, due, due, string(b.Kind), b.Receiver, b.Claim)
	return err
}

// ReleaseReceiver ends the claim on a receiver.
func (c *Catalog) ReleaseReceiver(ctx context.Context, b delivery.Batch, s delivery.Standing) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		mine, err := changes(tx.ExecContext(ctx, `UPDATE delivery_receivers SET failures = $1, blocked_until = $2 WHERE kind = $3 AND receiver = $4 AND claim = $5`,
			s.Failures, s.Blocked, string(b.Kind), b.Receiver, b.Claim))
		if err != nil || !mine {
			return err
		}
		return settleReceiver(ctx, tx, b, s.Now)
	})
}

// mark changes a message that is claimed by the number it has.
func (c *Catalog) mark(ctx context.Context, query string, args ...any) (mine bool, err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		mine, err = changes(tx.ExecContext(ctx, query, args...))
		return err
	})
	return mine, err
}

// DeliveryDone forgets a message.
func (c *Catalog) DeliveryDone(ctx context.Context, m delivery.Message) (mine bool, err error) {
	return c.mark(ctx, `DELETE FROM deliveries WHERE id = $1 AND claim = $2`, m.ID.String(), m.Claim)
}

// PostponeDelivery has a message wait until a time.
func (c *Catalog) PostponeDelivery(ctx context.Context, m delivery.Message, due int64, why string) (mine bool, err error) {
	return c.mark(ctx, `UPDATE deliveries SET due = $1, why = $2 WHERE id = $3 AND claim = $4 AND dead_at = 0`, due, why, m.ID.String(), m.Claim)
}

// BuryDelivery makes a message a dead letter.
func (c *Catalog) BuryDelivery(ctx context.Context, m delivery.Message, at int64, why string, forGood bool) (mine bool, err error) {
	if forGood {
		return c.mark(ctx, `UPDATE deliveries SET dead_at = $1, why = $2, payload = $3, expires = 0 WHERE id = $4 AND claim = $5 AND dead_at = 0`,
			at, why, []byte{}, m.ID.String(), m.Claim)
	}
	return c.mark(ctx, `UPDATE deliveries SET dead_at = $1, why = $2 WHERE id = $3 AND claim = $4 AND dead_at = 0`, at, why, m.ID.String(), m.Claim)
}

// ExpireDeliveries buries what has expired, and erases what it says. One that is being
// delivered right now is deleted all the same if that succeeds: its claim stays.
func (c *Catalog) ExpireDeliveries(ctx context.Context, now int64, limit int) ([]delivery.Message, error) {
	over, err := list(ctx, c, scanDead, sqlOver, now, limit)
	if err != nil || len(over) == 0 {
		return nil, err
	}
	var lost []delivery.Message
	err = c.write(ctx, func(tx *sql.Tx) error {
		lost = nil
		for _, d := range over {
			ended, err := changes(tx.ExecContext(ctx, `UPDATE deliveries SET payload = $1, expires = 0, why = CASE WHEN dead_at = 0 THEN $2 ELSE why END,
				dead_at = CASE WHEN dead_at = 0 THEN CAST($3 AS BIGINT) ELSE dead_at END WHERE id = $4 AND expires = $5`,
				[]byte{}, delivery.Expired, now, d.ID.String(), d.Expires))
			if err != nil {
				return err
			}
			if ended && d.At == 0 {
				lost = append(lost, d.Message)
			}
		}
		return nil
	})
	return lost, err
}

// CountDeliveries counts messages by kind.
func (c *Catalog) CountDeliveries(ctx context.Context) (map[delivery.Kind]delivery.Count, error) {
	type line struct {
		kind delivery.Kind
		delivery.Count
	}
	scan := func(r row) (l line, err error) {
		err = r.Scan(&l.kind, &l.Waiting, &l.Oldest, &l.Dead)
		return l, err
	}
	counts := map[delivery.Kind]delivery.Count{}
	for _, query := range []string{
		`SELECT kind, COUNT(*), MIN(created_at), 0 FROM deliveries WHERE dead_at = 0 GROUP BY kind`,
		`SELECT kind, 0, 0, COUNT(*) FROM deliveries WHERE dead_at > 0 GROUP BY kind`,
	} {
		lines, err := list(ctx, c, scan, query)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			known := counts[l.kind]
			counts[l.kind] = delivery.Count{Waiting: known.Waiting + l.Waiting, Oldest: max(known.Oldest, l.Oldest), Dead: l.Dead}
		}
	}
	return counts, nil
}

const deadColumns = `SELECT ` + deliveryColumns + `, dead_at, why FROM deliveries`

func scanDead(r row) (d delivery.Dead, err error) {
	err = r.Scan(append(deliveryInto(&d.Message), &d.At, &d.Why)...)
	return d, err
}

// DeadDeliveries returns a page of dead letters, without what they said.
func (c *Catalog) DeadDeliveries(ctx context.Context, before token.DeliveryID, limit int) ([]delivery.Dead, error) {
	dead, err := list(ctx, c, scanDead, deadColumns+` WHERE dead_at > 0 AND ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`, before.String(), limit)
	for i := range dead {
		dead[i].Payload = nil
	}
	return dead, err
}

// DropDeadDeliveries deletes dead letters from before a time.
func (c *Catalog) DropDeadDeliveries(ctx context.Context, before int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM deliveries WHERE dead_at > 0 AND dead_at < $1`, before)
		return err
	})
}

// RetryDelivery has a dead letter be tried again.
func (c *Catalog) RetryDelivery(ctx context.Context, id token.DeliveryID, at int64, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		d, err := scanDead(tx.QueryRowContext(ctx, deadColumns+` WHERE id = $1 AND dead_at > 0`, id.String()))
		if err != nil {
			return absent(err, "not_found.delivery")
		}
		over := token.Refuse(token.Conflict, "stale.delivery")
		err = changeOne(ctx, tx, over, `UPDATE deliveries SET dead_at = 0, attempts = 0, claim = claim + 1, due = $1 WHERE id = $2 AND dead_at > 0 AND expires > $3`, at, id.String(), at)
		if err != nil {
			return err
		}
		if err := takeTurn(ctx, tx, d.Kind, d.Receiver, at); err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

// DropDelivery deletes a dead letter.
func (c *Catalog) DropDelivery(ctx context.Context, id token.DeliveryID, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.delivery"),
			`DELETE FROM deliveries WHERE id = $1 AND dead_at > 0`, id.String())
		if err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

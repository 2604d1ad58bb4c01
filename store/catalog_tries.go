package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"farthing.dev/farthing/domain/account"
)

var _ account.Tries = (*Catalog)(nil)

// errNoTries rolls a transaction back in which a bucket had no try left.
var errNoTries = errors.New("no tries left")

// ordered returns the places of buckets in the order in which they are written, so that two
// replicas do not wait for each other.
func ordered(buckets []account.Bucket) []int {
	places := make([]int, len(buckets))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(x, y int) int { return cmp.Compare(buckets[x].Number, buckets[y].Number) })
	return places
}

// TakeTries uses up one try of each bucket, or of none. Counts need not outlive the power, so
// nobody waits for the disk.
func (c *Catalog) TakeTries(ctx context.Context, now int64, buckets []account.Bucket) (refused int, retryAt int64, err error) {
	refused = -1
	err = c.tables.WriteBehind(ctx, func(tx *sql.Tx) error {
		refused, retryAt = -1, 0
		for _, place := range ordered(buckets) {
			b := buckets[place]
			latest := now + (b.Burst-1)*b.Pause // that a count may reach, for there to be one try more
			taken, err := tx.ExecContext(ctx, `INSERT INTO tries (bucket, free_at) VALUES ($1, $2) ON CONFLICT (bucket) DO UPDATE
				SET free_at = $3 + CASE WHEN tries.free_at > $4 THEN tries.free_at ELSE $5 END WHERE tries.free_at <= $6`,
				b.Number, now+b.Pause, b.Pause, now, now, latest)
			if err != nil {
				return err
			}
			if n, err := taken.RowsAffected(); err != nil || n == 1 {
				if err != nil {
					return err
				}
				continue
			}
			if refused >= 0 && refused < place {
				continue
			}
			var free int64
			if err := tx.QueryRowContext(ctx, `SELECT free_at FROM tries WHERE bucket = $1`, b.Number).Scan(&free); err != nil {
				return err
			}
			refused, retryAt = place, now+free-latest
		}
		if refused >= 0 {
			return errNoTries
		}
		return nil
	})
	if errors.Is(err, errNoTries) {
		return refused, retryAt, nil
	}
	return -1, 0, unavailable(err, "count tries")
}

// GiveTries gives one try of each bucket back.
func (c *Catalog) GiveTries(ctx context.Context, buckets []account.Bucket) error {
	err := c.tables.WriteBehind(ctx, func(tx *sql.Tx) error {
		for _, place := range ordered(buckets) {
			b := buckets[place]
			if _, err := tx.ExecContext(ctx, `UPDATE tries SET free_at = free_at - $1 WHERE bucket = $2`, b.Pause, b.Number); err != nil {
				return err
			}
		}
		return nil
	})
	return unavailable(err, "count tries")
}

// triesPerGo is how many buckets are forgotten in one transaction.
const triesPerGo = 5000

// DropTriesBefore forgets buckets whose tries were all earned back before a millisecond.
func (c *Catalog) DropTriesBefore(ctx context.Context, at int64) error {
	for range account.TryBuckets/triesPerGo + 1 {
		var dropped int64
		err := c.tables.WriteBehind(ctx, func(tx *sql.Tx) error {
			done, err := tx.ExecContext(ctx, `DELETE FROM tries WHERE bucket IN (SELECT bucket FROM tries WHERE free_at < $1 LIMIT $2) AND free_at < $3`, at, triesPerGo, at)
			if err == nil {
				dropped, err = done.RowsAffected()
			}
			return err
		})
		if err != nil || dropped < triesPerGo {
			return unavailable(err, "forget tries")
		}
	}
	return nil
}
